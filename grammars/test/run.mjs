// Holds the injection to its word on top of the Nix grammar that editors use. The test files say
// which scopes each piece of text must have.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const { resolve } = createRequire(import.meta.url);
const nix = resolve('tm-grammars/grammars/nix.json');
const tool = resolve('vscode-tmgrammar-test/dist/unit.js');
const files = readdirSync(here).filter(f => f.endsWith('.nix')).map(f => path.join(here, f));
if (files.length === 0) throw new Error('There are no grammar tests.');

// The tool reads which grammar is injected into which from an extension's manifest.
const ran = spawnSync(
  process.execPath,
  [tool, '--config', path.join(here, 'package.json'), '--grammar', nix, ...files],
  { stdio: 'inherit', cwd: here },
);
process.exitCode = ran.status ?? 1;
