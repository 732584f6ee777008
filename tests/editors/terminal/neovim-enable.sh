#!/usr/bin/env bash
# See run.sh. Neovim 0.11 or newer, set up in the way that came with it: a file in lsp/, and a word in
# init.lua.
set -euo pipefail
. /try/terminal/screen.sh
trap stop EXIT

nvim --version | head -1
mkdir -p ~/.config/nvim/lsp
cp /try/editors/neovim/lsp/nix-archiver.lua ~/.config/nvim/lsp/
echo "vim.lsp.enable('nix-archiver')" > ~/.config/nvim/init.lua
. /try/terminal/neovim-keys.sh
echo 'end of the tests'
