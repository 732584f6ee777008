#!/usr/bin/env bash
# The server in editors of a Debian, each set up by the very files that we tell people to copy, and
# by the command that puts them in place.
#
#   run.sh FOLDER EDITOR…        the folder is what setup.sh made
set -euo pipefail
root=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
: "${NIX_ARCHIVER:?must name the program}" "${NIX_ARCHIVER_INDEX:?must name the index}"

# Everything goes into the folder, so that nothing has to be mounted.
rm -rf "$root/try"
mkdir -p "$root/try/editors"
cp -r "$NIX_ARCHIVER_INDEX" "$root/try/index"
cp -r "$here" "$here/../neovim" "$here/../emacs" "$root/try"
cp -r "$here/../../../editors" "$root/try"
install -m 755 "$NIX_ARCHIVER" "$root/usr/local/bin/nix-archiver"

# Terminals are made in /dev/pts, and Helix finds itself in /proc. The mounts are in a namespace of
# their own, and gone with the test.
inside='
  mount -t proc proc "$0/proc"
  mount -t devpts -o ptmxmode=0666 devpts "$0/dev/pts"
  exec chroot "$0" "$@"'
passed=0
failed=0
for editor in "$@"; do
  rm -rf "$root/try/home"
  mkdir -p "$root/try/home" "$root/try/project"
  ended=yes
  output=$(timeout 300 unshare --mount bash -c "$inside" "$root" env -i \
    PATH=/usr/local/bin:/usr/bin:/bin HOME=/try/home TERM=xterm-256color LANG=C.UTF-8 \
    NIX_ARCHIVER=/usr/local/bin/nix-archiver NIX_ARCHIVER_INDEX=/try/index \
    bash "/try/terminal/$editor.sh" < /dev/null 2>&1) || ended=no
  printf '%s\n' "$output" | sed "s/^\(not \)\?ok - /&$editor: /"
  ok=$(grep -c '^ok - ' <<< "$output" || true)
  not_ok=$(grep -c '^not ok - ' <<< "$output" || true)
  # A part that stopped before its end has failed, even if nothing in it did.
  grep -q '^end of the tests$' <<< "$output" || ended=no
  if [[ $ended == no && $not_ok -eq 0 ]]; then
    echo "not ok - $editor: did not reach its end"
    not_ok=1
  fi
  passed=$((passed + ok))
  failed=$((failed + not_ok))
done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
