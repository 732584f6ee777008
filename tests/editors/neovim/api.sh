#!/usr/bin/env bash
# See run.sh. Neovim 0.7 has no `-l`, so the script is run as a command.
set -euo pipefail
exec nvim --headless -u NONE -i NONE -n -c "luafile $PWD/api.lua" < /dev/null
