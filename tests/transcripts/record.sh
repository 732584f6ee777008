#!/usr/bin/env bash
# Writes the transcripts down anew: runs the tests of the editors with the recorder in the place of the
# server, and keeps of each editor its longest session, up to a length. They need what
# `cargo xtask test` leaves in target/editors.
#
#   record.sh [EDITOR…]      vscode, neovim, helix, emacs; all of them without a name
set -euo pipefail
cd "$(dirname "$0")/../.."
made=$PWD/target/editors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp target/release/nix-archiver-recorder "$work/nix-archiver"
cp target/release/nix-archiver "$work/nix-archiver.real"
export NIX_ARCHIVER=$work/nix-archiver NIX_ARCHIVER_INDEX=$made/history/index

# The folder of the session is another one each time. What an editor says of itself is not ours.
keep() {
  local longest
  longest=$(ls -S "$2" | head -1)
  head -n 250 "$2/$longest" \
    | sed -E 's#/tmp/[^/"]+#$FOLDER#g; s#/try/project#$FOLDER#g; s#"processId":[0-9]+#"processId":null#' \
    > "tests/transcripts/$1.jsonl"
}

for editor in "${@:-vscode neovim helix emacs}"; do
  for one in $editor; do
    case $one in
      neovim | emacs)
        bash "tests/editors/$one/run.sh"
        keep "$one" "$work/records"
        ;;
      helix)
        bin=$made/debian/usr/local/bin
        rm -rf "$bin/records"
        cp "$work/nix-archiver.real" "$bin/nix-archiver.real"
        bash tests/editors/terminal/run.sh "$made/debian" helix
        keep helix "$bin/records"
        rm -rf "$bin/records" "$bin/nix-archiver.real"
        ;;
      vscode)
        node vscode-extension/package.mjs --out "$work/recorder.vsix" --target linux-x64 --server "$work/nix-archiver"
        NIX_ARCHIVER_RECORDER=$work NIX_ARCHIVER_VSIX=$work/recorder.vsix \
          NIX_ARCHIVER_TEST_GREP='completion of|hover|other Nix files' node tests/editors/vscode/exthost.mjs
        keep vscode "$work/records"
        ;;
    esac
    rm -rf "$work/records"
  done
done
