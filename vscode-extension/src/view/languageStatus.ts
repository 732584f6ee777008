// The item behind the braces in the status bar: whether the server runs, and how far its index goes.

import * as vscode from 'vscode';

import { PACKAGES_NIX } from '../client';
import { newestDay } from '../commands/status';
import type { Overview, Watch } from './overview';

/** The item. */
export class LanguageStatus implements vscode.Disposable {
  private readonly item = vscode.languages.createLanguageStatusItem('nix-archiver.status', PACKAGES_NIX);
  private readonly looked: vscode.Disposable;

  constructor(watch: Watch) {
    this.item.name = 'Nix-Archiver';
    this.item.command = { command: 'nix-archiver.showStatus', title: 'Show Status' };
    this.show(watch.now);
    this.looked = watch.onDidLook(overview => this.show(overview));
  }

  dispose(): void {
    vscode.Disposable.from(this.looked, this.item).dispose();
  }

  private show({ server, index }: Overview): void {
    const { text, detail, severity, busy, repair } = words({ server, index, files: [] });
    this.item.text = text;
    this.item.detail = detail;
    this.item.severity = severity;
    this.item.busy = busy;
    this.item.command = repair ?? { command: 'nix-archiver.showStatus', title: 'Show Status' };
  }
}

interface Words {
  text: string;
  detail: string;
  severity: vscode.LanguageStatusSeverity;
  busy: boolean;
  repair?: vscode.Command;
}

function words({ server, index }: Overview): Words {
  const { Error, Information } = vscode.LanguageStatusSeverity;
  const calm = { severity: Information, busy: false };
  if (server.name === 'failed') {
    const repair = { command: 'nix-archiver.restartServer', title: 'Restart Server' };
    return { text: 'Not running', detail: server.why, severity: Error, busy: false, repair };
  }
  if (server.name === 'stopped') return { text: 'Stopped', detail: 'the language server', ...calm };
  if (server.name === 'starting' || index === undefined || index.state === 'loading') {
    return { text: 'Starting', detail: 'the language server', severity: Information, busy: true };
  }
  if (index.state === 'failed') {
    const repair = { command: 'nix-archiver.updateVersionIndex', title: 'Update Index' };
    return { text: 'No index', detail: index.why, severity: Error, busy: false, repair };
  }
  const { origin, packages } = index.covers;
  const which = origin === 'starter' ? 'starter index' : 'index';
  return { text: `nixpkgs up to ${newestDay(index.covers)}`, detail: `${which} of ${packages} packages`, ...calm };
}
