// A folder that nobody vouches for: what it names in its settings is not started before it is trusted.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { Journey } from '../lib/journey.mjs';

const is = async (locator, options) => await locator.first().waitFor({ timeout: 30_000, ...options });

describe('a folder that is not trusted', { timeout: 180_000 }, () => {
  const journey = new Journey({
    files: { 'packages.nix': '{\n  nodejs = "18.13.0";\n}\n' },
    open: undefined,
    trust: true,
    settings: { 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' },
    // The folder brings a program of its own, which would leave a trace, and names it in its settings.
    prepare(journey) {
      const program = path.join(journey.dir, 'ws/tool/nix-archiver');
      journey.write('tool/nix-archiver', `#!/bin/sh\ntouch ${journey.dir}/started\necho nix-archiver 6.6.6\n`);
      fs.chmodSync(program, 0o755);
      journey.set({
        'nix-archiver.server.path': program,
        'nix-archiver.server.extraEnv': { NIX_ARCHIVER_INDEX: '/nowhere' },
        'nix-archiver.index.path': '/nowhere',
      });
    },
  });
  const started = () => fs.existsSync(path.join(journey.dir, 'started'));

  test('versions are listed all the same, by the program that the extension carries', async () => {
    const { window, page } = journey;
    await is(page.locator('.statusbar-item', { hasText: 'Restricted Mode' }));
    await window.pins();
    await is(window.rows.filter({ hasText: /nodejs.*18\.13\.0 → 20\.11\.0/ }));
    await journey.picture('not-trusted');
    assert.ok(!started(), 'the program of the folder has been started');
  });

  test('Show Status says that the folder is not trusted', async () => {
    const { window } = journey;
    await window.command('Nix-Archiver: Show Status');
    await is(window.line('(bundled)'));
    await is(window.line('Trusted: no'));
  });

  test('once it is trusted, what it names is started', async () => {
    const { window, page } = journey;
    assert.ok(!started());
    await window.command('Workspaces: Manage Workspace Trust');
    await page.locator('.workspace-trust-editor').getByText('Trust', { exact: true }).first().click();
    for (let tries = 0; tries < 200 && !started(); tries++) await new Promise(r => setTimeout(r, 100));
    assert.ok(started(), 'the program of the folder is not started though it is trusted now');
  });
});
