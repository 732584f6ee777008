// The settings, read each time that they are needed. They are declared, with their meaning, in
// package.json.

import * as os from 'node:os';

import * as vscode from 'vscode';

import { expand } from './server/locate';

/** The section of every setting, and the language client's id. */
export const SECTION = 'nix-archiver';

/** The settings that matter before the server runs. */
export interface StartSettings {
  serverPath: string;
  extraArgs: string[];
  extraEnv: Record<string, string>;
  indexPath: string;
}

/** What the settings say now. In a folder that is not trusted, VS Code leaves out the folder's own. */
export function startSettings(): StartSettings {
  const section = vscode.workspace.getConfiguration(SECTION);
  return {
    serverPath: section.get('server.path', ''),
    extraArgs: section.get<string[]>('server.extraArgs', []),
    extraEnv: section.get<Record<string, string>>('server.extraEnv', {}),
    indexPath: section.get('index.path', ''),
  };
}

/** Whether a change of settings asks for a new server process. */
export function asksForRestart(change: vscode.ConfigurationChangeEvent): boolean {
  return ['server', 'index.path'].some(part => change.affectsConfiguration(`${SECTION}.${part}`));
}

/** The folder of the user's clone of nixpkgs; empty if nobody has named one. */
export function cloneOfNixpkgs(): string {
  const named = vscode.workspace.getConfiguration(SECTION).get('nixpkgs.clone', '').trim();
  return named === '' ? '' : expand(named, { home: os.homedir(), workspaceFolder: undefined });
}

/** The branches of the clone to read into the index; empty for the one that is checked out. */
export function branchesToIndex(): string[] {
  return vscode.workspace.getConfiguration(SECTION).get<string[]>('nixpkgs.branches', []);
}
