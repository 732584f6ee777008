// Show Status: what runs, what it answers from, and how each file stands; as text, so that it can be
// copied into a report.

import * as vscode from 'vscode';

import { ago, dayOf } from '../age';
import { lockOf } from '../files';
import { lockState, inWords } from '../lock';
import { pinFiles, pinsOf } from '../pins';
import { readLockFile } from '../view/lockFile';
import type { Coverage, Questions, Status } from '../server/questions';
import type { Session } from '../session';
import { cloneOfNixpkgs } from '../settings';

const SCHEME = 'nix-archiver-status';
const ADDRESS = vscode.Uri.from({ scheme: SCHEME, path: 'Nix-Archiver Status.md' });

/** The text of the status, as a read-only document that is written anew each time it is shown. */
export class StatusDocument implements vscode.TextDocumentContentProvider {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly session: Session,
    private readonly questions: Questions,
  ) {}

  /** Registers it with VS Code. */
  register(): vscode.Disposable {
    return vscode.Disposable.from(this.changed, vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  /** Shows it. */
  async show(): Promise<void> {
    this.changed.fire(ADDRESS);
    const document = await vscode.workspace.openTextDocument(ADDRESS);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async provideTextDocumentContent(): Promise<string> {
    const parts = ['# Nix-Archiver', await this.server(), await this.files(), this.window()];
    return `${parts.join('\n\n')}\n`;
  }

  private async server(): Promise<string> {
    const { state } = this.session;
    switch (state.name) {
      case 'running': {
        const { command, origin, version } = state.server;
        const where = `- Server: ${command} (${origin}), version ${version}`;
        try {
          const status = await this.questions.status();
          return [where, `- Columns are counted in ${status.columns}`, `- Index: ${indexInWords(status)}`].join('\n');
        } catch (error) {
          return `${where}\n- It does not answer: ${String(error)}`;
        }
      }
      case 'failed':
        return `- Server: not running. ${state.why}`;
      default:
        return `- Server: ${state.name}`;
    }
  }

  private async files(): Promise<string> {
    const lines = ['## Files', ''];
    for (const file of await pinFiles()) {
      const name = vscode.workspace.asRelativePath(file, true);
      const lock = await readLockFile(lockOf(file));
      try {
        const pins = await pinsOf(file, this.questions);
        const counts = new Map<string, number>();
        for (const pin of pins) {
          const state = inWords(lockState(lock, pin.path, pin.requirement));
          counts.set(state, (counts.get(state) ?? 0) + 1);
        }
        const states = [...counts].map(([state, count]) => `${count} ${state}`);
        lines.push(`- ${name}: ${pins.length} pins${states.length > 0 ? ` (${states.join(', ')})` : ''}`);
      } catch (error) {
        lines.push(`- ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (lines.length === 2) lines.push('- There is no packages.nix in this window.');
    return lines.join('\n');
  }

  private window(): string {
    const clone = cloneOfNixpkgs();
    return [
      '## Window',
      '',
      `- VS Code ${vscode.version}, ${process.platform} on ${process.arch}`,
      `- Trusted: ${vscode.workspace.isTrusted ? 'yes' : 'no; settings of the folder that name programs or paths are left out'}`,
      `- Clone of nixpkgs: ${clone === '' ? 'none named' : clone}`,
    ].join('\n');
  }
}

/** How the index stands, in words. */
export function indexInWords({ index }: Status): string {
  switch (index.state) {
    case 'loading':
      return 'being opened';
    case 'failed':
      return `cannot be used: ${index.why}`;
    case 'open':
      return covers(index.covers);
  }
}

function covers({ origin, branches, packages, releases }: Coverage): string {
  const from = origin === 'starter' ? 'the starter index that the program carries' : 'made from a clone';
  const each = branches.map(({ name, head }) => {
    const day = dayOf(head.date);
    return `${name} up to ${day} (${ago(day, Date.now())}), commit ${head.id.slice(0, 12)}`;
  });
  return `${from}; ${packages} packages, ${releases} versions; ${each.join('; ')}`;
}

/** The newest day that an index covers; undefined for an empty one. */
export function newestDay({ branches }: Coverage): string | undefined {
  const dates = branches.map(branch => branch.head.date);
  return dates.length === 0 ? undefined : dayOf(Math.max(...dates));
}
