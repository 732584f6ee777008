// What the window says where there is nothing to show, and what it does when things change under it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { INDEX } from '../lib/inputs.mjs';
import { Journey } from '../lib/journey.mjs';

const is = async (locator, options) => await locator.first().waitFor({ timeout: 30_000, ...options });

describe('an empty window', { timeout: 120_000 }, () => {
  const journey = new Journey({ at: null });

  test('the view offers to open a folder', async () => {
    await journey.window.pins();
    await is(journey.window.welcome.filter({ hasText: 'Pins are kept in a file packages.nix of a folder' }));
    await is(journey.window.welcome.getByText('Open Folder'));
    await journey.picture('empty-window');
  });

  test('the walkthrough has four steps, each with its picture', async () => {
    const { window, page } = journey;
    // In a narrow window VS Code leaves the pictures out. This comes before the walkthrough, since the
    // palette may press Escape, which leads from a walkthrough back to the list of them.
    await window.command('View: Close Primary Side Bar');
    await window.command('Welcome: Open Walkthrough...');
    await window.question.fill('Get Started with Nix-Archiver');
    await window.choices.filter({ hasText: 'Get Started with Nix-Archiver' }).first().click();
    const titles = ['Say what you need', 'Choose a version', 'See how the pins stand', 'Lock them'];
    const open = title => page.locator('.getting-started-step.expanded', { hasText: title });
    await is(open(titles[0]));
    assert.equal(await page.locator('.getting-started-step').count(), titles.length);
    let words = '';
    for (const title of titles) {
      // The step that is open already cannot be pressed.
      if (!(await open(title).isVisible())) await page.locator('.getting-started-step', { hasText: title }).click();
      await is(open(title));
      const shown = await page.waitForFunction(before => {
        const picture = document.querySelector('.getting-started-media img');
        return picture?.complete && picture.naturalWidth > 0 && picture.alt !== before && picture.alt;
      }, words);
      words = await shown.jsonValue();
      assert.ok(words.length > 20, `${title} has words for those who cannot see its picture`);
    }
    await journey.picture('walkthrough');
  });
});

