// The one server process of this window: found, started, stopped and started again, one step at a
// time however often it is asked for.

import * as os from 'node:os';
import * as path from 'node:path';

import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

import { makeClient } from './client';
import { expand, locate, programName, type Server } from './server/locate';
import { thisMachine } from './server/machine';
import { startSettings } from './settings';
import { showStartFailure } from './trouble';

/** Owns the language client. */
export class Session {
  private client: LanguageClient | undefined;
  private steps: Promise<void> = Promise.resolve();

  constructor(
    private readonly extensionFolder: string,
    private readonly output: vscode.LogOutputChannel,
  ) {}

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

  private next(step: () => Promise<void>): Promise<void> {
    this.steps = this.steps.then(step);
    return this.steps;
  }

  private async startNow(): Promise<void> {
    const settings = startSettings();
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const where = { home: os.homedir(), workspaceFolder: folder };
    try {
      const server: Server = await locate(
        {
          ...where,
          setting: settings.serverPath,
          searchPath: process.env['PATH'] ?? '',
          bundled: path.join(this.extensionFolder, 'server', programName(process.platform)),
          platform: process.platform,
        },
        thisMachine,
      );
      this.output.info(`Starting ${server.command} (${server.origin}), version ${server.version}.`);
      const index = expand(settings.indexPath.trim(), where);
      this.client = makeClient(server, settings, index, this.output);
      await this.client.start();
    } catch (error) {
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
  }
}
