// Bundles the extension into dist/ and puts beside it the shared grammars, the lock's schema and the
// licences of what was bundled; with --tests, the unit tests too (they run under plain Node, without VS Code).

import { existsSync } from 'node:fs';
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const dist = path.join(here, 'dist');
const common = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'warning' };

await rm(dist, { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  entryPoints: [path.join(here, 'src/extension.ts')],
  external: ['vscode'],
  outfile: path.join(dist, 'extension.js'),
  minify: true,
  legalComments: 'none',
  metafile: true,
});
await writeFile(path.join(dist, 'THIRD-PARTY-LICENSES.txt'), await licences(Object.keys(metafile.inputs)));

const grammars = path.join(here, '../grammars');
for (const file of await readdir(grammars)) {
  if (file === 'package.json' || !/\.(json|code-snippets)$/.test(file)) continue;
  await cp(path.join(grammars, file), path.join(dist, 'grammars', file));
}
await cp(path.join(here, '../docs/packages.lock.schema.json'), path.join(dist, 'packages.lock.schema.json'));

if (process.argv.includes('--tests')) {
  const tests = path.join(here, 'test');
  const entryPoints = (await readdir(tests)).filter(f => f.endsWith('.test.ts')).map(f => path.join(tests, f));
  await build({ ...common, entryPoints, outdir: path.join(dist, 'test') });
}

/** The licence of each package that a bundled file came from. */
async function licences(inputs) {
  const folders = new Set();
  for (const input of inputs) {
    const inPackage = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.resolve(input));
    if (inPackage) folders.add(inPackage[1]);
  }
  let text = '';
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'License.txt', 'license.txt'].map(f => path.join(folder, f)).find(existsSync);
    if (file === undefined) throw new Error(`${name} ${version} (${license}) has no licence file to pass on`);
    text += `${name} ${version} (${license})\n\n${(await readFile(file, 'utf8')).trim()}\n\n${'-'.repeat(72)}\n\n`;
  }
  return text;
}
