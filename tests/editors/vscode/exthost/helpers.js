'use strict';
// What the tests inside VS Code have in common.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const folder = () => vscode.workspace.workspaceFolders[0].uri.fsPath;

/** Waits until `question` has an answer that is not empty, false or undefined. */
async function until(question, what, patience = 20_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await question();
    if (answer && !(Array.isArray(answer) && answer.length === 0)) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/**
 * Opens a file, packages.nix unless it is said otherwise, in a folder of its own with this text. The mark `$0` is taken out and says where the
 * cursor is. `ending` is the line ending on disk.
 */
async function open(name, marked, ending = '\n', called = 'packages.nix') {
  const at = marked.indexOf('$0');
  const text = marked.replace('$0', '').replaceAll('\n', ending);
  const file = path.join(folder(), name, called);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  const document = await vscode.workspace.openTextDocument(file);
  const editor = await vscode.window.showTextDocument(document);
  const before = marked.slice(0, Math.max(at, 0)).split('\n');
  const cursor = new vscode.Position(before.length - 1, before.at(-1).length);
  editor.selection = new vscode.Selection(cursor, cursor);
  return { document, editor, cursor };
}

/** The suggestions of our server at a place, in the order in which VS Code shows them. */
async function suggestions({ document }, cursor) {
  const list = await vscode.commands.executeCommand(
    'vscode.executeCompletionItemProvider', document.uri, cursor, undefined, 200,
  );
  const ours = list.items.filter(item => item.sortText !== undefined);
  return ours.sort((a, b) => (a.sortText < b.sortText ? -1 : 1));
}

const label = item => (typeof item.label === 'string' ? item.label : item.label.label);

/** Our problems of a document, as soon as there are some. */
async function problems({ document }) {
  return await until(() => ofOurs(document), `problems in ${document.uri.fsPath}`);
}

/** Waits until a document has none of our problems; they must stay away for a while. */
async function noProblems({ document }) {
  await until(() => ofOurs(document).length === 0, `no problems in ${document.uri.fsPath}`);
  await new Promise(resolve => setTimeout(resolve, 500));
  assert.deepEqual(ofOurs(document).map(d => d.message), []);
}

function ofOurs(document) {
  return vscode.languages.getDiagnostics(document.uri).filter(d => d.source === 'nix-archiver');
}

/** The hover text at a place. */
async function hover({ document }, position) {
  const found = await vscode.commands.executeCommand('vscode.executeHoverProvider', document.uri, position);
  return found.flatMap(h => h.contents).map(c => (typeof c === 'string' ? c : c.value)).join('\n');
}

/** The quick fixes for a problem. */
async function fixes({ document }, problem) {
  return await vscode.commands.executeCommand(
    'vscode.executeCodeActionProvider', document.uri, problem.range, vscode.CodeActionKind.QuickFix.value, 20,
  );
}

/** Our extension. */
const extension = () => vscode.extensions.getExtension('nix-archiver.nix-archiver');

/** Sets a setting of ours for all windows; undefined takes it back. */
async function set(name, value) {
  await vscode.workspace.getConfiguration('nix-archiver').update(name, value, vscode.ConfigurationTarget.Global);
}

/** Runs `during` with these settings of ours (for all windows), and takes them back. */
async function settings(values, during) {
  try {
    for (const [name, value] of Object.entries(values)) await set(name, value);
    return await during();
  } finally {
    for (const name of Object.keys(values)) await set(name, undefined);
  }
}

/** The process ids of the servers that this VS Code started. */
function servers() {
  return fs.readdirSync('/proc').filter(entry => /^\d+$/.test(entry)).filter(pid => {
    try {
      const parent = /^PPid:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return Number(parent) === process.pid && path.basename(command[0]) === 'nix-archiver';
    } catch {
      return false;
    }
  }).map(Number);
}

module.exports = { extension, fixes, folder, hover, label, noProblems, open, problems, servers, set, settings, suggestions, until };
