'use strict';
// What the language server does, as VS Code understands it.

const assert = require('node:assert/strict');
const vscode = require('vscode');

const { fixes, hover, label, noProblems, open, problems, suggestions, until } = require('./helpers');

// The order is that of versions: by text 8.9.4 would come first, by time 20.10.0.
const NODEJS = ['20.11.0', '20.10.0', '18.13.0', '10.15.0', '8.9.4'];

suite('other Nix files', () => {
  test('pins in the forms of the library are served', async () => {
    const text = 'archiver.mkDevShell {\n  packages = [ "nodejs@1$0" "ripgerp@13.0.0" ];\n}\n';
    const file = await open('elsewhere', text, '\n', 'shell.nix');
    assert.deepEqual((await suggestions(file, file.cursor)).map(label), ['18.13.0', '10.15.0']);
    const found = await problems(file);
    assert.ok(found.some(problem => file.document.getText(problem.range) === 'ripgerp'), JSON.stringify(found));
  });

  test('files without any are left alone', async () => {
    await noProblems(await open('no-pins', '{ packages = [ "ripgerp@13.0.0" ]; nodejs = "0"; }\n', '\n', 'other.nix'));
  });
});

suite('completion of versions', () => {
  for (const [name, text] of [
    ['closed', '{\n  nodejs = "$0";\n}\n'],
    ['unclosed', '{\n  nodejs = "$0\n}\n'],
    ['at-the-end', '{\n  nodejs = "$0'],
  ]) {
    test(`every version, newest first: ${name}`, async () => {
      const file = await open(`versions-${name}`, text);
      assert.deepEqual((await suggestions(file, file.cursor)).map(label), NODEJS);
    });
  }

  test('a begun version', async () => {
    const file = await open('begun', '{\n  nodejs = "2$0\n}\n');
    assert.deepEqual((await suggestions(file, file.cursor)).map(label).slice(0, 2), ['20.11.0', '20.10.0']);
  });

  test('characters before the cursor that take two units', async () => {
    const file = await open('emoji', '{\n  /* 🦀🦀 */ nodejs = "$0"; # 🎉\n}\n');
    const found = await suggestions(file, file.cursor);
    assert.deepEqual(found.map(label), NODEJS);
    await accept(file, '18.13.0');
    assert.equal(file.document.lineAt(1).text, '  /* 🦀🦀 */ nodejs = "18.13.0"; # 🎉');
  });

  test('Windows line endings', async () => {
    const file = await open('crlf', '{\n  python3 = "3.6.4";\n  nodejs = "$0";\n}\n', '\r\n');
    assert.equal(file.document.eol, vscode.EndOfLine.CRLF);
    assert.deepEqual((await suggestions(file, file.cursor)).map(label), NODEJS);
    await accept(file, '10.15.0');
    assert.equal(file.document.getText(), '{\r\n  python3 = "3.6.4";\r\n  nodejs = "10.15.0";\r\n}\r\n');
  });

  test('the whole old version is replaced', async () => {
    const file = await open('replaced', '{\n  nodejs = "8.$09.4";\n}\n');
    await accept(file, '8.9.4');
    assert.equal(file.document.lineAt(1).text, '  nodejs = "8.9.4";');
  });
});

suite('completion of names', () => {
  test('by prefix, with the newest version and what it is', async () => {
    const file = await open('names', '{\n  ripg$0\n}\n');
    const found = await suggestions(file, file.cursor);
    assert.deepEqual(found.map(label).slice(0, 2), ['ripgrep', 'ripgrep-all']);
    const shown = JSON.stringify([found[0].label, found[0].detail]);
    assert.match(shown, /14\.1\.0/);
    assert.match(shown, /Search tool that knows your project/);
  });

  test('with a typing mistake', async () => {
    const file = await open('names-mistyped', '{\n  ripgerp$0\n}\n');
    assert.ok((await suggestions(file, file.cursor)).map(label).includes('ripgrep'));
  });

  test('accepting one writes the pin, with the version as the next stop', async () => {
    const file = await open('names-accepted', '{\n  nodej$0\n}\n');
    await accept(file, 'nodejs');
    assert.equal(file.document.lineAt(1).text, '  nodejs = "20.11.0";');
    const chosen = file.document.getText(file.editor.selection);
    assert.equal(chosen, '20.11.0');
  });
});

