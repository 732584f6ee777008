// Texts that are hard on an editor: each in a window of its own, opened as a person meets it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Journey } from '../lib/journey.mjs';
import { Workbench } from '../lib/workbench.mjs';

const NODEJS = ['20.11.0', '20.10.0', '18.13.0', '10.15.0', '8.9.4'];
const LINES = 5000;
const pins = Array.from({ length: LINES - 3 }, (_, n) => `  package-${n} = "1.${n}";\n`);
const TEXTS = {
  large: `{\n${pins.join('')}\n}\n`,
  windows: '{\r\n  python3 = "3.6.5";\r\n\r\n}\r\n',
  wide: '{\n  python3 = "3.6.5";\n  /* 🦀🦀 é 中 */ \n}\n',
  unclosed: '{\n  python3 = "3.6.5;\n\n  ripgrep = "14.1.9";\n}\n',
  nested: `{\n  nodejs = ${'['.repeat(100_000)};\n}\n`,
};

describe('texts that are hard on an editor', { timeout: 300_000 }, () => {
  const files = Object.entries(TEXTS).map(([name, text]) => [`${name}/packages.nix`, text]);
  const journey = new Journey({ files: Object.fromEntries(files), at: null });
  const is = async (locator, options) => await locator.first().waitFor({ timeout: 30_000, ...options });
  const open = async name =>
    await Workbench.open(journey.browser, journey.vscode.url, journey.file(name), 'packages.nix');
  /** Types the beginning of a pin, and takes a version from the list. */
  const pin = async window => {
    await window.type('nodejs = "');
    await window.listed(NODEJS);
    await window.moveTo('20.10.0', 'ArrowDown', '.suggest-widget.visible');
    await window.page.keyboard.press('Enter');
    await is(window.line('nodejs = "20.10.0"'));
  };
  const hovers = async (window, text) => {
    const hover = window.page.locator('.monaco-hover:visible', { hasText: text }).first();
    await window.pressUntil('Control+k Control+i', hover);
    await window.page.keyboard.press('Escape');
  };
  const save = async window => {
    await window.page.keyboard.press('Control+s');
    await is(window.page.locator('.tab.active:not(.dirty)'));
  };

  test('five thousand lines', async () => {
    const window = await open('large');
    await is(window.page.locator('.squiggly-error'));
    await window.goTo(LINES - 1);
    await pin(window);
    await hovers(window, '2024-02-02');
    await journey.picture('text-large');
    await save(window);
    assert.equal(journey.read('large/packages.nix'), `{\n${pins.join('')}nodejs = "20.10.0";\n}\n`);
  });

  test('the line endings of Windows', async () => {
    const window = await open('windows');
    await is(window.page.locator('.squiggly-error'));
    await window.goTo(3);
    await pin(window);
    await window.goTo(2, 15);
    const fix = window.page.locator('.action-widget .monaco-list-row', { hasText: '3.6.4' }).first();
    await window.pressUntil('Control+.', fix);
    await fix.click();
    await is(window.line('python3 = "3.6.4";'));
    await journey.picture('text-windows');
    await save(window);
    assert.equal(journey.read('windows/packages.nix'), '{\r\n  python3 = "3.6.4";\r\nnodejs = "20.10.0";\r\n}\r\n');
  });

  test('characters of two units before the cursor', async () => {
    const window = await open('wide');
    await is(window.page.locator('.squiggly-error'));
    await window.goTo(3);
    await window.page.keyboard.press('End');
    await pin(window);
    await hovers(window, '2024-02-02');
    await journey.picture('text-wide');
    await save(window);
    assert.match(journey.read('wide/packages.nix'), /^ {2}\/\* 🦀🦀 é 中 \*\/ nodejs = "20\.10\.0";$/m);
  });

  test('a string that is not closed', async () => {
    const window = await open('unclosed');
    // The string swallows what comes behind it for Nix, and not for us.
    await is(window.page.locator('.squiggly-error'));
    await window.goTo(4, 15);
    await hovers(window, '14.1.9');
    await window.goTo(2, 19);
    await window.page.keyboard.press('Backspace');
    await window.page.keyboard.press('Backspace');
    await window.page.keyboard.press('Control+Space');
    await window.listed(['3.6.4']);
    await journey.picture('text-unclosed');
    await window.page.keyboard.press('Enter');
    await is(window.line('python3 = "3.6.4"'));
  });

  test('a hundred thousand brackets: refused with a word, and taken back', async () => {
    const window = await open('nested');
    await is(window.page.locator('.squiggly-warning'));
    await window.command('Problems: Focus on Problems View');
    await is(window.page.locator('.markers-panel .monaco-list-row', { hasText: 'file-not-read' }));
    await journey.picture('text-nested');
    await window.page.locator('.editor-instance .view-lines').first().click();
    await window.page.keyboard.press('Control+a');
    await window.type('{ nodejs = "');
    await window.listed(NODEJS);
    await is(window.page.locator('.markers-panel .monaco-list-row', { hasText: 'file-not-read' }), { state: 'hidden' });
  });

  test('no server stumbled over any of that', () => {
    assert.match(journey.logs(), /Starting .* \(bundled\)/);
    assert.doesNotMatch(journey.logs(), /panicked|ERROR|was not started again/);
  });
});
