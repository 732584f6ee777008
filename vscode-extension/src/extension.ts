// The door: what VS Code calls when the extension starts and stops.

import * as vscode from 'vscode';

import { Session } from './session';
import { asksForRestart } from './settings';

let session: Session | undefined;

/** Called by VS Code once, when a packages.nix is near or a Nix file is opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Nix-Archiver', { log: true });
  const started = new Session(context.extensionPath, output);
  session = started;
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand('nix-archiver.restartServer', () => started.restart()),
    vscode.commands.registerCommand('nix-archiver.showOutput', () => output.show()),
    vscode.workspace.onDidChangeConfiguration(change => {
      if (asksForRestart(change)) void started.restart();
    }),
  );
  await started.start();
}

/** Called by VS Code when it closes. */
export async function deactivate(): Promise<void> {
  await session?.stop();
}
