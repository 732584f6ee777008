// Update Lock File, and Align Pins: the server does it, and this says what came of it.

import * as path from 'node:path';

import * as vscode from 'vscode';

import { lockOf, targetFile } from '../files';
import type { LockAnswer, Questions } from '../server/questions';

const OPEN_LOCK = 'Open packages.lock';

/** Writes packages.lock, and says what came of it. */
export async function updateLock(questions: Questions, called?: vscode.Uri): Promise<void> {
  const file = await targetFile(called);
  if (file === undefined) return;
  // The lock is for the text in the editor; on the disk the two belong together.
  const document = await vscode.workspace.openTextDocument(file);
  if (document.isDirty && !(await document.save())) {
    throw new Error(`${path.basename(file.fsPath)} could not be saved, so it was not locked.`);
  }
  const answer = await watched('Locking pins', (token, report) => questions.lock(file, token, report));
  if (answer !== undefined) void tellOfLock(file, answer);
}

/** Says what came of a lock that was written beside a file. */
export async function tellOfLock(file: vscode.Uri, { changed, pins, revisions, changes, notes }: LockAnswer): Promise<void> {
  const sum = `${count(pins, 'pin')} on ${count(revisions, 'revision')} of nixpkgs`;
  const what = changed ? `Locked ${sum}; ${count(changes.length, 'change')}.` : `The lock is up to date: ${sum}.`;
  const said = [what, ...notes.map(note => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`)].join(' ');
  const chosen = await vscode.window.showInformationMessage(said, OPEN_LOCK);
  if (chosen === OPEN_LOCK) await vscode.window.showTextDocument(lockOf(file));
}

/** Moves exact pins within their lines, so that fewer revisions of nixpkgs serve all; undo takes it back. */
export async function alignPins(questions: Questions, called?: vscode.Uri): Promise<void> {
  const file = await targetFile(called);
  if (file === undefined) return;
  const answer = await watched('Aligning pins', (token, report) => questions.align(file, token, report));
  if (answer === undefined) return;
  const { edits, revisionsBefore, revisionsAfter } = answer;
  const revisions = count(revisionsBefore, 'revision');
  const said =
    edits === 0
      ? `Nothing to align: the pins need ${revisions} of nixpkgs, and no newer versions of their lines need fewer.`
      : `Moved ${count(edits, 'pin')} within their lines: ${revisionsAfter} in place of ${revisions} of nixpkgs. Undo takes it back.`;
  void vscode.window.showInformationMessage(said);
}

// Undefined if the user cancels it; then nothing has been written.
async function watched<T>(
  title: string,
  work: (token: vscode.CancellationToken, report: (progress: { message?: string; percentage?: number }) => void) => Promise<T>,
): Promise<T | undefined> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return await vscode.window.withProgress(options, async (progress, token) => {
    let done = 0;
    try {
      return await work(token, ({ message, percentage }) => {
        const increment = (percentage ?? done) - done;
        done += increment;
        progress.report({ increment, ...(message === undefined ? {} : { message }) });
      });
    } catch (error) {
      if (token.isCancellationRequested) return undefined;
      throw error;
    }
  });
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
