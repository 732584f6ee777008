// The questions of the search for a server program, put to the real machine.

import { execFile } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { promisify } from 'node:util';

import type { Machine } from './locate';

/** How long a program may take to say its version, in milliseconds. */
const PATIENCE = 10_000;

/** The machine that the extension runs on. */
export const thisMachine: Machine = { isProgram, versionOf };

async function isProgram(file: string): Promise<boolean> {
  try {
    await fs.access(file, fs.constants.X_OK);
    return (await fs.stat(file)).isFile();
  } catch {
    return false;
  }
}

async function versionOf(program: string): Promise<string> {
  let said: string;
  try {
    const ran = await promisify(execFile)(program, ['--version'], { timeout: PATIENCE });
    said = ran.stdout.trim();
  } catch (error) {
    throw new Error(whyItFailed(error as NodeJS.ErrnoException & { killed?: boolean; stderr?: string }));
  }
  const version = /^nix-archiver (\S+)$/m.exec(said)?.[1];
  if (version === undefined) {
    throw new Error(`asked for its version, it answered ${JSON.stringify(said.slice(0, 80))}`);
  }
  return version;
}

function whyItFailed(error: NodeJS.ErrnoException & { killed?: boolean; stderr?: string }): string {
  if (error.killed) return `it did not say its version within ${PATIENCE / 1000} seconds`;
  const words = error.stderr?.trim().split('\n')[0];
  return words ? `it failed with ${JSON.stringify(words)}` : error.message.split('\n')[0] ?? '';
}
