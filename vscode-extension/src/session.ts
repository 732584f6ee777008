// The one server process of this window: found, started, stopped and started again, one step at a
// time however often it is asked for.

import * as os from 'node:os';
import * as path from 'node:path';

import * as vscode from 'vscode';
import { State, type LanguageClient } from 'vscode-languageclient/node';

import { environment, makeClient } from './client';
import { expand, locate, programName, type Server } from './server/locate';
import { thisMachine } from './server/machine';
import { startSettings } from './settings';
import { showStartFailure } from './trouble';

/** How the server is. */
export type ServerState =
  | { name: 'stopped' | 'starting' }
  | { name: 'running'; server: Server; client: LanguageClient }
  | { name: 'failed'; why: string };

/** Owns the language client. */
export class Session implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private steps: Promise<void> = Promise.resolve();
  private now: ServerState = { name: 'stopped' };
  private readonly changed = new vscode.EventEmitter<ServerState>();

  /** Fires with each change of [`state`]. */
  readonly onDidChangeState = this.changed.event;

  constructor(
    private readonly extensionFolder: string,
    private readonly output: vscode.LogOutputChannel,
  ) {}

  /** How the server is now. */
  get state(): ServerState {
    return this.now;
  }

  /** Starts the server; a failure is shown to the user, with what to do, and logged. */
  start(): Promise<void> {
    return this.next(() => this.startNow());
  }

  /** Ends the server process and starts one anew, by the settings as they are now. */
  restart(): Promise<void> {
    return this.next(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  /** Ends the server process. */
  stop(): Promise<void> {
    return this.next(() => this.stopNow());
  }

  /** The server program and what it is run with, for its other commands. */
  async program(): Promise<{ command: string; env: NodeJS.ProcessEnv }> {
    const settings = startSettings();
    const server = this.now.name === 'running' ? this.now.server : await this.find();
    return { command: server.command, env: environment(settings, expand(settings.indexPath.trim(), where())) };
  }

  dispose(): void {
    this.changed.dispose();
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.steps = this.steps.then(step);
    return this.steps;
  }

  private set(state: ServerState): void {
    this.now = state;
    this.changed.fire(state);
  }

  private find(): Promise<Server> {
    return locate(
      {
        ...where(),
        setting: startSettings().serverPath,
        searchPath: process.env['PATH'] ?? '',
        bundled: path.join(this.extensionFolder, 'server', programName(process.platform)),
        platform: process.platform,
        untrusted: vscode.workspace.isTrusted ? [] : folders(),
      },
      thisMachine,
    );
  }

  private async startNow(): Promise<void> {
    const settings = startSettings();
    this.set({ name: 'starting' });
    try {
      const server = await this.find();
      this.output.info(`Starting ${server.command} (${server.origin}), version ${server.version}.`);
      const index = expand(settings.indexPath.trim(), where());
      const client = makeClient(server, settings, index, this.output);
      this.client = client;
      client.onDidChangeState(({ newState }) => {
        if (this.client !== client) return;
        // A server that ended is started again by the client, but not without end.
        if (newState === State.Running) this.set({ name: 'running', server, client });
        else if (newState === State.Starting) this.set({ name: 'starting' });
        else this.set({ name: 'failed', why: `${server.command} ended, and was not started again.` });
      });
      await client.start();
    } catch (error) {
      this.set({ name: 'failed', why: error instanceof Error ? error.message : String(error) });
      // Not awaited: the message stays until the user answers it.
      void showStartFailure(error, this.output);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.output.warn(`The server did not stop in good order: ${String(error)}`);
    }
    this.set({ name: 'stopped' });
  }
}

function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map(folder => folder.uri.fsPath);
}

function where(): { home: string; workspaceFolder: string | undefined } {
  return { home: os.homedir(), workspaceFolder: folders()[0] };
}
