// Show Available Versions: all of them with their dates, newest first; the one that is looked at is
// shown in the text before it is taken.

import * as vscode from 'vscode';

import { ago } from '../age';
import type { Pin } from '../pins';
import type { Questions, Release, Versions } from '../server/questions';

interface VersionItem extends vscode.QuickPickItem {
  release: Release;
}

const COPY: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('copy'),
  tooltip: 'Copy the command that gets this version',
};
const COMMIT: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('git-commit'),
  tooltip: 'Open the nixpkgs commit',
};

/**
 * Lets the user choose one of a package's versions; undefined if they go away. `pin` is the pin that
 * the version is for, if there is one already.
 */
export async function chooseVersion(
  path: string,
  pin: Pin | undefined,
  questions: Questions,
): Promise<string | undefined> {
  const versions = await questions.versions(path);
  if (versions === null) {
    throw new Error(`The index has never seen a package ${path}. Search Package finds packages by name or words.`);
  }
  const preview = new Preview(pin);
  const pick = vscode.window.createQuickPick<VersionItem>();
  pick.title = `Available Versions of ${path}`;
  pick.placeholder = 'Type a version, or a date such as 2023';
  pick.matchOnDescription = true;
  pick.items = items(versions, pin?.requirement);
  const current = pick.items.find(item => item.release.version === pin?.requirement);
  if (current !== undefined) pick.activeItems = [current];
  try {
    return await new Promise<string | undefined>(resolve => {
      pick.onDidChangeActive(([active]) => preview.show(active?.release));
      pick.onDidTriggerItemButton(({ button, item }) => {
        if (button === COPY) void copy(path, item.release);
        else void vscode.env.openExternal(commitPage(item.release));
      });
      pick.onDidAccept(() => resolve(pick.selectedItems[0]?.release.version));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    preview.dispose();
    pick.dispose();
  }
}

function items(versions: Versions, current: string | undefined): VersionItem[] {
  return versions.releases.map(release => {
    const marks = [
      ...(release.version === current ? ['pinned now'] : []),
      ...(release.broken ? ['marked as broken'] : []),
      ...(release.knownVulnerabilities.length > 0 ? ['known vulnerabilities'] : []),
    ];
    return {
      label: release.version,
      description: [when(release), ...marks].join(' · '),
      buttons: [COPY, COMMIT],
      release,
    };
  });
}

/** When a version was there, in words. */
export function when({ first, last, open }: Release): string {
  if (open) return `since ${first.date}`;
  if (first.date === last.date) return first.date;
  return `${first.date} to ${last.date}`;
}

async function copy(path: string, { version, last }: Release): Promise<void> {
  const target = `nixpkgs/${last.commit}#${path}`;
  const plain = /^[A-Za-z0-9/#._-]+$/.test(target);
  await vscode.env.clipboard.writeText(`nix shell ${plain ? target : `'${target.replaceAll("'", String.raw`'\''`)}'`}`);
  vscode.window.setStatusBarMessage(`Copied the command that gets ${path} ${version}`, 5000);
}

function commitPage({ last }: Release): vscode.Uri {
  return vscode.Uri.parse(`https://github.com/NixOS/nixpkgs/commit/${last.commit}`);
}

// Nothing is written before it is chosen: a preview that edits would fill the list of undo steps.
class Preview {
  private readonly added = vscode.window.createTextEditorDecorationType({
    after: {
      color: new vscode.ThemeColor('editorGhostText.foreground'),
      margin: '0 0 0 1ch',
    },
  });
  private readonly editors: readonly vscode.TextEditor[];

  constructor(private readonly pin: Pin | undefined) {
    const shown = (editor: vscode.TextEditor) => editor.document.uri.toString() === pin?.file.toString();
    this.editors = vscode.window.visibleTextEditors.filter(shown);
  }

  show(release: Release | undefined): void {
    const { pin } = this;
    if (pin === undefined) return;
    const text = release === undefined || release.version === pin.requirement ? '' : `→ ${words(release)}`;
    for (const editor of this.editors) {
      const after = { contentText: text };
      editor.setDecorations(this.added, text === '' ? [] : [{ range: pin.range, renderOptions: { after } }]);
      editor.revealRange(pin.range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    }
  }

  dispose(): void {
    this.added.dispose();
  }
}

function words(release: Release): string {
  const seen = release.open ? 'in nixpkgs now' : `last seen ${ago(release.last.date, Date.now())}`;
  return `${release.version} · ${when(release)} · ${seen}`;
}
