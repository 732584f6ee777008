#!/usr/bin/env bash
# See run.sh. A Neovim without a window is sent keys through its socket, and asked what it shows.
set -euo pipefail

mkdir -p "$WORK/keys"
file=$WORK/keys/packages.nix
printf '{\n\n}\n' > "$file"
cat > "$WORK/init.lua" <<LUA
vim.o.completeopt = 'menuone,noinsert'
vim.o.swapfile = false
dofile('$CONFIGURATION')
LUA

socket=$WORK/nvim.sock
nvim --headless -u "$WORK/init.lua" -i NONE -n --listen "$socket" "$file" < /dev/null > /dev/null 2>&1 &
nvim=$!
trap 'kill $nvim 2> /dev/null || true' EXIT

keys() { nvim --server "$socket" --remote-send "$1"; }
# Neovim 0.7 prints the answer to standard error.
shown() { nvim --server "$socket" --remote-expr "$1" 2>&1 || true; }

# expect NAME EXPRESSION WANTED: waits until Neovim shows what is wanted.
expect() {
  local got=
  for _ in $(seq 200); do
    got=$(shown "$2")
    [[ $got == "$3" ]] && { echo "ok - $1"; return; }
    sleep 0.05
  done
  echo "not ok - $1"
  echo "    $2 is $got"
  echo "    wanted $3"
  echo "end of the tests"
  exit 1
}

menu='pumvisible() ? join(map(complete_info(["items"]).items, "v:val.abbr"), " ") : ""'
expect 'attached' 'luaeval("#vim.tbl_filter(function(c) return c.initialized end, vim.lsp.get_active_clients())")' 1
keys '2GS  nodejs = "<C-x><C-o>'
expect 'the menu has every version, newest first' "$menu" '20.11.0 20.10.0 18.13.0 10.15.0 8.9.4'
keys '<C-n><C-n><C-y><Esc>'
expect 'the chosen version is in the text' 'substitute(getline(2), "\";*$", "", "")' '  nodejs = "18.13.0'
keys ':%s/nodejs = .*/nodejs = "18.13.1";/<CR>'
expect 'a version that never was is reported' 'luaeval("#vim.diagnostic.get(0)")' 1
keys ':%s/18.13.1/18.13.0/<CR>'
expect 'and a real one is not' 'luaeval("#vim.diagnostic.get(0)")' 0
keys ':write<CR>'
for _ in $(seq 100); do grep -q '"18.13.0"' "$file" && break; sleep 0.05; done
grep -q '^  nodejs = "18.13.0";$' "$file" && echo 'ok - saved' || { echo 'not ok - saved'; cat "$file"; }
# It is gone before it can answer.
keys ':qall!<CR>' 2> /dev/null || true
wait "$nvim" || true
echo "end of the tests"