describe('a folder without pins', { timeout: 180_000 }, () => {
  const journey = new Journey({ files: { 'README.md': '# A project\n' } });

  test('the view offers to make a file', async () => {
    await journey.window.pins();
    await is(journey.window.welcome.filter({ hasText: 'There is no packages.nix in this window' }));
    await journey.picture('no-file');
  });

  test('Create packages.nix makes one and puts the cursor in it', async () => {
    const { window } = journey;
    await window.welcome.getByText('Create packages.nix').click();
    await window.editing('packages.nix');
    assert.match(journey.read('packages.nix'), /^#.*\n\{\n {2}\n\}\n$/);
    await is(window.welcome.filter({ hasText: 'packages.nix pins nothing yet' }));
    await journey.picture('no-pins');
  });

  test('the first pin, typed: the view has it at once', async () => {
    const { window, page } = journey;
    await window.goTo(3, 3);
    await window.type('nodejs = "');
    await window.listed(['20.11.0', '20.10.0']);
    await page.keyboard.press('Enter');
    await is(window.rows.filter({ hasText: /nodejs.*20\.11\.0 · newest/ }));
  });

  test('the item of the status bar says how far the index goes', async () => {
    const { window, page } = journey;
    const today = new Date().toISOString().slice(0, 7);
    const braces = page.locator('.statusbar-item', { has: page.locator('[aria-label^="Editor Language Status"]') });
    await window.pressUntil('F6', page.locator('.monaco-workbench'), { tries: 1 });
    await braces.first().hover();
    await is(page.locator('.hover-language-status', { hasText: `nixpkgs up to ${today}` }));
    await journey.picture('language-status');
  });

  test('a setting of the folder is taken over while the editor is open', async () => {
    const { window, page } = journey;
    await is(page.locator('.codelens-decoration', { hasText: '1 pin' }));
    journey.set({ 'nix-archiver.codeLens.enable': false });
    await is(page.locator('.codelens-decoration'), { state: 'hidden' });
    journey.set({ 'nix-archiver.inlayHints.show': 'all' });
    await is(window.line(/20\.11\.0.*2024-01-15/));
    await is(page.locator('.codelens-decoration', { hasText: '1 pin' }));
  });

  for (const [theme, name, shown] of [
    ['Dark Modern', 'dark', 'vs-dark'],
    ['Default High Contrast', 'high-contrast', 'hc-black'],
    ['Light 2026', 'light', 'vs'],
  ]) {
    test(`the theme ${theme}`, async () => {
      const { page } = journey;
      journey.set({ 'workbench.colorTheme': theme });
      await is(page.locator(`.monaco-workbench.${shown}`));
      // A version has its own colour, which is not the one of the text around it. Colours come from
      // the server, a moment after the theme.
      await page.waitForFunction(() => {
        const spans = [...document.querySelectorAll('.editor-instance .view-line span span')];
        const colour = text => {
          const span = spans.find(span => span.textContent.includes(text));
          return span && getComputedStyle(span).color;
        };
        return colour('20.11.0') !== undefined && colour('20.11.0') !== colour('=');
      });
      await journey.picture(`theme-${name}`);
    });
  }

  test('an index that is not there: the file says so, the view too, and versions come back with it', async () => {
    const { window, page } = journey;
    const place = path.join(journey.dir, 'index-of-mine');
    fs.mkdirSync(place);
    fs.writeFileSync(path.join(place, 'meta.json'), 'no index');
    journey.set({ 'nix-archiver.index.path': place });
    await is(page.locator('.part.sidebar', { hasText: 'The version index cannot be used' }));
    await journey.picture('index-unusable');
    fs.rmSync(place, { recursive: true });
    fs.cpSync(INDEX, place, { recursive: true });
    await is(window.rows.filter({ hasText: /nodejs.*20\.11\.0 · newest/ }));
    await is(page.locator('.part.sidebar', { hasText: 'The version index cannot be used' }), { state: 'hidden' });
  });

  test('a server that is killed comes back, and the view with it', async () => {
    const { window } = journey;
    const servers = () => fs.readdirSync('/proc').filter(entry => /^\d+$/.test(entry)).filter(pid => {
      try {
        return fs.readlinkSync(`/proc/${pid}/exe`).startsWith(path.join(journey.dir, 'ext'));
      } catch {
        return false;
      }
    });
    const [before, ...others] = servers();
    assert.deepEqual(others, [], 'one server');
    process.kill(Number(before), 'SIGKILL');
    for (let tries = 0; tries < 200 && servers().every(pid => pid === before); tries++) await new Promise(r => setTimeout(r, 100));
    assert.ok(servers().some(pid => pid !== before), 'there is no new server');
    await is(window.rows.filter({ hasText: /nodejs.*20\.11\.0 · newest/ }));
  });

  test('a server that is not there: one message, and the view offers a way out', async () => {
    const { window, page } = journey;
    journey.set({ 'nix-archiver.server.path': '/nowhere/nix-archiver' });
    await is(window.message('Nix-Archiver cannot start'));
    await is(window.welcome.filter({ hasText: 'The language server does not run' }));
    await journey.picture('server-not-there');
    await window.command('Nix-Archiver: Search Package');
    await window.type('nodejs');
    await is(window.choices.filter({ hasText: 'The language server does not run' }));
    await page.keyboard.press('Escape');
    journey.set({});
    await is(window.rows.filter({ hasText: /nodejs/ }));
  });
});

describe('two folders in one window', { timeout: 120_000 }, () => {
  const journey = new Journey({
    files: {
      'a/packages.nix': '{\n  nodejs = "20.11.0";\n}\n',
      'b/packages.nix': '{\n  python3 = "3.6.4";\n}\n',
      'both.code-workspace': JSON.stringify({ folders: [{ path: 'a' }, { path: 'b' }] }),
    },
    at: 'ws/both.code-workspace',
  });

  test('the view has both files, each with its pins', async () => {
    const { window } = journey;
    await window.pins();
    for (const text of [/a\/packages\.nix.*1 pin/, /b\/packages\.nix.*1 pin/, /nodejs.*20\.11\.0/, /python3.*3\.6\.4/]) {
      await is(window.rows.filter({ hasText: text }));
    }
    await journey.picture('two-folders');
  });

  test('Update Lock File asks which of them, and locks that one alone', async () => {
    const { window } = journey;
    await window.list('Nix-Archiver: Update Lock File', 'Which File?');
    await window.take('b/packages.nix');
    await is(window.message(/Locked 1 pin on 1 revision/));
    assert.match(journey.read('b/packages.lock'), /"python3"/);
    assert.equal(journey.read('a/packages.lock'), undefined);
    await is(window.rows.filter({ hasText: /python3.*· locked/ }));
    await is(window.rows.filter({ hasText: /nodejs.*· no lock/ }));
  });
});
