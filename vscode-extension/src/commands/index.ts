// Update Index: `nix-archiver index` on the user's clone of nixpkgs.

import * as os from 'node:os';

import * as vscode from 'vscode';

import { run } from '../program';
import type { Session } from '../session';
import { branchesToIndex, cloneOfNixpkgs, SECTION } from '../settings';

const CHOOSE = 'Choose Folder…';
const SHOW_OUTPUT = 'Show Output';

/** Reads what is new in the clone into the version index; asks where the clone is if nobody has said. */
export async function updateIndex(session: Session, output: vscode.LogOutputChannel): Promise<void> {
  const clone = cloneOfNixpkgs() || (await chooseClone());
  if (clone === undefined) return;
  const { command, env } = await session.program();
  const branches = branchesToIndex().flatMap(branch => ['--branch', branch]);
  const args = ['index', '--repo', clone, ...branches];
  output.info(`nix-archiver ${args.join(' ')}`);
  const ran = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Reading ${clone}`, cancellable: true },
    async (progress, token) => {
      let done = 0;
      const onLine = (line: string): void => {
        output.info(line);
        // "640 of 12000 commits (2018-02-01), 85 a second, 133 seconds left"
        const counted = /^(\d+) of (\d+) commits/.exec(line);
        const percent = counted === null ? done : (Number(counted[1]) / Number(counted[2])) * 100;
        progress.report({ message: line, increment: percent - done });
        done = percent;
      };
      return await run(command, args, { env, folder: os.homedir(), token, onLine });
    },
  );
  const said = ran.out.trim();
  if (said !== '') output.info(said);
  const lines = (ran.code === 0 ? said : ran.err).split('\n').filter(line => line !== '');
  if (ran.code === 0) {
    const stopped = lines.find(line => line.startsWith('stopped early'));
    const read = lines[0] ?? 'The index is up to date';
    void vscode.window.showInformationMessage([read, ...(stopped === undefined ? [] : [stopped])].join('. '));
    return;
  }
  const why = lines.find(line => line.startsWith('error: '))?.slice('error: '.length) ?? lines.at(-1) ?? '';
  const answer = await vscode.window.showErrorMessage(`The index was not updated: ${why}`, CHOOSE, SHOW_OUTPUT);
  if (answer === SHOW_OUTPUT) output.show();
  else if (answer === CHOOSE && (await chooseFolder()) !== undefined) await updateIndex(session, output);
}

async function chooseClone(): Promise<string | undefined> {
  const answer = await vscode.window.showInformationMessage(
    'The version index is made from a clone of nixpkgs on this machine (git clone https://github.com/NixOS/nixpkgs). ' +
      'Which folder is it in?',
    CHOOSE,
  );
  return answer === CHOOSE ? await chooseFolder() : undefined;
}

// It is remembered for all windows: a clone of nixpkgs is not one project's.
async function chooseFolder(): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    title: 'The Folder of a Clone of nixpkgs',
    openLabel: 'Use This Clone',
  });
  const folder = chosen?.[0]?.fsPath;
  if (folder === undefined) return undefined;
  const settings = vscode.workspace.getConfiguration(SECTION);
  await settings.update('nixpkgs.clone', folder, vscode.ConfigurationTarget.Global);
  return folder;
}
