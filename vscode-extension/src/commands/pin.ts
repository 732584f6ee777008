// Pin Current Package, and Show Available Versions: which package, which version, into which file.

import * as vscode from 'vscode';

import { targetFile } from '../files';
import { packageAt, pinOf, type Pin } from '../pins';
import type { Questions } from '../server/questions';
import { choosePackage } from './search';
import { chooseVersion } from './versions';

/** Lets the user find a package and one of its versions, and pins it. */
export async function searchPackage(questions: Questions, text?: string): Promise<void> {
  const path = await choosePackage(questions, text);
  if (path !== undefined) await pinPackage(questions, path);
}

/** Pins the package at the cursor, to a version that the user chooses. Without one there, it is searched for. */
export async function pinCurrentPackage(questions: Questions): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const path = editor === undefined ? undefined : await packageAt(editor, questions);
  if (path !== undefined && (await questions.versions(path)) !== null) await pinPackage(questions, path);
  else await searchPackage(questions, path);
}

/** Shows the versions of the package at the cursor, or of a pin; choosing one pins it. */
export async function showVersions(questions: Questions, pin?: Pin): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const path = pin?.path ?? (editor === undefined ? undefined : await packageAt(editor, questions));
  if (path === undefined) await searchPackage(questions);
  else await pinPackage(questions, path, pin?.file);
}

/** Lets the user choose a version of a package, and pins it in a file. */
export async function pinPackage(questions: Questions, path: string, file?: vscode.Uri): Promise<void> {
  const target = await targetFile(file);
  if (target === undefined) return;
  const pin = await pinOf(target, path, questions);
  const version = await chooseVersion(path, pin, questions);
  if (version === undefined) return;
  // The edit goes into the editor's text, so that it can be seen and undone.
  const editor = await vscode.window.showTextDocument(target);
  const edited = changeOf(editor.document);
  const { name, version: written } = await questions.pin(target, path, version);
  if (pin?.requirement === written) return;
  await edited;
  const now = await pinOf(target, name, questions);
  if (now !== undefined) {
    editor.selection = new vscode.Selection(now.range.end, now.range.end);
    editor.revealRange(now.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }
}

// The server sends its edit when the command has been answered already.
async function changeOf(document: vscode.TextDocument): Promise<void> {
  await new Promise<void>(resolve => {
    const done = () => {
      listener.dispose();
      clearTimeout(late);
      resolve();
    };
    const listener = vscode.workspace.onDidChangeTextDocument(change => {
      if (change.document === document && change.contentChanges.length > 0) done();
    });
    const late = setTimeout(done, 5000);
  });
}
