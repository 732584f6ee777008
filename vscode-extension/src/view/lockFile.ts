// Reads a packages.lock: as it is in the editor if it is open there, or else from the disk.

import * as vscode from 'vscode';

import { readLock, type Lock } from '../lock';

/** What a lock says. */
export async function readLockFile(file: vscode.Uri): Promise<Lock> {
  const open = vscode.workspace.textDocuments.find(document => document.uri.toString() === file.toString());
  if (open !== undefined) return readLock(open.getText());
  try {
    return readLock(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)));
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return readLock(undefined);
    return { state: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}
