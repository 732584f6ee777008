#!/usr/bin/env bash
# The server in Neovim, set up by the very file that we tell people to copy. Two ways: through
# Neovim's own functions (api.lua), and with keys, as a person types them (keys.sh).
set -euo pipefail
cd "$(dirname "$0")"
: "${NIX_ARCHIVER:?must name the program}" "${NIX_ARCHIVER_INDEX:?must name the index}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The configuration starts `nix-archiver` from PATH, as on a user's machine. Neovim gets a home of its
# own, so that nobody's configuration is in the way.
mkdir -p "$work/bin" "$work/home"
ln -s "$NIX_ARCHIVER" "$work/bin/nix-archiver"
export PATH=$work/bin:$PATH HOME=$work/home
export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
export WORK=$work CONFIGURATION=$PWD/../../../editors/neovim/nix-archiver.lua

nvim --version | head -1
passed=0
failed=0
for part in api.sh keys.sh; do
  output=$(timeout 120 bash "$part" 2>&1) || true
  printf '%s\n' "$output"
  ok=$(grep -c '^ok - ' <<< "$output" || true)
  not_ok=$(grep -c '^not ok - ' <<< "$output" || true)
  # A part that stopped before its end has failed, even if nothing in it did.
  grep -q '^end of the tests$' <<< "$output" || { echo "not ok - $part did not reach its end"; not_ok=$((not_ok + 1)); }
  passed=$((passed + ok))
  failed=$((failed + not_ok))
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
