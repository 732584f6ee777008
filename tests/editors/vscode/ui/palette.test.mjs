// The commands of the palette and the view of the pins, as a person meets them.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Journey } from '../lib/journey.mjs';

const PINS = `# What the web service is built with.
#
# Nix gets each version from the commit of nixpkgs that packages.lock names.
{
  # The languages
  python3 = "~3.9.1";

  # The tools
  ripgrep = "14.1.0";

  nodejs = "18.13.0";
}
`;
/** The part of the window with the side bar and the top of the editor. */
const TOP = { x: 0, y: 0, width: 1000, height: 420 };

describe('the palette and the view', { timeout: 300_000 }, () => {
  const journey = new Journey({ files: { 'packages.nix': PINS }, open: 'packages.nix' });
  const is = async (locator, options) => await locator.first().waitFor({ timeout: 20_000, ...options });
  /** Sees that there is one message, once the one that shows how far the work is has gone. */
  const oneMessage = async window => {
    await is(window.message('Locking pins'), { state: 'hidden' });
    assert.equal(await window.page.locator('.notification-toast').count(), 1, 'one message, not several');
  };

  test('the view has each pin with its newest version, its age and its lock', async () => {
    const { window } = journey;
    await window.pins();
    await is(window.rows.filter({ hasText: 'ripgrep' }));
    const row = async name => (await window.rows.filter({ hasText: name }).first().textContent()).replaceAll('\u00a0', ' ');
    assert.match(await row('nodejs'), /18\.13\.0 → 20\.11\.0 · no lock · \d+ years ago/);
    assert.match(await row('ripgrep'), /14\.1\.0 · newest · no lock/);
    assert.match(await row('python3'), /~3\.9\.1 · newest 3\.11\.7 · no lock/);
  });

  test('Show Available Versions lists them with dates', async () => {
    const { window, page } = journey;
    await window.goTo(11, 15);
    await window.list('Nix-Archiver: Show Available Versions', 'Available Versions of');
    await is(window.choices.filter({ hasText: '10.15.0' }));
    const labels = await window.choices.locator('.label-name').allTextContents();
    assert.deepEqual(labels, ['20.11.0', '20.10.0', '18.13.0', '10.15.0', '8.9.4']);
    await is(window.choices.filter({ hasText: /18\.13\.0.*pinned now/ }));
    await is(page.locator('.quick-input-widget .monaco-list-row.focused', { hasText: '18.13.0' }));
    await window.moveTo('20.10.0', 'ArrowUp');
  });

  test('the one that is looked at is shown behind the pin, and nothing is written', async () => {
    const { window, page } = journey;
    const shown = await page.waitForFunction(() =>
      [...document.querySelectorAll('.view-line span')].map(span => getComputedStyle(span, '::after').content).find(text => text.includes('→')));
    const text = (await shown.jsonValue()).replaceAll('\u00a0', ' ');
    assert.match(text, /→ 20\.10\.0 · since 2024-02-02 · in nixpkgs now/);
    assert.match(await window.text(), /nodejs = "18\.13\.0";/);
    await journey.show('choose', TOP);
  });

  test('typing narrows the list, by version or by date', async () => {
    const { window, page } = journey;
    await window.question.fill('2018');
    await is(window.choices.filter({ hasText: '8.9.4' }));
    assert.equal(await window.choices.count(), 1);
    await window.question.fill('20.1');
    await is(window.choices.filter({ hasText: '20.10.0' }));
    assert.equal(await window.choices.count(), 2);
    await window.take('20.10.0');
    await is(window.line('nodejs = "20.10.0";'));
  });

  test('one undo takes it back', async () => {
    const { window, page } = journey;
    await is(page.locator('.editor-instance .monaco-editor.focused'));
    await page.keyboard.press('Control+z');
    await is(window.line('nodejs = "18.13.0";'));
    // The hint of an update may be there again.
    assert.equal((await window.text()).replaceAll(/↑ [\d.]+/g, '').trim(), PINS.trim());
  });

  test('Escape leaves the pin as it is', async () => {
    const { window, page } = journey;
    await window.goTo(9, 15);
    await window.list('Nix-Archiver: Show Available Versions', 'Available Versions of');
    await is(window.choices.filter({ hasText: '0.8.0' }));
    await page.keyboard.press('Escape');
    await window.question.waitFor({ state: 'hidden' });
    assert.equal((await window.text()).trim(), PINS.trim());
  });

  test('Search Package finds by words, and pins what is chosen, by keyboard alone', async () => {
    const { window } = journey;
    await window.list('Nix-Archiver: Search Package', 'Search Package');
    await window.type('documents');
    await is(window.choices.filter({ hasText: 'Ripgrep, but also in documents' }));
    await journey.picture('search');
    await window.take('ripgrep-all');
    await window.take('0.9.6');
    await is(window.line('ripgrep-all = "0.9.6";'));
  });

  test('a search that finds nothing says so', async () => {
    const { window, page } = journey;
    await window.list('Nix-Archiver: Search Package', 'Search Package');
    await window.type('qqqqqqqq');
    await is(window.choices.filter({ hasText: 'Nothing was found' }));
    await page.keyboard.press('Enter');
    assert.ok(await window.question.isVisible(), 'there is nothing to take');
    await page.keyboard.press('Escape');
  });

  test('Align Pins says so where there is nothing to move', async () => {
    const { window } = journey;
    await window.command('Nix-Archiver: Align Pins');
    await is(window.message('Nothing to align: the pins need 2 revisions of nixpkgs'));
    await journey.picture('align');
    assert.equal(journey.read('packages.lock'), undefined, 'and no lock is made for it');
    // VS Code shows three messages at most, and what comes next brings some.
    await window.command('Notifications: Clear All Notifications');
  });

  test('Update Lock File writes the lock and says on how many revisions', async () => {
    const { window } = journey;
    await window.command('Nix-Archiver: Update Lock File');
    const said = window.message(/Locked 4 pins on \d revisions? of nixpkgs/);
    await is(said);
    await oneMessage(window);
    await is(window.rows.filter({ hasText: /nodejs.*18\.13\.0 → 20\.11\.0.*· locked/ }));
    await is(window.rows.filter({ hasText: /python3.*~3\.9\.1 = 3\.9\.6.*· locked/ }));
    await journey.show('pins', TOP);
    await said.getByText('Open packages.lock').click();
    await window.editing('packages.lock');
    await is(window.line('"index"'));
    await journey.show('lock', TOP);
    const { pins } = JSON.parse(journey.read('packages.lock'));
    assert.deepEqual(Object.keys(pins), ['nodejs', 'python3', 'ripgrep', 'ripgrep-all']);
  });

  test('a pin that changes afterwards is shown so, in words', async () => {
    const { window } = journey;
    await window.openFile('packages.nix');
    await window.goTo(11, 15);
    await window.list('Nix-Archiver: Show Available Versions', 'Available Versions of');
    await window.take('20.11.0');
    await is(window.line('nodejs = "20.11.0";'));
    await is(window.rows.filter({ hasText: /nodejs.*20\.11\.0 · newest.*changed since it was locked/ }));
    await journey.picture('view-changed');
  });

  test('its fix locks it, and says so as the command does', async () => {
    const { window, page } = journey;
    await window.command('Notifications: Clear All Notifications');
    await window.goTo(11, 15);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'Lock nodejs anew' }).first();
    await window.pressUntil('Control+.', fix);
    await fix.click();
    await is(window.message(/Locked 4 pins on \d revisions? of nixpkgs; 1 change\./));
    await oneMessage(window);
    await is(window.rows.filter({ hasText: /nodejs.*20\.11\.0 · newest · locked/ }));
    await journey.picture('lock-fixed');
  });

  test('a row of the view leads to its pin', async () => {
    const { window, page } = journey;
    await window.rows.filter({ hasText: 'ripgrep-all' }).first().click();
    await is(page.locator('.statusbar-item', { hasText: /Ln 12,/ }));
  });

  test('the button of a row lists its versions', async () => {
    const { window, page } = journey;
    const row = window.rows.filter({ hasText: /^ripgrep\s*14|ripgrep14/ }).first();
    await row.hover();
    await row.getByRole('button', { name: 'Show Available Versions' }).click();
    await is(window.choices.filter({ hasText: '13.0.0' }));
    await page.keyboard.press('Escape');
  });

  test('rows say in words what their icons say', async () => {
    const label = await journey.window.rows.filter({ hasText: 'python3' }).first().getAttribute('aria-label');
    assert.match(label, /Asked for: ~3\.9\.1; Locked: 3\.9\.6; Newest: 3\.11\.7; Lock: locked; In nixpkgs from 2021-07-01 to 2023-01-10 /);
  });

  test('snippets write a pin with stops', async () => {
    const { window, page } = journey;
    await window.goTo(12, 1);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await window.type('nixpin');
    const snippet = window.suggestions.filter({ hasText: 'A package of nixpkgs at one version' });
    await is(window.suggestions.filter({ hasText: 'nixpin' }));
    await journey.picture('snippet');
    assert.ok((await snippet.count()) + (await window.suggestions.filter({ hasText: /^nixpin/ }).count()) > 0);
    await page.keyboard.press('Enter');
    await is(window.line('name = "version";'));
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    for (let times = 0; times < 8 && (await window.text()).includes('name = '); times++) await page.keyboard.press('Control+z');
  });

  test('Show Status opens a page that can be copied', async () => {
    const { window } = journey;
    await window.command('Nix-Archiver: Show Status');
    await is(window.line('Server:'));
    await is(window.line('7 packages'));
    await journey.picture('status');
  });

  test('nothing was asked of other machines', () => assert.deepEqual([...journey.window.outside], []));
});
