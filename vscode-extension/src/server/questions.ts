// What the server is asked beside what editors ask of every language server. The commands are
// described in docs/commands.md.

import { randomUUID } from 'node:crypto';

import * as vscode from 'vscode';
import { WorkDoneProgress } from 'vscode-languageclient/node';

import type { Session } from '../session';

/** A package in a list. */
export interface FoundPackage {
  name: string;
  aliasOf: string | null;
  newest: string;
  newestSeen: string;
  versions: number;
  description: string | null;
}

/** A version of a package, and when it was there. */
export interface Release {
  version: string;
  first: { commit: string; date: string };
  last: { commit: string; date: string };
  open: boolean;
  broken: boolean;
  knownVulnerabilities: string[];
}

/** All versions of a package, newest first. */
export interface Versions {
  name: string;
  aliasOf: string | null;
  releases: Release[];
}

/** What the server says of itself. */
export interface Status {
  version: string;
  index:
    | { state: 'loading' }
    | { state: 'failed'; why: string }
    | { state: 'open'; covers: Coverage };
  files: string[];
  columns: string;
}

/** What the version index covers. */
export interface Coverage {
  origin: 'starter' | 'indexed';
  branches: { name: string; from: Moment; head: Moment; commits: number }[];
  packages: number;
  releases: number;
}

/** A commit and its date in seconds since 1970. */
export interface Moment {
  id: string;
  date: number;
}

/** What came of writing a lock. */
export interface LockAnswer {
  changed: boolean;
  pins: number;
  revisions: number;
  changes: string[];
  /** What else is to be said of it, each in a sentence without its stop. */
  notes: string[];
}

/** What came of aligning pins. */
export interface AlignAnswer {
  edits: number;
  revisionsBefore: number;
  revisionsAfter: number;
}

/** How far long work is. */
export type Report = (progress: { message?: string; percentage?: number }) => void;

/** A pin or a set in the outline of a file. */
export interface OutlineEntry {
  name: string;
  detail?: string;
  range: vscode.Range;
  selectionRange: vscode.Range;
  children?: OutlineEntry[];
}

/** Where a definition is, as the protocol has it. */
interface Link {
  targetUri: string;
  targetRange: { start: Place; end: Place };
}

interface Place {
  line: number;
  character: number;
}

/** The server is not there to be asked. */
export class NotRunning extends Error {}

const NOT_RUNNING = 'The language server does not run.';

/** Asks the server of a session. Each question rejects with the server's own words if it refuses. */
export class Questions {
  constructor(private readonly session: Session) {}

  /** Packages whose name begins with the text, then those that have its words. */
  async search(text: string, limit: number, token?: vscode.CancellationToken): Promise<FoundPackage[]> {
    return (await this.command<{ packages: FoundPackage[] }>('search', [text, limit], token)).packages;
  }

  /** All versions of a package; `null` if it was never seen. */
  async versions(path: string): Promise<Versions | null> {
    return await this.command('versions', [path]);
  }

  /** Pins a package in an open file, to the newest version if none is named. */
  async pin(file: vscode.Uri, path: string, version?: string): Promise<{ name: string; version: string }> {
    return await this.command('pin', [file.toString(), path, ...(version === undefined ? [] : [version])]);
  }

  /** Writes the lock beside a file. */
  async lock(file: vscode.Uri, token: vscode.CancellationToken, report: Report): Promise<LockAnswer> {
    return await this.longCommand('lock', [file.toString()], token, report);
  }

  /** Moves exact pins within their lines, so that fewer revisions serve all. */
  async align(file: vscode.Uri, token: vscode.CancellationToken, report: Report): Promise<AlignAnswer> {
    return await this.longCommand('align', [file.toString()], token, report);
  }

  /** The text of a file of nixpkgs, by an address of the server's. */
  async source(uri: vscode.Uri): Promise<string> {
    return (await this.ask<{ text: string }>('nix-archiver/source', { uri: uri.toString() })).text;
  }

  /** The pin that an entry of a packages.lock is of. */
  async pinOfEntry(lock: vscode.Uri, position: vscode.Position): Promise<vscode.Location | undefined> {
    const { line, character } = position;
    const params = { textDocument: { uri: lock.toString() }, position: { line, character } };
    const [link] = (await this.ask<Link[] | null>('textDocument/definition', params)) ?? [];
    if (link === undefined) return undefined;
    const { start, end } = link.targetRange;
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    return new vscode.Location(vscode.Uri.parse(link.targetUri), range);
  }

  /** What the server says of itself. */
  async status(): Promise<Status> {
    return await this.command('status', []);
  }

  /** The pins of an open file. */
  async outline(file: vscode.Uri): Promise<OutlineEntry[]> {
    const textDocument = { uri: file.toString() };
    return (await this.ask<OutlineEntry[] | null>('textDocument/documentSymbol', { textDocument })) ?? [];
  }

  private command<T>(name: string, args: unknown[], token?: vscode.CancellationToken): Promise<T> {
    return this.ask('workspace/executeCommand', { command: `nix-archiver.${name}`, arguments: args }, token);
  }

  private async longCommand<T>(
    name: string,
    args: unknown[],
    token: vscode.CancellationToken,
    report: Report,
  ): Promise<T> {
    const { state } = this.session;
    if (state.name !== 'running') throw new NotRunning(NOT_RUNNING);
    const workDoneToken = randomUUID();
    const listening = state.client.onProgress(WorkDoneProgress.type, workDoneToken, value => report(value));
    try {
      const params = { command: `nix-archiver.${name}`, arguments: args, workDoneToken };
      return await this.ask<T>('workspace/executeCommand', params, token);
    } finally {
      listening.dispose();
    }
  }

  private async ask<T>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<T> {
    const { state } = this.session;
    if (state.name !== 'running') throw new NotRunning(NOT_RUNNING);
    // An argument that is there and undefined would count as another parameter of the request.
    return await (token === undefined
      ? state.client.sendRequest<T>(method, params)
      : state.client.sendRequest<T>(method, params, token));
  }
}
