// What the user is told when the server cannot be started.

import * as vscode from 'vscode';

import { ServerNotFound } from './server/locate';

const OPEN_SETTINGS = 'Open Settings';
const SHOW_OUTPUT = 'Show Output';

/** Logs why the server did not start, and says so with a way out. */
export async function showStartFailure(error: unknown, output: vscode.LogOutputChannel): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  output.error(`The language server was not started. ${why}`);
  const advice =
    error instanceof ServerNotFound
      ? 'Install nix-archiver, or name the program in the settings.'
      : 'The output has the details.';
  const answer = await vscode.window.showErrorMessage(
    `Nix-Archiver cannot start. ${why} ${advice}`,
    OPEN_SETTINGS,
    SHOW_OUTPUT,
  );
  if (answer === OPEN_SETTINGS) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'nix-archiver.server.path');
  } else if (answer === SHOW_OUTPUT) {
    output.show();
  }
}
