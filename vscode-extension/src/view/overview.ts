// What the window shows of the whole: worked out once for the tree and the status item, and again
// when something has changed.

import * as vscode from 'vscode';

import { FactsMemory } from '../facts';
import { isPinFile, pinFiles, pinsOf, type Pin } from '../pins';
import { lockOf } from '../files';
import type { Lock } from '../lock';
import { readLockFile } from './lockFile';
import type { Questions, Status } from '../server/questions';
import type { ServerState, Session } from '../session';

/** A file, its pins and its lock. */
export interface PinnedFile {
  file: vscode.Uri;
  pins: Pin[];
  lock: Lock;
}

/** What there is to show. */
export interface Overview {
  server: ServerState;
  /** How the index is; undefined while nobody can say. */
  index: Status['index'] | undefined;
  files: PinnedFile[];
}

/** How long changes have to pause before all is looked at again, in milliseconds. */
const PAUSE = 250;

/** Keeps an [`Overview`] up to date. */
export class Watch implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Overview>();
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  /** What there is to show, as of the last look. */
  now: Overview = { server: { name: 'starting' }, index: undefined, files: [] };

  /** Fires after each look. */
  readonly onDidLook = this.changed.event;

  constructor(
    private readonly session: Session,
    private readonly questions: Questions,
    readonly facts: FactsMemory,
  ) {
    const files = vscode.workspace.createFileSystemWatcher('**/packages.{nix,lock}');
    const soon = () => this.soon();
    const ours = (document: vscode.TextDocument) => isPinFile(document) || document.uri.path.endsWith('/packages.lock');
    this.subscriptions = [
      files,
      files.onDidCreate(soon),
      files.onDidChange(soon),
      files.onDidDelete(soon),
      session.onDidChangeState(soon),
      vscode.workspace.onDidChangeWorkspaceFolders(soon),
      vscode.workspace.onDidChangeTextDocument(({ document }) => void (ours(document) && soon())),
      // Problems change with the index: the server asks for them to be drawn anew.
      vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (uris.some(uri => uri.path.endsWith('/packages.nix'))) soon();
      }),
    ];
  }

  /** Looks again, once changes have paused. */
  soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PAUSE);
  }

  /** Looks again, now. */
  look(): Promise<void> {
    this.looking = this.looking.then(() => this.lookNow());
    return this.looking;
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions, this.changed).dispose();
  }

  private async lookNow(): Promise<void> {
    const server = this.session.state;
    const overview: Overview = { server, index: undefined, files: [] };
    if (server.name === 'running') {
      try {
        overview.index = (await this.questions.status()).index;
        this.facts.isFrom(JSON.stringify(overview.index));
        for (const file of await pinFiles()) overview.files.push(await this.read(file));
      } catch {
        // The server ended between two questions; its new state brings another look.
      }
      if (overview.index?.state === 'loading') this.soon();
    }
    this.now = overview;
    const set = (key: string, value: unknown) => vscode.commands.executeCommand('setContext', `nix-archiver.${key}`, value);
    await Promise.all([
      set('server', server.name),
      set('index', overview.index?.state ?? 'loading'),
      set('files', overview.files.length),
    ]);
    this.changed.fire(overview);
  }

  private async read(file: vscode.Uri): Promise<PinnedFile> {
    const lock = await readLockFile(lockOf(file));
    try {
      return { file, pins: await pinsOf(file, this.questions), lock };
    } catch {
      // A file that cannot be opened as text (it may have just gone) has no pins to show.
      return { file, pins: [], lock };
    }
  }
}
