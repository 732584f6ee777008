// The door: what VS Code calls when the extension starts and stops.

import * as vscode from 'vscode';

import { updateIndex } from './commands/index';
import { alignPins, updateLock } from './commands/lock';
import { pinCurrentPackage, pinPackage, searchPackage, showVersions } from './commands/pin';
import { StatusDocument } from './commands/status';
import { FactsMemory } from './facts';
import { createFile } from './files';
import type { Pin } from './pins';
import { Questions } from './server/questions';
import { Session } from './session';
import { asksForRestart } from './settings';
import { commandFailed } from './trouble';
import { LanguageStatus } from './view/languageStatus';
import { Watch } from './view/overview';
import { PinTree } from './view/tree';

let session: Session | undefined;

/** Called by VS Code once, when a packages.nix is near, a Nix file is opened, or a command is called. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Nix-Archiver', { log: true });
  const started = new Session(context.extensionPath, output);
  session = started;
  const questions = new Questions(started);
  const watch = new Watch(started, questions, new FactsMemory(questions));
  const status = new StatusDocument(started, questions);

  // The server's own commands are called nix-archiver.search, .versions, .pin and so on; these are
  // called otherwise, because VS Code knows each name once.
  const command = (name: string, run: (...args: never[]) => unknown) =>
    vscode.commands.registerCommand(`nix-archiver.${name}`, async (...args: never[]) => {
      try {
        await run(...args);
      } catch (error) {
        void commandFailed(error, started, output);
      }
    });
  context.subscriptions.push(
    output,
    started,
    watch,
    status.register(),
    // Definitions lead to files of nixpkgs as they were at a commit, which only the server can read.
    vscode.workspace.registerTextDocumentContentProvider('nix-archiver', {
      provideTextDocumentContent: uri => questions.source(uri),
    }),
    // The server is not told of locks: one that is open would be changed without being saved.
    vscode.languages.registerDefinitionProvider({ scheme: 'file', pattern: '**/packages.lock' }, {
      provideDefinition: (lock, position) => questions.pinOfEntry(lock.uri, position),
    }),
    new PinTree(watch),
    new LanguageStatus(watch),
    command('searchPackage', (text?: string) => searchPackage(questions, text)),
    command('pinCurrentPackage', () => pinCurrentPackage(questions)),
    command('showVersions', (called?: Called | string, path?: string) =>
      typeof called === 'string' && path !== undefined
        ? pinPackage(questions, path, vscode.Uri.parse(called))
        : showVersions(questions, pinOfRow(called))),
    command('updateLockFile', (called?: Called) => updateLock(questions, fileOf(called))),
    command('alignPins', (called?: Called) => alignPins(questions, fileOf(called))),
    command('updateVersionIndex', () => updateIndex(started, output)),
    command('createFile', () => createFile()),
    command('showStatus', () => status.show()),
    command('refreshPins', () => watch.look()),
    command('restartServer', () => started.restart()),
    command('showOutput', () => output.show()),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (asksForRestart(change)) void started.restart();
    }),
    // What the folder's settings name, and what lies in the folder, may be started now.
    vscode.workspace.onDidGrantWorkspaceTrust(() => void started.restart()),
  );
  await started.start();
  watch.soon();
}

/** Called by VS Code when it closes. */
export async function deactivate(): Promise<void> {
  await session?.stop();
}

// Commands are called from the palette with nothing, from the explorer with a file, from our view with
// one of its rows, and from the server with the address of a file and an attribute path.
type Called = vscode.Uri | { of?: { file: vscode.Uri }; pin?: Pin };

function pinOfRow(called: Called | string | undefined): Pin | undefined {
  return called instanceof vscode.Uri || typeof called !== 'object' ? undefined : called.pin;
}

function fileOf(called: Called | undefined): vscode.Uri | undefined {
  return called instanceof vscode.Uri ? called : (called?.of?.file ?? called?.pin?.file);
}
