#!/usr/bin/env bash
# Builds kakoune-lsp, which is none of Debian's packages, into a folder that setup.sh has made. It is
# not optimised: that is soon built, and quick enough for one file.
#
#   kakoune-lsp.sh FOLDER
#
# Does nothing when that is done already.
set -euo pipefail
folder=$1
version=22.0.0
if [[ $(chroot "$folder" kak-lsp --version 2> /dev/null) == "$version" ]]; then
  echo "kakoune-lsp is there."
  exit 0
fi
export CARGO_PROFILE_DEV_DEBUG=0
cargo install kak-lsp --version "$version" --locked --debug --no-track --quiet --root "$folder/usr/local"
