// What a person sees and does in the window of VS Code, with the packaged extension.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import { Journey } from '../lib/journey.mjs';

const NODEJS = ['20.11.0', '20.10.0', '18.13.0', '10.15.0', '8.9.4'];
const START = `{
  ripgerp-all = "0.9.6";
  python3 = "3.6.5";

}
`;

describe('packages.nix in the window', { timeout: 240_000 }, () => {
  const journey = new Journey({ files: { 'packages.nix': START }, open: 'packages.nix' });
  let window, page;
  before(() => ({ window, page } = journey));
  const picture = name => journey.picture(name);
  /** The top of the editor. */
  const TOP = { x: 352, y: 36, width: 760, height: 420 };

  test('mistakes are underlined', async () => {
    await page.locator('.squiggly-error').nth(1).waitFor({ timeout: 60_000 });
    await picture('problems');
  });

  test('typing a name and a quote lists every version, newest first', async () => {
    await window.goTo(4);
    await window.type('  nodejs = "');
    await window.listed(NODEJS);
    assert.deepEqual(await window.suggestionLabels(), NODEJS, 'and no more');
    await journey.show('versions', TOP);
  });

  test('going on to type narrows the list, in the same order', async () => {
    await window.type('1');
    await window.listed(['18.13.0', '10.15.0']);
  });

  test('Enter puts the chosen version in', async () => {
    // Soon after its start VS Code may ask for an open list anew, as when another extension comes
    // with suggestions of its own; the focus is on the first row again then.
    await page.waitForTimeout(500);
    await page.keyboard.press('ArrowDown');
    await page.locator('.monaco-list-row.focused', { hasText: '10.15.0' }).waitFor();
    await page.keyboard.press('Enter');
    await window.line('nodejs = "10.15.0"').waitFor();
    assert.match(await window.text(), /^ {2}nodejs = "10\.15\.0";?$/m, 'the quotes pair up');
  });

  test('typing a name lists packages; Enter writes the pin and offers its versions', async () => {
    await page.keyboard.press('Control+Enter');
    await window.type('ripg');
    await window.listed(['ripgrep']);
    await journey.show('names', TOP);
    await page.keyboard.press('Enter');
    await window.line('ripgrep = "14.1.0";').waitFor();
    await window.listed(['14.1.0', '13.0.0', '0.8.0']);
    await picture('pin-written');
  });

  test('typing over the version of the new pin', async () => {
    await window.type('13.0.0');
    await window.line('ripgrep = "13.0.0";').waitFor();
    await page.keyboard.press('Escape');
  });

  test('the hover says when a version was there', async () => {
    await window.goTo(4, 14);
    const hover = page.locator('.monaco-hover:visible', { hasText: '2019-02-01' }).first();
    await window.pressUntil('Control+k Control+i', hover);
    await journey.show('hover', TOP);
    await page.keyboard.press('Escape');
  });

  test('a quick fix puts the nearest name in', async () => {
    await window.goTo(2, 5);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'ripgrep-all' }).first();
    await window.pressUntil('Control+.', fix);
    await picture('quick-fix-name');
    await page.keyboard.press('Enter');
    await window.line('ripgrep-all = "0.9.6";').waitFor();
    assert.doesNotMatch(await window.text(), /ripgerp/);
  });

  test('a quick fix puts the nearest version in', async () => {
    await window.goTo(3, 15);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: '3.6.4' }).first();
    await window.pressUntil('Control+.', fix);
    await journey.show('quick-fix', TOP);
    await fix.click();
    await window.line('python3 = "3.6.4";').waitFor();
    await page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
  });

  test('what is saved is what was on the screen', async () => {
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active:not(.dirty)').waitFor();
    const saved = journey.read('packages.nix');
    assert.equal(
      saved,
      '{\n  ripgrep-all = "0.9.6";\n  python3 = "3.6.4";\n  nodejs = "10.15.0";\n  ripgrep = "13.0.0";\n}\n',
    );
  });

  test('Show Output says which server runs', async () => {
    await window.command('Nix-Archiver: Show Output');
    await page.locator('.output-view .view-line', { hasText: '(bundled), version' }).first().waitFor();
    await picture('output');
  });

  test('a server that is not there is reported with a way out', async () => {
    journey.set({ 'nix-archiver.server.path': '/nowhere/nix-archiver' });
    const message = page.locator('.notification-toast', { hasText: 'Nix-Archiver cannot start' });
    await message.waitFor({ timeout: 30_000 });
    assert.match(await message.innerText(), /\/nowhere\/nix-archiver/);
    await picture('server-missing');
    assert.equal(await page.locator('.notification-toast').count(), 1, 'one message, not several');
    await message.getByText('Open Settings').click();
    await page.locator('.settings-editor .setting-item-contents', { hasText: 'program to start' }).first().waitFor();
    await picture('server-missing-settings');
  });

  test('nothing was asked of other machines', () => assert.deepEqual([...window.outside], []));
});
