// Runs one of the program's other commands, such as `lock`, to its end.

import { spawn } from 'node:child_process';
import * as readline from 'node:readline';

import * as vscode from 'vscode';

/** What a command left. */
export interface Ran {
  /** Its exit code: 0 fine, 1 it found something to mend, 2 and 3 it could not. */
  code: number;
  out: string;
  err: string;
}

/** How a command is run. */
export interface RunOptions {
  env: NodeJS.ProcessEnv;
  /** The folder to run it in. */
  folder: string;
  token: vscode.CancellationToken;
  /** Called with each line that it writes to standard error. */
  onLine?: (line: string) => void;
}

/** Runs a command. When the user cancels it, it is asked to stop as Ctrl-C would, and does so in good order. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = spawn(command, args, {
    cwd: options.folder,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const cancelled = options.token.onCancellationRequested(() => child.kill('SIGINT'));
  const out: string[] = [];
  const err: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => out.push(piece));
  readline.createInterface({ input: child.stderr, terminal: false }).on('line', line => {
    err.push(line);
    options.onLine?.(line);
  });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', code => resolve(code ?? -1));
    });
    return { code, out: out.join(''), err: err.join('\n') };
  } finally {
    cancelled.dispose();
  }
}
