#!/usr/bin/env bash
# See run.sh. Neovim of Debian 13, set up by `nix-archiver editor neovim --install`: what it puts into
# plugin/ is loaded at the start, without a word in init.lua.
set -euo pipefail
. /try/terminal/screen.sh
trap stop EXIT

nvim --version | head -1
nix-archiver editor neovim --install --yes > /dev/null
. /try/terminal/neovim-keys.sh

# The same through Neovim's own functions, as on older releases.
mkdir -p /try/api
export WORK=/try/api CONFIGURATION=/try/editors/neovim/nix-archiver.lua
cd /try/neovim && bash api.sh
