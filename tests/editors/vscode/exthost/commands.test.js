'use strict';
// The commands of the palette, each once: what it leaves behind.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const { extension, folder, noProblems, open, problems, settings, until } = require('./helpers');

const run = (name, ...args) => vscode.commands.executeCommand(`nix-archiver.${name}`, ...args);
const accept = () => vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/** Presses Enter in the list in front until something has come of it. */
async function acceptUntil(question, what) {
  await until(async () => {
    if (await question()) return true;
    await accept();
    await pause(150);
    return question();
  }, what, 30_000);
}

suite('the palette', () => {
  test('has every command by its title', () => {
    const { commands } = extension().packageJSON.contributes;
    const titles = commands.map(command => `${command.category}: ${command.title}`);
    for (const title of [
      'Search Package', 'Pin Current Package', 'Show Available Versions', 'Update Lock File', 'Align Pins',
      'Restart Server', 'Show Status', 'Update Index', 'Show Output', 'Create packages.nix',
    ]) {
      assert.ok(titles.includes(`Nix-Archiver: ${title}`), title);
    }
  });

  test('has nothing that is not there', async () => {
    const all = await vscode.commands.getCommands(true);
    for (const { command } of extension().packageJSON.contributes.commands) assert.ok(all.includes(command), command);
  });

  test('the server gives its own commands other names', async () => {
    const ours = extension().packageJSON.contributes.commands.map(({ command }) => command);
    const all = await vscode.commands.getCommands(true);
    for (const name of ['search', 'versions', 'pin', 'update', 'status']) {
      assert.ok(all.includes(`nix-archiver.${name}`), name);
      assert.ok(!ours.includes(`nix-archiver.${name}`), name);
    }
  });
});

suite('Search Package', () => {
  test('finds a package, lists its versions, and pins the chosen one', async () => {
    const file = await open('search', '{\n  nodejs = "18.13.0";\n}\n');
    const done = run('searchPackage', 'ripgrep');
    await acceptUntil(() => file.document.getText().includes('ripgrep'), 'the pin');
    await done;
    assert.equal(file.document.getText(), '{\n  nodejs = "18.13.0";\n  ripgrep = "14.1.0";\n}\n');
  });
});

suite('Pin Current Package', () => {
  test('pins the package under the cursor of another Nix file', async () => {
    const file = await open('pin-current', '{\n}\n');
    const shell = path.join(path.dirname(file.document.uri.fsPath), 'shell.nix');
    fs.writeFileSync(shell, 'pkgs: pkgs.mkShell { packages = [ pkgs.python3 ]; }\n');
    // The only packages.nix of the window would be taken without a question; here there are many.
    const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(shell));
    const at = new vscode.Position(0, editor.document.getText().indexOf('python3') + 2);
    editor.selection = new vscode.Selection(at, at);
    const pinned = async () => (await pinnedPython()) !== undefined;
    const done = run('pinCurrentPackage');
    await acceptUntil(pinned, 'a pin of python3');
    await done;
    assert.equal((await pinnedPython()).getText().match(/python3 = "([^"]*)"/)[1], '3.11.7');
  });

  async function pinnedPython() {
    return vscode.workspace.textDocuments.find(d => d.isDirty && /packages\.nix$/.test(d.fileName) && d.getText().includes('python3 ='));
  }
});

