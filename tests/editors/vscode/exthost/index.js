'use strict';
// What VS Code calls when it is told to run tests (extensionTestsPath).

const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

exports.run = async function run() {
  await vscode.extensions.getExtension('nix-archiver.nix-archiver').activate();
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({
    ui: 'tdd',
    timeout: 60_000,
    color: false,
    // By hand, to run some of them: a part of their names.
    grep: process.env.NIX_ARCHIVER_TEST_GREP,
    reporter: 'json',
    reporterOptions: { output: process.env.NIX_ARCHIVER_TEST_RESULTS },
  });
  for (const file of fs.readdirSync(__dirname).sort()) {
    if (file.endsWith('.test.js')) mocha.addFile(path.join(__dirname, file));
  }
  const failures = await new Promise(resolve => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} tests failed`);
};
