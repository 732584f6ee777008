// A VS Code with its browser, for the tests of one file: opened before them, closed after them, and a
// picture of the window where one fails.

import fs from 'node:fs';
import path from 'node:path';
import { after, afterEach, before } from 'node:test';

import { INDEX, MEDIA, PICTURES, VSIX } from './inputs.mjs';
import { extensionLogs, installed, start } from './vscode.mjs';
import { launch, Workbench } from './workbench.mjs';

/**
 * What the tests of a file have in common. `files` are laid into the folder, by their paths; `open` is
 * the one to begin with; `at` is the folder to open, null for none; `settings` are the user's; `env` is the environment of VS Code and the
 * server; `prepare` is called with the journey before VS Code starts.
 */
export class Journey {
  constructor({ files = {}, open, settings = {}, env = {}, trust = false, at = 'ws', prepare } = {}) {
    let failed = false;
    before(async () => {
      this.dir = installed(VSIX, settings);
      for (const [name, text] of Object.entries(files)) this.write(name, text);
      await prepare?.(this);
      this.vscode = await start(this.dir, { env: { NIX_ARCHIVER_INDEX: INDEX, ...env }, trust });
      this.browser = await launch(this.dir);
      const folder = at === null ? undefined : path.join(this.dir, at);
      this.window = await Workbench.open(this.browser, this.vscode.url, folder, open);
      this.page = this.window.page;
    });
    afterEach(async t => {
      if (t.error || t.passed === false) {
        failed = true;
        await this.picture(`failed-${t.name.replace(/\W+/g, '-')}`);
      }
    });
    after(async () => {
      if (failed && this.dir) console.log(extensionLogs(this.dir));
      await this.browser?.close();
      await this.vscode?.stop();
      if (!failed && this.dir) fs.rmSync(this.dir, { recursive: true, force: true });
    });
  }

  /** The path of a file of the folder. */
  file(name) {
    return path.join(this.dir, 'ws', name);
  }

  /** Lays a file into the folder. */
  write(name, text) {
    fs.mkdirSync(path.dirname(this.file(name)), { recursive: true });
    fs.writeFileSync(this.file(name), text);
  }

  /** What a file of the folder has on the disk; undefined if it is not there. */
  read(name) {
    return fs.existsSync(this.file(name)) ? fs.readFileSync(this.file(name), 'utf8') : undefined;
  }

  /** What was logged of our extension so far. */
  logs() {
    return extensionLogs(this.dir);
  }

  /** Settings of the folder; VS Code takes them over while it runs. */
  set(settings) {
    this.write('.vscode/settings.json', JSON.stringify(settings));
  }

  /** Takes a picture of the window. */
  async picture(name) {
    await this.page?.screenshot({ path: path.join(PICTURES, `${name}.png`) });
  }

  /**
   * Takes a picture of a part of the window that the documents show. The one in the repository is
   * written only when that is asked for: the same window is not the same bytes on each machine.
   */
  async show(name, clip) {
    const file = path.join(PICTURES, `${name}.png`);
    await this.page.screenshot({ path: file, clip });
    if (process.env.UPDATE_PICTURES === '1') fs.copyFileSync(file, path.join(MEDIA, `${name}.png`));
  }
}
