// The pins of the window's packages.nix files, as the server's outline has them.

import * as vscode from 'vscode';

import { pathAt, samePath } from './attrPath';
import type { OutlineEntry, Questions } from './server/questions';

/** The name of the files with pins. */
export const FILE_NAME = 'packages.nix';

/** Where VS Code looks for such files; what tools download and build is left out. */
const PATTERN = `**/${FILE_NAME}`;
const LEFT_OUT = '{**/node_modules/**,**/.git/**,**/result/**,**/.direnv/**}';

/** A pin. */
export interface Pin {
  file: vscode.Uri;
  /** Its attribute path. */
  path: string;
  /** What it asks for, if that is a plain string. */
  requirement: string | undefined;
  /** All of it. */
  range: vscode.Range;
  /** Its name. */
  nameRange: vscode.Range;
}

/** The files with pins in the folders of the window, by path. */
export async function pinFiles(): Promise<vscode.Uri[]> {
  const found = await vscode.workspace.findFiles(PATTERN, LEFT_OUT);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Whether a document is such a file. */
export function isPinFile(document: vscode.TextDocument): boolean {
  return document.uri.scheme === 'file' && document.uri.path.endsWith(`/${FILE_NAME}`);
}

/** The pins of a file, in the order of its text. The file is opened, though not shown, if need be. */
export async function pinsOf(file: vscode.Uri, questions: Questions): Promise<Pin[]> {
  await vscode.workspace.openTextDocument(file);
  const pins: Pin[] = [];
  const walk = (entries: readonly OutlineEntry[], prefix: string): void => {
    for (const { name, detail, range, selectionRange, children } of entries) {
      const path = `${prefix}${name}`;
      if (children !== undefined && children.length > 0) {
        walk(children, `${path}.`);
      } else {
        pins.push({ file, path, requirement: detail, range: toRange(range), nameRange: toRange(selectionRange) });
      }
    }
  };
  walk(await questions.outline(file), '');
  return pins;
}

/** The pin of a path in a file. */
export async function pinOf(file: vscode.Uri, path: string, questions: Questions): Promise<Pin | undefined> {
  return (await pinsOf(file, questions)).find(pin => samePath(pin.path, path));
}

/** The package that the cursor of an editor is at: the pin around it, or else the path under it. */
export async function packageAt(editor: vscode.TextEditor, questions: Questions): Promise<string | undefined> {
  const { document, selection } = editor;
  if (isPinFile(document)) {
    const at = selection.active;
    const pin = (await pinsOf(document.uri, questions)).find(pin => pin.range.contains(at));
    return pin?.path;
  }
  // By its name: without an extension for Nix, VS Code takes other Nix files for plain text.
  if (document.languageId !== 'nix' && !document.uri.path.endsWith('.nix')) return undefined;
  return pathAt(document.lineAt(selection.active.line).text, selection.active.character);
}

// The protocol's ranges are plain objects.
function toRange({ start, end }: vscode.Range): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
