'use strict';
// The server process: which one is started, and that it comes back.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const vscode = require('vscode');

const { hover, open, servers, until } = require('./helpers');

const HELLO = new vscode.Position(1, 14);

suite('the server process', () => {
  let file;
  suiteSetup(async () => {
    file = await open('lifecycle', '{\n  nodejs = "18.13.0";\n}\n');
  });

  const answers = () => until(() => hover(file, HELLO), 'a hover', 30_000);

  test('the bundled program runs, once', async () => {
    await answers();
    const [pid, ...others] = servers();
    assert.deepEqual(others, []);
    const program = fs.readlinkSync(`/proc/${pid}/exe`);
    const { extensionPath } = vscode.extensions.getExtension('nix-archiver.nix-archiver');
    assert.ok(program.startsWith(extensionPath), `${program} is not in ${extensionPath}`);
  });

  test('Restart Server starts another process in place of the old one', async () => {
    const [before] = servers();
    await vscode.commands.executeCommand('nix-archiver.restartServer');
    await answers();
    const after = servers();
    assert.equal(after.length, 1);
    assert.notEqual(after[0], before);
    assert.ok(!fs.existsSync(`/proc/${before}`), 'the old process is gone');
  });

  test('two restarts at once leave one process', async () => {
    await Promise.all([1, 2].map(() => vscode.commands.executeCommand('nix-archiver.restartServer')));
    await answers();
    assert.equal(servers().length, 1);
  });

  test('a killed server comes back by itself', async () => {
    const [before] = servers();
    process.kill(before, 'SIGKILL');
    await until(() => servers().some(pid => pid !== before), 'another server');
    assert.match(await answers(), /2023-01-10/);
  });

  test('the file may be open as plain text', async () => {
    const plain = await open('plain-text', '{\n  nodejs = "18.13.0";\n}\n');
    await vscode.languages.setTextDocumentLanguage(plain.document, 'plaintext');
    assert.match(await until(() => hover(plain, HELLO), 'a hover in plain text'), /2023-01-10/);
  });

  test('packages.nix is Nix, and packages.lock is JSON', async () => {
    assert.equal(file.document.languageId, 'nix');
    const lock = file.document.uri.fsPath.replace('.nix', '.lock');
    fs.writeFileSync(lock, '{}\n');
    assert.equal((await vscode.workspace.openTextDocument(lock)).languageId, 'json');
  });
});
