// Makes the .vsix.
//
//   node package.mjs [--server PROGRAM --target PLATFORM] --out FILE
//
// With a server program the package is for one platform and carries it; without, it is for all of
// them and looks for the program on PATH.

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname;
const { values } = parseArgs({
  options: { server: { type: 'string' }, target: { type: 'string' }, out: { type: 'string' } },
});
if (values.out === undefined) throw new Error('Say where the .vsix goes: --out FILE');
if ((values.server === undefined) !== (values.target === undefined)) {
  throw new Error('--server and --target belong together: a package with a program is for one platform');
}

execFileSync(process.execPath, ['build.mjs'], { cwd: here, stdio: 'inherit' });

const bundled = path.join(here, 'server');
rmSync(bundled, { recursive: true, force: true });
if (values.server !== undefined) {
  const name = values.target.startsWith('win32') ? 'nix-archiver.exe' : 'nix-archiver';
  mkdirSync(bundled);
  cpSync(path.resolve(values.server), path.join(bundled, name));
  chmodSync(path.join(bundled, name), 0o755);
}
for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
  cpSync(path.join(here, '..', licence), path.join(here, 'dist', licence));
}

const out = path.resolve(values.out);
mkdirSync(path.dirname(out), { recursive: true });
const vsce = path.join(here, '../node_modules/@vscode/vsce/vsce');
const target = values.target === undefined ? [] : ['--target', values.target];
execFileSync(
  process.execPath,
  [vsce, 'package', '--no-dependencies', '--skip-license', ...target, '--out', out],
  { cwd: here, stdio: 'inherit' },
);
