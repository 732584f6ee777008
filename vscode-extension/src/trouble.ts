// What the user is told when something did not work.

import * as vscode from 'vscode';

import { ServerNotFound } from './server/locate';
import { NotRunning } from './server/questions';
import type { Session } from './session';
import { SECTION } from './settings';

const OPEN_SETTINGS = 'Open Settings';
const SHOW_OUTPUT = 'Show Output';

/** Logs why the server did not start, and says so with a way out. */
export async function showStartFailure(error: unknown, output: vscode.LogOutputChannel): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  output.error(`The language server was not started. ${why}`);
  const more = error instanceof ServerNotFound ? '' : ' The output has the details.';
  const answer = await vscode.window.showErrorMessage(
    `Nix-Archiver cannot start. ${why}${more}`,
    OPEN_SETTINGS,
    SHOW_OUTPUT,
  );
  if (answer === OPEN_SETTINGS) await openServerSetting();
  else if (answer === SHOW_OUTPUT) output.show();
}

// The settings of a window have several pages; each command shows another one. The setting is shown
// on the page where it has been given, or else where it can be.
async function openServerSetting(): Promise<void> {
  const given = vscode.workspace.getConfiguration(SECTION).inspect('server.path');
  const inFolder = given?.workspaceValue ?? given?.workspaceFolderValue;
  let page = 'workbench.action.openSettings';
  if (inFolder !== undefined) page = 'workbench.action.openWorkspaceSettings';
  else if (vscode.env.remoteName !== undefined) page = 'workbench.action.openRemoteSettings';
  await vscode.commands.executeCommand(page, { query: `${SECTION}.server.path` });
}

/** Says why a command could not do what it should, with a way out. */
export async function commandFailed(error: unknown, session: Session, output: vscode.LogOutputChannel): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  output.error(why);
  const restart = 'Restart Server';
  const actions = error instanceof NotRunning ? [restart, SHOW_OUTPUT] : [SHOW_OUTPUT];
  const answer = await vscode.window.showErrorMessage(`Nix-Archiver: ${why}`, ...actions);
  if (answer === restart) await session.restart();
  else if (answer === SHOW_OUTPUT) output.show();
}
