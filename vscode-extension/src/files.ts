// Which packages.nix a command is for, and a new one where there is none.

import * as vscode from 'vscode';

import { FILE_NAME, isPinFile, pinFiles } from './pins';

const CREATE = `Create ${FILE_NAME}`;

/**
 * The file that a command is for: the one that it was called on, or in front, or the only one, or
 * one that the user chooses; where there is none, one is offered. Undefined if the user goes away.
 */
export async function targetFile(called?: vscode.Uri): Promise<vscode.Uri | undefined> {
  if (called !== undefined) return called;
  const front = vscode.window.activeTextEditor?.document;
  if (front !== undefined && isPinFile(front)) return front.uri;
  const files = await pinFiles();
  if (files.length > 1) return await chooseFile(files);
  if (files[0] !== undefined) return files[0];
  const answer = await vscode.window.showInformationMessage(`There is no ${FILE_NAME} in this window.`, CREATE);
  return answer === CREATE ? await createFile() : undefined;
}

async function chooseFile(files: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const items = files.map(file => ({ label: vscode.workspace.asRelativePath(file, true), file }));
  const title = 'Which File?';
  return (await vscode.window.showQuickPick(items, { title, placeHolder: `The ${FILE_NAME} to work on` }))?.file;
}

/** Makes an empty file with pins in a folder of the window, or shows the one that is there. */
export async function createFile(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    const open = 'Open Folder';
    const answer = await vscode.window.showInformationMessage('Open a folder first: the pins are kept in it.', open);
    if (answer === open) await vscode.commands.executeCommand('workbench.action.files.openFolder');
    return undefined;
  }
  const folder = folders.length === 1 ? folders[0] : await vscode.window.showWorkspaceFolderPick();
  if (folder === undefined) return undefined;
  const file = vscode.Uri.joinPath(folder.uri, FILE_NAME);
  if (!(await exists(file))) {
    const text = '# Packages of nixpkgs, each with the version that is wanted.\n{\n  \n}\n';
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  }
  const editor = await vscode.window.showTextDocument(file);
  const empty = editor.document.getText().indexOf('\n  \n');
  if (empty >= 0) {
    const at = editor.document.positionAt(empty + 3);
    editor.selection = new vscode.Selection(at, at);
  }
  return file;
}

async function exists(file: vscode.Uri): Promise<boolean> {
  return await vscode.workspace.fs.stat(file).then(() => true, () => false);
}

/** The lock of a file with pins. */
export function lockOf(file: vscode.Uri): vscode.Uri {
  return file.with({ path: file.path.replace(/\.nix$/, '.lock') });
}
