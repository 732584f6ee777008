import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { expand, locate, programName, ServerNotFound, type Places } from '../src/server/locate';
import { thisMachine } from '../src/server/machine';

// Real files, really run: three programs that say a version, and some that do not.
describe('the search for a server program', () => {
  let root: string;
  const at = (...parts: string[]) => path.join(root, ...parts);

  before(() => {
    root = mkdtempSync(path.join(tmpdir(), 'locate-'));
  });
  after(() => rmSync(root, { recursive: true }));

  function program(name: string, script: string): string {
    const file = at(name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  function places(some: Partial<Places> = {}): Places {
    return {
      setting: '',
      workspaceFolder: at('project'),
      home: root,
      searchPath: at('nothing-here'),
      bundled: at('no-such-bundle'),
      platform: 'linux',
      untrusted: [],
      ...some,
    };
  }

  async function refusal(wanted: Places): Promise<string> {
    try {
      await locate(wanted, thisMachine);
    } catch (error) {
      assert.ok(error instanceof ServerNotFound);
      return error.message;
    }
    return assert.fail('a server was found');
  }

  test('the setting wins over PATH and the bundled program', async () => {
    const chosen = program('chosen', 'echo nix-archiver 1.2.3');
    const other = program('nix-archiver', 'echo nix-archiver 0.0.1');
    const found = await locate(
      places({ setting: chosen, searchPath: root, bundled: other }),
      thisMachine,
    );
    assert.deepEqual(found, { command: chosen, origin: 'setting', version: '1.2.3' });
  });

  test('a setting that does not work is refused, not replaced', async () => {
    const good = program('nix-archiver', 'echo nix-archiver 0.0.1');
    const wanted = places({ setting: at('missing'), searchPath: root, bundled: good });
    assert.match(await refusal(wanted), /setting nix-archiver\.server\.path names .*missing/);
    assert.match(await refusal({ ...wanted, setting: 'nix-archiver' }), /not an absolute path\. Correct the setting/);
  });

  test('home and workspace folder are filled in', () => {
    const where = { home: '/h/ada', workspaceFolder: '/src/app' };
    assert.equal(expand('~/bin/x', where), '/h/ada/bin/x');
    assert.equal(expand('${workspaceFolder}/x', where), '/src/app/x');
    assert.equal(expand('/opt/~/x', where), '/opt/~/x');
  });

  test('PATH comes before the bundled program', async () => {
    const onPath = program('nix-archiver', 'echo nix-archiver 2.0.0');
    const bundled = program('bundled', 'echo nix-archiver 1.0.0');
    const found = await locate(places({ searchPath: `${at('x')}:${root}`, bundled }), thisMachine);
    assert.deepEqual(found, { command: onPath, origin: 'PATH', version: '2.0.0' });
  });

  test('a relative entry of PATH is passed over', async () => {
    const asked: string[] = [];
    const machine = {
      isProgram: async (file: string) => (asked.push(file), false),
      versionOf: async () => '1',
    };
    await assert.rejects(locate(places({ searchPath: '.::bin:/usr/bin' }), machine), ServerNotFound);
    assert.deepEqual(asked, ['/usr/bin/nix-archiver', at('no-such-bundle')]);
  });

  test('a broken program on PATH gives way to the bundled one', async () => {
    program('nix-archiver', 'echo "cannot find libc" >&2; exit 127');
    const bundled = program('bundled', 'echo nix-archiver 1.0.0');
    const found = await locate(places({ searchPath: root, bundled }), thisMachine);
    assert.equal(found.origin, 'bundled');
  });

  test('when nothing works, each attempt is named with its reason', async () => {
    program('nix-archiver', 'echo "cannot find libc" >&2; exit 127');
    const said = await refusal(places({ searchPath: root, bundled: program('other', 'echo hello') }));
    assert.match(said, /nix-archiver \(PATH\) does not work: it failed with "cannot find libc"/);
    assert.match(said, /other \(bundled\) does not work: asked for its version, it answered "hello"/);
  });

  test('no program anywhere', async () => {
    assert.equal(
      await refusal(places()),
      'There is no nix-archiver on PATH. This build of the extension carries no server program. ' +
        'Install nix-archiver, or name the program in the settings.',
    );
  });

  describe('in a folder that is not trusted', () => {
    const inFolder = 'project/nix-archiver';
    before(() => mkdirSync(at('project')));

    test('a program that the settings name is not started', async () => {
      const setting = program(inFolder, 'echo nix-archiver 6.6.6');
      assert.match(await refusal(places({ setting, untrusted: [at('project')] })), /in a folder that is not trusted/);
      assert.equal((await locate(places({ setting, untrusted: [] }), thisMachine)).version, '6.6.6');
    });

    test('nor through a link, or from PATH', async () => {
      program(inFolder, 'echo nix-archiver 6.6.6');
      symlinkSync(at('project'), at('way-in'));
      const bundled = program('bundled', 'echo nix-archiver 1.0.0');
      const setting = at('way-in/nix-archiver');
      assert.match(await refusal(places({ setting, untrusted: [at('project')] })), /not trusted/);
      const searchPath = [at('project'), at('way-in')].join(':');
      const found = await locate(places({ searchPath, bundled, untrusted: [at('project')] }), thisMachine);
      assert.equal(found.origin, 'bundled');
    });

    test('a folder whose name only begins alike is another one', async () => {
      mkdirSync(at('project-tools'));
      const setting = program('project-tools/nix-archiver', 'echo nix-archiver 1.1.1');
      assert.equal((await locate(places({ setting, untrusted: [at('project')] }), thisMachine)).version, '1.1.1');
    });
  });

  test('Windows has its own ending', () => assert.equal(programName('win32'), 'nix-archiver.exe'));
});
