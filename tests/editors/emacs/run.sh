#!/usr/bin/env bash
# The server in Emacs, through Eglot, set up by the very file that we tell people to copy.
set -euo pipefail
cd "$(dirname "$0")"
: "${NIX_ARCHIVER:?must name the program}" "${NIX_ARCHIVER_INDEX:?must name the index}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The configuration starts `nix-archiver` from PATH, as on a user's machine. Emacs gets a home of its
# own, so that nobody's configuration is in the way.
mkdir -p "$work/bin" "$work/home"
ln -s "$NIX_ARCHIVER" "$work/bin/nix-archiver"
export PATH=$work/bin:$PATH HOME=$work/home WORK=$work
export CONFIGURATION=$PWD/../../../editors/emacs/nix-archiver.el

emacs --version | head -1
output=$(timeout 120 emacs --batch --load eglot-test.el < /dev/null 2>&1) || true
printf '%s\n' "$output"
passed=$(grep -c '^ok - ' <<< "$output" || true)
failed=$(grep -c '^not ok - ' <<< "$output" || true)
# A run that stopped before its end has failed, even if nothing in it did.
grep -q '^end of the tests$' <<< "$output" || { echo "not ok - Emacs did not reach the end"; failed=$((failed + 1)); }
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