suite('Show Available Versions', () => {
  test('changes the pin at the cursor to the chosen version', async () => {
    const file = await open('versions', '{\n  # mine\n  nodejs = "18.13.0$0"; # keep\n}\n');
    // The pinned version is the one that is looked at first, and taking it changes nothing; so it is
    // tried again until another one was in front when it was taken.
    await until(async () => {
      const done = run('showVersions');
      await pause(700);
      await vscode.commands.executeCommand('workbench.action.quickOpenSelectPrevious');
      await pause(300);
      await accept();
      await done;
      return !file.document.getText().includes('18.13.0');
    }, 'another version', 40_000);
    assert.match(file.document.getText(), /^\{\n {2}# mine\n {2}nodejs = "(20\.1[01]\.0|8\.9\.4|10\.15\.0)"; # keep\n\}\n$/);
  });
});

suite('Show Available Versions, as the server calls it', () => {
  test('with a file and an attribute path', async () => {
    const file = await open('versions-named', '{\n  python3 = "3.6.4";\n}\n');
    const done = run('showVersions', file.document.uri.toString(), 'ripgrep');
    await acceptUntil(() => file.document.getText().includes('ripgrep'), 'the pin');
    await done;
    assert.match(file.document.getText(), /ripgrep = "14\.1\.0";/);
  });
});

suite('Update Lock File', () => {
  let file;
  suiteSetup(async () => {
    file = await open('lock', '{\n  nodejs = "18.13.0";\n  python3 = "3.11.7";\n}\n');
    await run('updateLockFile', file.document.uri);
  });
  const lock = () => file.document.uri.fsPath.replace('.nix', '.lock');
  const read = () => JSON.parse(fs.readFileSync(lock(), 'utf8'));

  test('writes a lock with every pin', () => {
    const { version, pins } = read();
    assert.equal(version, 1);
    assert.deepEqual([pins.nodejs.version, pins.python3.version], ['18.13.0', '3.11.7']);
  });

  test('which the schema allows', async () => {
    const document = await vscode.workspace.openTextDocument(lock());
    await vscode.window.showTextDocument(document);
    assert.equal(document.languageId, 'json');
    // The checker has begun once it reports what is wrong; so it is shown something wrong first.
    const edit = async text => {
      const change = new vscode.WorkspaceEdit();
      change.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
      assert.ok(await vscode.workspace.applyEdit(change));
    };
    const sound = document.getText();
    const said = () => vscode.languages.getDiagnostics(document.uri).map(d => d.message);
    await edit(sound.replace('"version": 1', '"version": 2').replace('"pins"', '"pens"'));
    await until(() => said().length >= 2, 'problems in a lock that is none');
    assert.match(said().join('\n'), /pens/);
    await edit(sound);
    await until(() => said().length === 0, 'no problems in a sound lock');
  });

  test('what was not saved is saved first', async () => {
    const change = new vscode.WorkspaceEdit();
    change.replace(file.document.uri, new vscode.Range(1, 12, 1, 19), '20.11.0');
    assert.ok(await vscode.workspace.applyEdit(change));
    assert.ok(file.document.isDirty);
    await run('updateLockFile', file.document.uri);
    assert.ok(!file.document.isDirty);
    assert.equal(read().pins.nodejs.version, '20.11.0');
  });

  test('pins that cannot be locked leave the lock alone', async () => {
    const before = fs.readFileSync(lock(), 'utf8');
    const change = new vscode.WorkspaceEdit();
    change.replace(file.document.uri, new vscode.Range(1, 12, 1, 19), '20.99.0');
    await vscode.workspace.applyEdit(change);
    await run('updateLockFile', file.document.uri);
    assert.equal(fs.readFileSync(lock(), 'utf8'), before);
  });
});

suite('Align Pins', () => {
  const text = '{\n  python3 = "3.6.4";\n  ripgrep = "13.0.0";\n}\n';

  test('moves pins within their lines, so that fewer revisions serve all; the lock follows', async () => {
    const file = await open('align', text);
    const lock = file.document.uri.fsPath.replace('.nix', '.lock');
    const revisions = () => Object.keys(JSON.parse(fs.readFileSync(lock, 'utf8')).revisions).length;
    await run('updateLockFile', file.document.uri);
    assert.equal(revisions(), 2, 'nixpkgs never had the two together');
    await run('alignPins', file.document.uri);
    await until(() => /python3 = "3\.(9\.6|11\.7)";/.test(file.document.getText()), 'a newer version of the line');
    assert.match(file.document.getText(), /ripgrep = "13\.0\.0";/);
    await until(() => revisions() === 1, 'a lock of one revision');
  });

  test('leaves all as it is where there is nothing to align', async () => {
    const { document } = await vscode.window.showTextDocument(vscode.Uri.file(path.join(folder(), 'align/packages.nix')));
    const before = document.getText();
    await run('alignPins', document.uri);
    assert.equal(document.getText(), before);
  });
});

suite('Go to Definition', () => {
  test('leads to the file of nixpkgs at the pinned revision, which is shown', async () => {
    const clone = path.join(process.env.NIX_ARCHIVER_INDEX, '../nixpkgs');
    await settings({ 'nixpkgs.clone': clone }, async () => {
      const file = await open('definition', '{\n  python3 = "3.9.6";\n}\n');
      const at = new vscode.Position(1, 4);
      const found = await until(async () => {
        const all = await vscode.commands.executeCommand('vscode.executeDefinitionProvider', file.document.uri, at);
        return all.map(place => place.targetUri ?? place.uri).filter(uri => uri.scheme === 'nix-archiver');
      }, 'a definition in nixpkgs');
      const source = await vscode.workspace.openTextDocument(found[0]);
      assert.match(source.getText(), /pname = "python3";\n {2}version = "3\.9\.6";/);
    });
  });

  test('leads from an entry of the lock back to its pin', async () => {
    const file = await open('from-lock', '{\n  nodejs = "20.11.0";\n  python3 = "3.9.6";\n}\n');
    await run('updateLockFile', file.document.uri);
    const lock = await vscode.workspace.openTextDocument(path.join(folder(), 'from-lock/packages.lock'));
    const line = lock.getText().split('\n').findIndex(line => line.includes('"python3": {'));
    const at = new vscode.Position(line, 6);
    const found = await vscode.commands.executeCommand('vscode.executeDefinitionProvider', lock.uri, at);
    assert.deepEqual(found.map(place => [place.uri.fsPath, place.range.start.line]), [[file.document.uri.fsPath, 2]]);
  });
});

suite('Update Index', () => {
  test('reads the clone that the settings name', async () => {
    const clone = path.join(process.env.NIX_ARCHIVER_INDEX, '../nixpkgs');
    const index = path.join(folder(), '.index');
    await settings({ 'nixpkgs.clone': clone, 'nixpkgs.branches': ['nixpkgs-unstable'], 'index.path': index }, async () => {
      const file = await open('update-index', '{\n  nodejs = "20.12.0";\n}\n');
      await run('updateVersionIndex');
      await until(async () => {
        const status = await vscode.commands.executeCommand('nix-archiver.status').then(s => s, () => undefined);
        return status?.index.covers?.origin === 'indexed' && status.index.covers.packages === 7;
      }, 'an index of the clone', 30_000);
      await problems(file);
    });
  });
});

suite('Show Status', () => {
  test('says what runs, from which index, and how each file stands', async () => {
    // The settings of the test before are being taken back, which starts the server anew.
    const text = await until(async () => {
      await run('showStatus');
      const { document } = vscode.window.activeTextEditor;
      assert.equal(document.uri.scheme, 'nix-archiver-status');
      const text = document.getText();
      return text.includes('(bundled)') && text.includes('made from a clone') && text;
    }, 'the status of a server that runs');
    assert.match(text, /Server: .*nix-archiver \(bundled\), version \d+\.\d+\.\d+/);
    assert.match(text, /Index: made from a clone; 7 packages, \d+ versions; nixpkgs-unstable up to \d{4}-\d\d-\d\d \(today\), commit [0-9a-f]{12}/);
    assert.match(text, /lock\/packages\.nix: 2 pins \(1 changed since it was locked, 1 locked\)/);
    assert.match(text, /Trusted: yes/);
  });
});

suite('Create packages.nix', () => {
  test('makes one, and never replaces one', async () => {
    await run('createFile');
    const file = path.join(folder(), 'packages.nix');
    const { document } = await until(() => vscode.window.activeTextEditor?.document.fileName === file && vscode.window.activeTextEditor, 'the file');
    await noProblems({ document });
    fs.writeFileSync(file, '{\n  nodejs = "8.9.4";\n}\n');
    await run('createFile');
    assert.equal(fs.readFileSync(file, 'utf8'), '{\n  nodejs = "8.9.4";\n}\n');
    fs.rmSync(file);
  });
});

suite('Show Output', () => {
  test('opens', async () => {
    await run('showOutput');
  });
});