suite('hover', () => {
  test('first and last seen, the commit, and the newest versions', async () => {
    const file = await open('hover', '{\n  nodejs = "18.13.0";\n}\n');
    const text = await hover(file, new vscode.Position(1, 14));
    assert.match(text, /2023-01-10/);
    assert.match(text, /[0-9a-f]{12}/);
    assert.match(text, /20\.11\.0/);
  });
});

suite('problems', () => {
  test('an unknown package and an unknown version, each at its place', async () => {
    const file = await open('problems', '{\n  ripgerp = "13.0.0";\n  nodejs = "20.10.9";\n  python3 = "3.6.4";\n}\n');
    const found = await problems(file);
    const where = d => [typeof d.code === 'object' ? d.code.value : d.code, file.document.getText(d.range).replaceAll('"', '')];
    assert.deepEqual(found.map(where), [['unknown-package', 'ripgerp'], ['unknown-version', '20.10.9']]);
    assert.deepEqual(found.map(d => d.severity), [vscode.DiagnosticSeverity.Error, vscode.DiagnosticSeverity.Error]);
  });

  test('a version that may be newer than the index is a warning', async () => {
    const file = await open('newer', '{\n  nodejs = "21.0.0";\n}\n');
    const [found] = await problems(file);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Warning);
  });

  test('their fixes lead to real ones', async () => {
    const file = await open('fixes', '{\n  ripgerp = "13.0.0";\n  nodejs = "20.10.9";\n}\n');
    for (const [at, wanted] of [[0, /ripgrep/], [1, /20\.10\.0/]]) {
      const found = await problems(file);
      const offered = await fixes(file, found[Math.min(at, found.length - 1)]);
      const fix = offered.find(action => wanted.test(action.title));
      assert.ok(fix, `no fix like ${wanted} in ${offered.map(action => action.title)}`);
      assert.ok(await vscode.workspace.applyEdit(fix.edit));
    }
    assert.equal(file.document.getText(), '{\n  ripgrep = "13.0.0";\n  nodejs = "20.10.0";\n}\n');
    await noProblems(file);
  });

  test('a syntax error elsewhere does not stop the rest', async () => {
    const file = await open('broken', '{\n  nodejs = "20.10.9";\n  python3 = ;\n  ripgrep = "$0\n}\n');
    assert.ok((await problems(file)).some(d => JSON.stringify(d.code).includes('unknown-version')));
    assert.deepEqual((await suggestions(file, file.cursor)).map(label), ['14.1.0', '13.0.0', '0.8.0']);
  });

  test('silence on a correct file, and on one without pins', async () => {
    await noProblems(await open('correct', '{\n  nodejs = "20.11.0";\n  python3 = "3.11.7";\n}\n'));
    await noProblems(await open('no-pins', '{ pkgs }: pkgs.mkShell { buildInputs = [ pkgs.hello ]; }\n'));
  });
});

/** Accepts a suggestion as a person does: opens the list, moves to it, presses Enter. */
async function accept(file, wanted) {
  const found = await suggestions(file, file.editor.selection.active);
  const item = found.find(i => label(i) === wanted);
  assert.ok(item, `${wanted} is not among ${found.map(label)}`);
  const { insertText, range } = item;
  const where = range?.replacing ?? range ?? item.textEdit.range;
  const text = typeof insertText === 'string' ? new vscode.SnippetString(insertText.replaceAll('$', '\\$')) : insertText;
  await file.editor.insertSnippet(text ?? new vscode.SnippetString(label(item)), where);
}
