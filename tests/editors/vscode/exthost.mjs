// Runs the suite in exthost/ inside the extension host of a real VS Code, on the packaged extension:
// with the questions that VS Code itself asks of extensions, and without a person's hand.

import fs from 'node:fs';
import path from 'node:path';
import { INDEX, PICTURES, VSIX } from './lib/inputs.mjs';
import { extensionLogs, installed, start } from './lib/vscode.mjs';
import { launch, remote } from './lib/workbench.mjs';

const PATIENCE = 300_000;
const suite = path.join(import.meta.dirname, 'exthost');

const dir = installed(VSIX);
const folder = path.join(dir, 'ws');
const results = path.join(dir, 'results.json');
const vscode = await start(dir, {
  env: { NIX_ARCHIVER_INDEX: INDEX, NIX_ARCHIVER_TEST_RESULTS: results },
  args: ['--vscode-option', 'enable-smoke-test-driver'],
});
const browser = await launch(dir);
let code;
try {
  const page = await browser.newPage();
  const ended = new Promise(resolve => page.exposeFunction('codeAutomationExit', resolve));
  await page.exposeFunction('codeAutomationLog', () => {});
  const query = new URLSearchParams({
    folder,
    payload: JSON.stringify([
      ['extensionDevelopmentPath', remote(vscode.url, suite)],
      ['extensionTestsPath', remote(vscode.url, path.join(suite, 'index.js'))],
    ]),
  });
  await page.goto(`${vscode.url}/?${query}`, { timeout: 120_000 });
  code = await Promise.race([ended, new Promise(resolve => setTimeout(resolve, PATIENCE, 'late').unref())]);
  await page.screenshot({ path: path.join(PICTURES, 'from-inside.png') });
} finally {
  await browser.close();
  await vscode.stop();
}

if (!fs.existsSync(results)) {
  console.log(extensionLogs(dir));
  console.error(`The suite left no results (VS Code ended it with ${code}).`);
  process.exit(1);
}
const { stats, tests } = JSON.parse(fs.readFileSync(results, 'utf8'));
for (const { fullTitle, duration, err } of tests) {
  const failed = err.message !== undefined;
  console.log(`${failed ? 'not ok' : 'ok'} - ${fullTitle} (${duration ?? 0} ms)`);
  if (failed) console.log(`    ${err.stack ?? err.message}`.replaceAll('\n', '\n    '));
}
if (stats.failures > 0) console.log(extensionLogs(dir));
else fs.rmSync(dir, { recursive: true, force: true });
console.log(`${stats.passes} passed, ${stats.failures} failed`);
process.exit(stats.failures > 0 || code !== 0 || stats.passes === 0 ? 1 : 0);
