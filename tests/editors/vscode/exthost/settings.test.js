'use strict';
// The settings, each once: what comes of it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const { extension, folder, noProblems, open, problems, servers, set, settings, until } = require('./helpers');

const code = problem => (typeof problem.code === 'object' ? problem.code.value : problem.code);

/** The command line of the server that runs, once there is one of which `wanted` holds. */
const server = wanted => until(() => servers().flatMap(pid => {
  try {
    return [{
      command: fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1),
      env: fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0'),
    }];
  } catch {
    return []; // It has ended since it was seen.
  }
}).find(wanted), 'the server as it was asked for', 30_000);

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

/** A text with one pin of nodejs, and its lock with one part replaced. */
const PIN = '{\n  nodejs = "18.13.0";\n}\n';
const relocked = (from, to) => async ({ document }) => {
  await vscode.commands.executeCommand('nix-archiver.updateLockFile', document.uri);
  const lock = document.uri.fsPath.replace('.nix', '.lock');
  const text = fs.readFileSync(lock, 'utf8');
  assert.match(text, from);
  fs.writeFileSync(lock, text.replace(from, to));
};
const laid = name => async ({ document }) =>
  fs.writeFileSync(path.join(path.dirname(document.uri.fsPath), name), 'this is no such file\n');

suite('settings of how problems are reported', () => {
  const { DiagnosticSeverity } = vscode;
  const SEVERITIES = {
    error: DiagnosticSeverity.Error,
    warning: DiagnosticSeverity.Warning,
    information: DiagnosticSeverity.Information,
    hint: DiagnosticSeverity.Hint,
  };
  // Each kind with a text that has it, what else it takes, and the settings under which it comes up.
  const kinds = [
    ['unknown-package', '{\n  ripgerp = "13.0.0";\n}\n'],
    ['unknown-version', '{\n  nodejs = "20.10.9";\n}\n'],
    ['partial-version', '{\n  nodejs = "20";\n}\n'],
    ['requirement-unmet', '{\n  nodejs = "^99";\n}\n'],
    ['not-on-channel', '{\n  nodejs = { version = "8.9.4"; channel = "nixos-23.05"; };\n}\n'],
    ['not-at-revision', `{\n  nodejs = { version = "8.9.4"; revision = "${'0'.repeat(40)}"; };\n}\n`],
    ['not-a-literal', 'let v = "1"; in {\n  nodejs = v;\n}\n'],
    ['no-version', `{\n  nodejs = { revision = "${'0'.repeat(40)}"; };\n}\n`],
    ['duplicate-pin', '{\n  nodejs = "8.9.4";\n  nodejs = "8.9.4";\n}\n'],
    ['unknown-field', '{\n  nodejs = { version = "8.9.4"; chanel = "nixpkgs-unstable"; };\n}\n'],
    ['bad-field', '{\n  nodejs = { version = "8.9.4"; channel = 7; };\n}\n'],
    ['syntax-error', '{\n  nodejs = ;\n}\n'],
    ['no-pins', 'with builtins; 7\n'],
    ['insecure', '{\n  openssl = "1.0.2u";\n}\n'],
    ['broken', '{\n  gimp = "2.10.36";\n}\n'],
    ['removed', '{\n  grip = "4.2.0";\n}\n'],
    ['outdated', '{\n  nodejs = "8.9.4";\n}\n'],
    ['lock-missing', '{\n  nodejs = "8.9.4";\n}\n'],
    ['lock-unreadable', PIN, { prepare: laid('packages.lock') }],
    ['lock-stale', PIN, { prepare: relocked(/"requirement": "18\.13\.0"/, '"requirement": "^18"') }],
    ['lock-mismatch', PIN, { prepare: relocked(/"version": "18\.13\.0"/, '"version": "10.15.0"') }],
    ['no-hash', PIN, { prepare: relocked(/^/, '') }],
    ['index-missing', PIN, { prepare: laid('meta.json'), under: ({ document }) => ({ 'index.path': path.dirname(document.uri.fsPath) }) }],
    ['index-old', PIN, { under: () => ({ 'index.path': path.join(folder(), '.no-index') }) }],
    ['file-not-read', `{ nodejs = ${'['.repeat(100_000)}`],
  ];

  test('are there for every kind of problem, and no other', () => {
    const declared = Object.keys(extension().packageJSON.contributes.configuration.properties);
    const severities = declared.flatMap(name => name.split('nix-archiver.diagnostics.severity.').slice(1));
    assert.deepEqual(severities.sort(), kinds.map(([kind]) => kind).sort());
  });

  for (const [kind, text, { prepare = () => {}, under = () => ({}) } = {}] of kinds) {
    test(kind, async () => {
      const file = await open(`severity-${kind}`, text);
      await prepare(file);
      const name = `diagnostics.severity.${kind}`;
      const reported = () => vscode.languages.getDiagnostics(file.document.uri).filter(d => code(d) === kind);
      const all = severity => () => reported().length > 0 && reported().every(d => d.severity === severity);
      await settings({ ...under(file), [name]: 'hint' }, async () => {
        for (const [severity, shown] of Object.entries(SEVERITIES)) {
          await set(name, severity);
          await until(all(shown), `${kind} as ${severity}`, 30_000);
        }
        await set(name, 'off');
        await until(() => reported().length === 0, `no ${kind}`);
      });
    });
  }
});

suite('trace.server', () => {
  // What the extension writes to its output is in a file of VS Code's logs, too.
  const logs = path.join(folder(), '../data/logs');
  const log = () => fs.readdirSync(logs, { recursive: true })
    .filter(name => name.endsWith('Nix-Archiver.log'))
    .map(name => fs.readFileSync(path.join(logs, name), 'utf8')).join('');
  /** What is written while the settings are these and a file is opened. */
  const talk = async (trace, name) => {
    await set('trace.server', trace);
    const before = log().length;
    await noProblems(await open(`trace-${name}`, PIN));
    await vscode.commands.executeCommand('nix-archiver.status');
    return log().slice(before);
  };
  // Below that log level nothing of the protocol is written, whatever the setting says.
  suiteSetup(() => vscode.commands.executeCommand('_extensionTests.setLogLevel', 'trace'));
  suiteTeardown(async () => {
    await set('trace.server', undefined);
    await vscode.commands.executeCommand('_extensionTests.setLogLevel', 'info');
  });

  test('messages: which messages are sent', async () => {
    const said = await talk('messages', 'messages');
    assert.match(said, /workspace\/executeCommand/);
    assert.doesNotMatch(said, /"command": "nix-archiver\.status"/);
  });

  test('verbose: what is in them, too', async () => {
    assert.match(await talk('verbose', 'verbose'), /"command": "nix-archiver\.status"/);
  });
});
