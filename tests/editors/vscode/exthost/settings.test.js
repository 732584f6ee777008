'use strict';
// The settings, each once: what comes of it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const { extension, folder, noProblems, open, problems, servers, settings, until } = require('./helpers');

const code = problem => (typeof problem.code === 'object' ? problem.code.value : problem.code);

/** The command line of the server that runs, once there is one of which `wanted` holds. */
const server = wanted => until(() => servers().map(pid => ({
  command: fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1),
  env: fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'),
})).find(wanted), 'the server as it was asked for', 30_000);

suite('settings of the server process', () => {
  test('server.path', async () => {
    const mine = path.join(folder(), '.bin/nix-archiver');
    fs.mkdirSync(path.dirname(mine));
    fs.symlinkSync(path.join(extension().extensionPath, 'server/nix-archiver'), mine);
    await settings({ 'server.path': mine }, () => server(({ command }) => command[0] === mine));
    await server(({ command }) => command[0] !== mine);
  });

  test('server.extraArgs', async () => {
    await settings({ 'server.extraArgs': ['--clientProcessId=7'] }, () =>
      server(({ command }) => command[1] === 'lsp' && command.includes('--clientProcessId=7')));
  });

  test('server.extraEnv', async () => {
    await settings({ 'server.extraEnv': { NIX_ARCHIVER_LOG: 'debug' } }, () =>
      server(({ env }) => env.includes('NIX_ARCHIVER_LOG=debug')));
  });

  test('index.path, index.oldAfterDays: the starter index is old', async () => {
    const nothing = path.join(folder(), '.no-index');
    await settings({ 'index.path': nothing }, async () => {
      await server(({ env }) => env.includes(`NIX_ARCHIVER_INDEX=${nothing}`));
      const file = await open('old', '{\n  nodejs = "6.12.3";\n}\n');
      assert.deepEqual((await problems(file)).map(code), ['index-old']);
      await settings({ 'index.oldAfterDays': 0 }, () => noProblems(file));
      await until(async () => (await problems(file)).map(code).includes('index-old'), 'the problem again');
    });
    await server(({ env }) => !env.includes(`NIX_ARCHIVER_INDEX=${nothing}`));
  });

  test('those that name programs and paths are left out where the folder is not trusted', () => {
    const { capabilities, contributes } = extension().packageJSON;
    const restricted = capabilities.untrustedWorkspaces.restrictedConfigurations;
    for (const [name, { scope }] of Object.entries(contributes.configuration.properties)) {
      assert.equal(restricted.includes(name), scope === 'machine-overridable', name);
    }
  });
});

suite('settings of what is shown', () => {
  test('codeLens.enable', async () => {
    const file = await open('lens', '{\n  nodejs = "18.13.0";\n}\n');
    const lenses = () => vscode.commands.executeCommand('vscode.executeCodeLensProvider', file.document.uri, 5);
    await until(lenses, 'a lens');
    await settings({ 'codeLens.enable': false }, () => until(async () => (await lenses()).length === 0, 'no lens'));
  });

  test('inlayHints.show', async () => {
    const file = await open('hints', '{\n  nodejs = "8.9.4";\n}\n');
    const all = new vscode.Range(0, 0, 3, 0);
    const hints = () => vscode.commands.executeCommand('vscode.executeInlayHintProvider', file.document.uri, all);
    await settings({ 'inlayHints.show': 'all' }, () => until(hints, 'a hint'));
    await settings({ 'inlayHints.show': 'off' }, () => until(async () => (await hints()).length === 0, 'no hint'));
  });

  test('links.enable', async () => {
    const file = await open('links', '{\n  nodejs = "8.9.4";\n}\n');
    const links = () => vscode.commands.executeCommand('vscode.executeLinkProvider', file.document.uri);
    await until(links, 'a link');
    await settings({ 'links.enable': false }, () => until(async () => (await links()).length === 0, 'no link'));
  });
});

suite('settings of how problems are reported', () => {
  for (const [kind, text] of [
    ['unknown-package', '{\n  ripgerp = "13.0.0";\n}\n'],
    ['unknown-version', '{\n  nodejs = "20.10.9";\n}\n'],
    ['partial-version', '{\n  nodejs = "20";\n}\n'],
    ['requirement-unmet', '{\n  nodejs = "^99";\n}\n'],
    ['not-a-literal', 'let v = "1"; in {\n  nodejs = v;\n}\n'],
    ['duplicate-pin', '{\n  nodejs = "8.9.4";\n  nodejs = "8.9.4";\n}\n'],
    ['lock-missing', '{\n  nodejs = "8.9.4";\n}\n'],
    ['outdated', '{\n  nodejs = "8.9.4";\n}\n'],
  ]) {
    test(kind, async () => {
      const file = await open(`severity-${kind}`, text);
      const reported = () => vscode.languages.getDiagnostics(file.document.uri).filter(d => code(d) === kind);
      await settings({ [`diagnostics.severity.${kind}`]: 'hint' }, () =>
        until(() => reported().some(d => d.severity === vscode.DiagnosticSeverity.Hint), `a hint ${kind}`));
      await settings({ [`diagnostics.severity.${kind}`]: 'off' }, () => until(() => reported().length === 0, `no ${kind}`));
    });
  }
});
