// The view “Pinned Packages”: each pin with its newest version, how old it is and how it stands in
// the lock. Everything that an icon says is said in words too.

import * as vscode from 'vscode';

import { ago } from '../age';
import { hasNewer, release, type Facts, type FactsMemory } from '../facts';
import { inLock, inWords, lockState, type Lock } from '../lock';
import type { Pin } from '../pins';
import type { Overview, PinnedFile, Watch } from './overview';
import { newestDay } from '../commands/status';

const VIEW = 'nix-archiver.pins';

type Node = { kind: 'file'; of: PinnedFile } | { kind: 'pin'; pin: Pin; lock: Lock };

/** The tree. */
export class PinTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly view: vscode.TreeView<Node>;
  private readonly looked: vscode.Disposable;
  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly watch: Watch) {
    this.view = vscode.window.createTreeView(VIEW, { treeDataProvider: this, showCollapseAll: true });
    this.looked = watch.onDidLook(overview => {
      const message = aboutTheIndex(overview);
      // There is no way to take a message back but to leave it empty.
      this.view.message = message ?? '';
      this.changed.fire();
    });
  }

  dispose(): void {
    vscode.Disposable.from(this.looked, this.view, this.changed).dispose();
  }

  // With one file its pins are at the top; an empty tree makes room for what to do next.
  getChildren(node?: Node): Node[] {
    const { files } = this.watch.now;
    if (node?.kind === 'file') return pins(node.of);
    if (node !== undefined) return [];
    const filled = files.filter(file => file.pins.length > 0);
    if (files.length > 1 && filled.length > 0) return files.map(of => ({ kind: 'file', of }));
    return filled.flatMap(pins);
  }

  getTreeItem(node: Node): Promise<vscode.TreeItem> {
    return node.kind === 'file' ? Promise.resolve(fileItem(node.of)) : pinItem(node.pin, node.lock, this.watch.facts);
  }
}

function pins({ pins, lock }: PinnedFile): Node[] {
  return pins.map(pin => ({ kind: 'pin', pin, lock }));
}

function aboutTheIndex({ index, files }: Overview): string | undefined {
  if (files.every(file => file.pins.length === 0)) return undefined;
  if (index?.state === 'failed') return `The version index cannot be used: ${index.why}`;
  if (index?.state !== 'open') return undefined;
  const day = newestDay(index.covers);
  if (index.covers.origin === 'starter') return `From the starter index, up to ${day}. Update Index makes a newer one.`;
  return undefined;
}

function fileItem({ file, pins }: PinnedFile): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.workspace.asRelativePath(file, true), vscode.TreeItemCollapsibleState.Expanded);
  item.id = file.toString();
  item.resourceUri = file;
  item.iconPath = vscode.ThemeIcon.File;
  item.description = pins.length === 0 ? 'no pins' : `${pins.length} pin${pins.length === 1 ? '' : 's'}`;
  item.contextValue = 'file';
  return item;
}

async function pinItem(pin: Pin, lock: Lock, memory: FactsMemory): Promise<vscode.TreeItem> {
  const facts = await memory.of(pin.path).catch(() => undefined);
  const shown = describe(pin, lock, facts);
  const item = new vscode.TreeItem(pin.path);
  item.id = `${pin.file.toString()}#${pin.path}@${pin.range.start.line}`;
  item.description = shown.short;
  item.iconPath = new vscode.ThemeIcon(shown.icon);
  item.tooltip = new vscode.MarkdownString(`**${escape(pin.path)}**\n\n${shown.lines.map(line => `- ${escape(line)}`).join('\n')}`);
  item.accessibilityInformation = { label: `${pin.path}: ${shown.lines.join('; ')}` };
  item.contextValue = 'pin';
  item.command = {
    command: 'vscode.open',
    title: 'Show in packages.nix',
    arguments: [pin.file, { selection: pin.nameRange } satisfies vscode.TextDocumentShowOptions],
  };
  return item;
}

interface Shown {
  icon: string;
  short: string;
  lines: string[];
}

function describe(pin: Pin, lock: Lock, facts: Facts | undefined): Shown {
  const asked = pin.requirement ?? 'not a plain string';
  const state = lockState(lock, pin.path, pin.requirement);
  const inWordsNow = inWords(state);
  // A requirement stands for what the lock chose for it.
  const chosen = state === 'locked' ? inLock(lock, pin.path)?.version : undefined;
  const version = chosen ?? pin.requirement;
  const named = chosen !== undefined && chosen !== asked ? `${asked} = ${chosen}` : asked;
  const problem = problemOf(pin);
  const lines = [`Asked for: ${asked}`, ...(chosen === undefined ? [] : [`Locked: ${chosen}`])];

  const now = facts === undefined || version === undefined ? undefined : release(facts, version);
  const newer = facts !== undefined && version !== undefined && hasNewer(facts, version);
  const parts = [named];
  if (facts !== undefined) {
    lines.push(newer ? `Newest: ${facts.newest}` : `Newest: ${facts.newest}${now === undefined ? '' : ', which it is'}`);
    if (newer) parts[0] = `${named} → ${facts.newest}`;
    else parts.push(now === undefined ? `newest ${facts.newest}` : 'newest');
  }
  // The side bar is narrow: what is decided comes before how old it is.
  parts.push(inWordsNow);
  lines.push(`Lock: ${inWordsNow}`);
  if (now !== undefined) {
    const age = ago(now.last.date, Date.now());
    if (!now.open) parts.push(age);
    lines.push(now.open ? `In nixpkgs since ${now.first.date}` : `In nixpkgs from ${now.first.date} to ${now.last.date} (${age})`);
  }
  if (problem !== undefined) lines.push(`${problem.serious ? 'Error' : 'Warning'}: ${problem.message}`);
  const icon = problem === undefined ? (newer ? 'arrow-up' : 'pass') : problem.serious ? 'error' : 'warning';
  return { icon, short: parts.join(' · '), lines };
}

// The worst that is reported of the pin, by whichever server.
function problemOf(pin: Pin): { serious: boolean; message: string } | undefined {
  const found = vscode.languages
    .getDiagnostics(pin.file)
    .filter(({ range, severity }) => severity <= vscode.DiagnosticSeverity.Warning && pin.range.intersection(range) !== undefined)
    .sort((a, b) => a.severity - b.severity)[0];
  if (found === undefined) return undefined;
  return { serious: found.severity === vscode.DiagnosticSeverity.Error, message: found.message };
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>~-]/g, String.raw`\$&`);
}
