// What the tests are run on: made before them by `cargo xtask test`, and named in the environment.

import fs from 'node:fs';
import path from 'node:path';

/** The packaged extension. */
export const VSIX = named('NIX_ARCHIVER_VSIX');
/** A version index of a small history of its own; see tests/editors/index.sh. */
export const INDEX = named('NIX_ARCHIVER_INDEX');
/** Where pictures of the screen go. */
export const PICTURES = process.env.NIX_ARCHIVER_PICTURES ?? path.join(import.meta.dirname, '../../../../artifacts/vscode');

/** Where the pictures that the documents show are kept. */
export const MEDIA = path.join(import.meta.dirname, '../../../../vscode-extension/media');

fs.mkdirSync(PICTURES, { recursive: true });

function named(variable) {
  const file = process.env[variable];
  if (!file || !fs.existsSync(file)) throw new Error(`${variable} must name a file or folder that is there, and is ${file}`);
  return path.resolve(file);
}
