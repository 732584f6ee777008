// Search Package: a list that is asked for while the user types.

import * as vscode from 'vscode';

import type { FoundPackage, Questions } from '../server/questions';

/** How long the user has to pause before the server is asked, in milliseconds. */
const PAUSE = 120;

/** How many packages are listed. */
const LIMIT = 100;

interface PackageItem extends vscode.QuickPickItem {
  found?: FoundPackage;
}

/** Lets the user find a package; undefined if they go away. */
export async function choosePackage(questions: Questions, begin = ''): Promise<string | undefined> {
  const pick = vscode.window.createQuickPick<PackageItem>();
  pick.title = 'Search Package';
  pick.placeholder = 'A name, such as nodejs or python3Packages.req, or words, such as web browser';
  pick.value = begin;
  // What the server found stays, though its name may not have the words.
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;

  let timer: NodeJS.Timeout | undefined;
  let asking: vscode.CancellationTokenSource | undefined;
  const look = async (text: string): Promise<void> => {
    asking?.cancel();
    if (text.trim() === '') {
      pick.busy = false;
      pick.items = [];
      return;
    }
    const mine = (asking = new vscode.CancellationTokenSource());
    pick.busy = true;
    try {
      const found = await questions.search(text.trim(), LIMIT, mine.token);
      if (!mine.token.isCancellationRequested) pick.items = found.length > 0 ? found.map(item) : [nothing(text)];
    } catch (error) {
      if (!mine.token.isCancellationRequested) pick.items = [trouble(error)];
    } finally {
      if (!mine.token.isCancellationRequested) pick.busy = false;
      mine.dispose();
    }
  };
  try {
    return await new Promise<string | undefined>(resolve => {
      pick.onDidChangeValue(text => {
        clearTimeout(timer);
        timer = setTimeout(() => void look(text), PAUSE);
      });
      pick.onDidAccept(() => {
        const chosen = pick.selectedItems[0]?.found;
        if (chosen !== undefined) resolve(chosen.name);
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
      void look(begin);
    });
  } finally {
    clearTimeout(timer);
    asking?.cancel();
    pick.dispose();
  }
}

function item(found: FoundPackage): PackageItem {
  const versions = `${found.versions} version${found.versions === 1 ? '' : 's'}`;
  const alias = found.aliasOf === null ? '' : ` · another name of ${found.aliasOf}`;
  return {
    label: found.name,
    description: `${found.newest} · seen until ${found.newestSeen} · ${versions}${alias}`,
    detail: found.description ?? '',
    alwaysShow: true,
    found,
  };
}

function nothing(text: string): PackageItem {
  return { label: `Nothing was found for “${text}”`, detail: 'Try fewer letters, or other words.', alwaysShow: true };
}

function trouble(error: unknown): PackageItem {
  const why = error instanceof Error ? error.message : String(error);
  return { label: 'The server cannot answer', detail: why, alwaysShow: true };
}
