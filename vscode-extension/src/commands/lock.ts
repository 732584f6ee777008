// Update Lock File, and Align Pins: `nix-archiver lock`, with what it would change shown first where
// the user wants to see it.

import * as path from 'node:path';

import * as vscode from 'vscode';

import { lockOf, targetFile } from '../files';
import { run, type Ran } from '../program';
import type { Session } from '../session';
import { cloneOfNixpkgs } from '../settings';
import { segments } from '../attrPath';

/** What `lock --json` prints. */
interface LockAnswer {
  changed: boolean;
  pins: number;
  revisions: string[];
  changes: { attrPath: string; from: PinState | null; to: PinState | null }[];
}

interface PinState {
  requirement: string;
  version: string;
  commit: string | null;
}

const OPEN_LOCK = 'Open packages.lock';
const SHOW_PROBLEMS = 'Show Problems';
const SHOW_OUTPUT = 'Show Output';

/** Writes packages.lock, and says what came of it. */
export async function updateLock(session: Session, output: vscode.LogOutputChannel, called?: vscode.Uri): Promise<void> {
  const file = await targetFile(called);
  if (file === undefined) return;
  const answer = await lock(session, output, file, []);
  if (answer !== undefined) void told(file, answer);
}

/** Shows what locking all pins anew, on as few revisions as possible, would move; and does it if the user wants. */
export async function alignPins(session: Session, output: vscode.LogOutputChannel, called?: vscode.Uri): Promise<void> {
  const file = await targetFile(called);
  if (file === undefined) return;
  const plan = await lock(session, output, file, ['--dry-run']);
  if (plan === undefined) return;
  if (!plan.changed) {
    void vscode.window.showInformationMessage(`Nothing to align: ${sum(plan)} already, as few as serve them.`);
    return;
  }
  const write = { label: `$(check) Write packages.lock`, description: sum(plan), write: true };
  const rows = plan.changes.map(change => ({ ...row(change), write: false }));
  const shown = await vscode.window.showQuickPick([write, ...rows], {
    title: 'Align Pins',
    placeHolder: 'What would change; Enter writes it, Escape leaves all as it is',
    matchOnDescription: true,
  });
  if (shown === undefined) return;
  const answer = await lock(session, output, file, []);
  if (answer !== undefined) void told(file, answer);
}

// The program reads what is on the disk; so what is in the editor is saved first.
async function lock(
  session: Session,
  output: vscode.LogOutputChannel,
  file: vscode.Uri,
  more: readonly string[],
): Promise<LockAnswer | undefined> {
  const document = await vscode.workspace.openTextDocument(file);
  if (document.isDirty && !(await document.save())) {
    throw new Error(`${path.basename(file.fsPath)} could not be saved, so it was not locked.`);
  }
  const { command, env } = await session.program();
  const clone = cloneOfNixpkgs();
  const args = ['lock', file.fsPath, '--json', ...more, ...(clone === '' ? [] : ['--repo', clone])];
  const folder = path.dirname(file.fsPath);
  const ran = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Choosing versions and revisions', cancellable: true },
    async (_, token) => {
      const ran = await run(command, args, { env, folder, token });
      return token.isCancellationRequested ? undefined : ran;
    },
  );
  if (ran === undefined) return undefined;
  output.info(`nix-archiver ${args.join(' ')} ended with ${ran.code}.${ran.err === '' ? '' : `\n${ran.err}`}`);
  if (ran.code !== 0) {
    void refused(ran, output);
    return undefined;
  }
  return JSON.parse(ran.out) as LockAnswer;
}

async function refused(ran: Ran, output: vscode.LogOutputChannel): Promise<void> {
  const first = ran.err.split('\n').find(line => /^(error|help)\b/.test(line)) ?? ran.err.split('\n')[0] ?? '';
  const why = first.replace(/^error(\[[\w-]+\])?:?\s*/, '');
  const answer = await vscode.window.showErrorMessage(`The pins were not locked: ${why}`, SHOW_PROBLEMS, SHOW_OUTPUT);
  if (answer === SHOW_PROBLEMS) await vscode.commands.executeCommand('workbench.actions.view.problems');
  else if (answer === SHOW_OUTPUT) output.show();
}

async function told(file: vscode.Uri, answer: LockAnswer): Promise<void> {
  const changes = answer.changes.length;
  const what = answer.changed
    ? `Locked ${sum(answer)}; ${changes} change${changes === 1 ? '' : 's'}.`
    : `The lock is up to date: ${sum(answer)}.`;
  const chosen = await vscode.window.showInformationMessage(what, OPEN_LOCK);
  if (chosen === OPEN_LOCK) await vscode.window.showTextDocument(lockOf(file));
}

function sum({ pins, revisions }: LockAnswer): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  return `${count(pins, 'pin')} on ${count(revisions.length, 'revision')} of nixpkgs`;
}

function row({ attrPath, from, to }: LockAnswer['changes'][number]): vscode.QuickPickItem {
  const commit = (state: PinState) => state.commit?.slice(0, 12) ?? 'no revision';
  const label = segments(attrPath)?.join('.') ?? attrPath;
  if (to === null) return { label: `$(remove) ${label}`, description: `${from?.version ?? ''} is no longer pinned` };
  if (from === null) return { label: `$(add) ${label}`, description: `${to.version} from ${commit(to)}` };
  const version = from.version === to.version ? to.version : `${from.version} → ${to.version}`;
  return { label: `$(arrow-swap) ${label}`, description: `${version} from ${commit(to)} (was ${commit(from)})` };
}
