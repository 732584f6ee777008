// A person at the window: Debian's Chromium, driven through what is on the screen.

import assert from 'node:assert/strict';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Starts the browser. It can reach this machine only. */
export async function launch(dir) {
  return await chromium.launchPersistentContext(path.join(dir, 'chrome'), {
    executablePath: CHROMIUM,
    headless: true,
    viewport: { width: 1280, height: 800 },
    chromiumSandbox: false,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
  });
}

/** The window of VS Code. */
export class Workbench {
  /** Opens a folder (or a .code-workspace file, or nothing), and a file in it if one is named. */
  static async open(browser, url, folder, file) {
    const page = browser.pages()[0] ?? (await browser.newPage());
    const workbench = new Workbench(page, url);
    const query = new URLSearchParams(place(folder));
    if (file) query.set('payload', JSON.stringify([['openFile', remote(url, path.join(folder, file))]]));
    await page.goto(`${url}/?${query}`, { waitUntil: 'domcontentloaded', timeout: 120_000 });
    await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 120_000 });
    if (file) await workbench.editing(file);
    return workbench;
  }

  constructor(page, url) {
    this.page = page;
    /** Addresses beyond this machine that the page asked for: there should be none. */
    this.outside = new Set();
    page.on('request', request => {
      const { protocol, host } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && host !== new URL(url).host) this.outside.add(request.url());
    });
  }

  /** Waits until the file is in front. */
  async editing(name, patience = 60_000) {
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor({ timeout: patience });
    await this.page.locator('.editor-instance .monaco-editor .view-lines').first().waitFor();
  }

  /** Opens a file of the folder by its name. */
  async openFile(name) {
    for (let tries = 0; ; tries++) {
      await this.pressUntil('Control+p', this.question);
      await this.question.fill(name);
      // Not by Enter, which takes the first row, also of a list that is not filtered yet.
      await this.choices.filter({ hasText: name }).first().click();
      try {
        return await this.editing(name, 4000);
      } catch (error) {
        if (tries >= 5) throw error;
      }
    }
  }

  /** Puts the cursor at a line and column, both counted from one, and the focus into the text. */
  async goTo(line, column = 1) {
    const input = this.page.locator('.quick-input-widget input');
    await this.pressUntil('Control+g', input);
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await this.page.locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` }).waitFor();
    await this.page.locator('.editor-instance .monaco-editor.focused').first().waitFor();
  }

  /**
   * Presses a key until something shows. A key that comes while VS Code is moving the focus, or
   * before a provider is registered, is lost; so it is pressed again rather than waited for. Several
   * keys, with spaces between them, are pressed one after the other.
   */
  async pressUntil(keys, locator, { tries = 8, each = 2500 } = {}) {
    for (let left = tries; ; left--) {
      for (const key of keys.split(' ')) await this.page.keyboard.press(key);
      try {
        return await locator.waitFor({ timeout: each });
      } catch (error) {
        if (left <= 1) throw error;
      }
      await this.page.keyboard.press('Escape');
    }
  }

  /** Types as a person does: a key at a time. */
  async type(text) {
    await this.page.keyboard.type(text, { delay: 40 });
  }

  /** Runs a command by its title. The palette is opened anew while the command is not there yet. */
  async command(title) {
    const row = this.choices.filter({ hasText: title }).first();
    for (let tries = 0; ; tries++) {
      await this.pressUntil('F1', this.question);
      try {
        // A palette that is just closing takes no text.
        await this.question.fill(`>${title}`, { timeout: 3000 });
        await row.waitFor({ timeout: 3000 });
      } catch (error) {
        if (tries >= 10) throw error;
        await this.page.keyboard.press('Escape');
        continue;
      }
      try {
        return await row.click({ timeout: 3000 });
      } catch (error) {
        // The palette is gone: the command was taken. Escape would hide what it says.
        if (!(await this.question.isVisible())) return;
        if (tries >= 10) throw error;
      }
      await this.page.keyboard.press('Escape');
    }
  }

  /** Runs a command that opens a list, and waits for the list. */
  async list(command, title) {
    await this.command(command);
    await this.page.locator('.quick-input-widget:visible .quick-input-title', { hasText: title }).waitFor();
    await this.question.focus();
  }

  /** Presses an arrow key until a row of the list is the one that Enter would take. */
  async moveTo(row, key = 'ArrowDown', list = '.quick-input-widget') {
    const focused = this.page.locator(`${list} .monaco-list-row.focused`, { hasText: row });
    for (let presses = 0; !(await focused.isVisible()); presses++) {
      assert.ok(presses < 20, `${row} is not in the list`);
      await this.page.keyboard.press(key);
      await focused.waitFor({ timeout: 500 }).catch(() => {});
    }
  }

  /** Takes a row of the list: the list has to go for it, since a key that comes too early is lost. */
  async take(row) {
    const title = await this.page.locator('.quick-input-title').textContent();
    const list = this.page.locator('.quick-input-widget:visible .quick-input-title', { hasText: title });
    for (let tries = 0; await list.isVisible(); tries++) {
      assert.ok(tries < 8, `${title} stays open`);
      await this.choices.filter({ hasText: row }).first().waitFor();
      await this.moveTo(row);
      await this.page.keyboard.press('Enter');
      await list.waitFor({ state: 'hidden', timeout: 1500 }).catch(() => {});
    }
  }

  /** The rows of the list that a command has opened. */
  get choices() {
    return this.page.locator('.quick-input-widget .monaco-list-row');
  }

  /** Where text is typed into such a list. */
  get question() {
    return this.page.locator('.quick-input-widget input');
  }

  /** The rows of the view in the side bar. */
  get rows() {
    return this.page.locator('.part.sidebar .monaco-list-row');
  }

  /** What an empty view says. */
  get welcome() {
    return this.page.locator('.part.sidebar .welcome-view-content');
  }

  /** A message in the corner. */
  message(text) {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  /** Shows the view of the pins. */
  async pins() {
    await this.command('Nix-Archiver: Focus on Pinned Packages View');
    await this.page.locator('.part.sidebar .composite.title', { hasText: /Nix-Archiver/i }).waitFor();
  }

  /** The rows of the list of suggestions, as they are shown, top first. */
  get suggestions() {
    return this.page.locator('.suggest-widget.visible .monaco-list-row');
  }

  /** The labels of the suggestions on the screen, top first. */
  async suggestionLabels() {
    const rows = await this.suggestions.evaluateAll(found =>
      found
        .map(row => ({ top: parseFloat(row.style.top) || 0, label: row.querySelector('.label-name')?.textContent ?? '' }))
        .sort((a, b) => a.top - b.top));
    return rows.map(row => row.label);
  }

  /** Waits until the list of suggestions begins with these labels. */
  async listed(labels) {
    const first = async () => (await this.suggestionLabels()).slice(0, labels.length);
    const end = Date.now() + 10_000;
    while (!isDeepStrictEqual(await first(), labels) && Date.now() < end) {
      await new Promise(r => setTimeout(r, 100));
    }
    assert.deepEqual(await first(), labels);
  }

  /** The text on the screen, line by line. */
  async text() {
    const lines = await this.page.locator('.editor-instance .view-lines .view-line').evaluateAll(found =>
      found
        .map(line => ({ top: parseFloat(line.style.top) || 0, text: line.textContent.replace(/\u00a0/g, ' ') }))
        .sort((a, b) => a.top - b.top));
    return lines.map(line => line.text).join('\n');
  }

  /** The line on the screen that has this text in it. */
  line(text) {
    return this.page.locator('.editor-instance .view-line', { hasText: text }).first();
  }
}

// What the address says of the folder.
function place(folder) {
  if (folder === undefined) return { ew: 'true' };
  return folder.endsWith('.code-workspace') ? { workspace: folder } : { folder };
}

/** A file of the machine, as the page names it. */
export function remote(url, file) {
  return `vscode-remote://${new URL(url).host}${file}`;
}
