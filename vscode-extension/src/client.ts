// The language client: which documents it is for, how the server process is started, where it logs.

import * as readline from 'node:readline';

import * as vscode from 'vscode';
import { LanguageClient, TransportKind, type LanguageClientOptions } from 'vscode-languageclient/node';

import { tellOfLock } from './commands/lock';
import type { Server } from './server/locate';
import { SECTION, type StartSettings } from './settings';

/** Documents are chosen by name, not by language: the file may well be open as plain text. */
export const PACKAGES_NIX = [{ scheme: 'file', pattern: '**/packages.nix' }];

/** All in which the server may find pins. It says nothing of Nix files without any. */
const DOCUMENTS = [{ scheme: 'file', pattern: '**/*.nix' }];

/** The server's command that locks, as its code actions and lenses call it. */
const LOCK = 'nix-archiver.lock';

/** A client for this server program, not yet started. `indexPath` is absolute, or empty. */
export function makeClient(
  server: Server,
  settings: Pick<StartSettings, 'extraArgs' | 'extraEnv'>,
  indexPath: string,
  output: vscode.LogOutputChannel,
): LanguageClient {
  const env = environment(settings, indexPath);
  const run = {
    command: server.command,
    args: ['lsp', ...settings.extraArgs],
    transport: TransportKind.stdio,
    options: { env },
  };
  const options: LanguageClientOptions = {
    documentSelector: DOCUMENTS,
    outputChannel: output,
    diagnosticCollectionName: SECTION,
    // A pin that has just been written by name shows its versions at once; the server's actions that
    // ask for a version open our list, and those that lock lead to our message. Files of nixpkgs are
    // shown by what extension.ts registers.
    initializationOptions: {
      suggestCommand: 'editor.action.triggerSuggest',
      chooseCommand: 'nix-archiver.showVersions',
      tellsOfLock: true,
      virtualDocuments: true,
    },
    middleware: {
      workspace: { didChangeConfiguration: () => tell() },
      executeCommand: async (command, args, next) => {
        const answer = await next(command, args);
        // Without an answer there is no lock; the client has said why.
        if (command === LOCK && answer) void tellOfLock(vscode.Uri.parse(args[0]), answer);
        return answer;
      },
    },
    stdioOptions: { stdout: () => {}, stderr: stream => log(stream, output) },
  };
  const client = new LanguageClient(SECTION, 'Nix-Archiver', run, options);

  // Tells the server that settings have changed; it asks which. Some settings ask for another server,
  // and this one is being stopped then: the client's own way would show the user an error.
  const tell = async (): Promise<void> => {
    await new Promise(resolve => setTimeout(resolve, 0));
    if (!client.isRunning()) return;
    await client.sendNotification('workspace/didChangeConfiguration', { settings: null });
  };
  return client;
}

/** The environment of the server program. `indexPath` is absolute, or empty. */
export function environment(
  settings: Pick<StartSettings, 'extraEnv'>,
  indexPath: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(indexPath === '' ? {} : { NIX_ARCHIVER_INDEX: indexPath }),
    ...settings.extraEnv,
  };
}

// The server writes its log to standard error, a line a message, with the level in it. Standard
// output is the protocol's.
function log(stream: NodeJS.ReadableStream, output: vscode.LogOutputChannel): void {
  readline.createInterface({ input: stream, terminal: false }).on('line', line => {
    if (/\bERROR\b|panicked/.test(line)) output.error(line);
    else if (/\bWARN\b/.test(line)) output.warn(line);
    else output.info(line);
  });
}
