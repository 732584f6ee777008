#!/usr/bin/env bash
# See run.sh. Emacs of Debian 13, of which Eglot is a part, set up by `nix-archiver editor emacs`.
set -euo pipefail
emacs --version | head -1
mkdir -p ~/.emacs.d
echo "(setq inhibit-startup-screen t)" > ~/.emacs.d/init.el
nix-archiver editor emacs --install --yes > /dev/null
grep -q 'inhibit-startup-screen' ~/.emacs.d/init.el && echo 'ok - what was in the configuration is there still'
emacs --batch --load ~/.emacs.d/init.el --eval '(unless (featurep (quote nix-archiver)) (kill-emacs 1))' &&
  echo 'ok - the configuration loads ours'
mkdir -p /try/emacs-files
export WORK=/try/emacs-files CONFIGURATION=$HOME/.emacs.d/nix-archiver.el
cd /try/emacs
emacs --batch --load eglot-test.el
export WORK=/try/lsp-mode-files
mkdir -p "$WORK"
emacs --batch --load lsp-mode-test.el
