#!/usr/bin/env bash
# See run.sh. Kakoune with kakoune-lsp (see kakoune-lsp.sh), set up by `nix-archiver editor kakoune`.
set -euo pipefail
. /try/terminal/screen.sh
trap stop EXIT

kak-lsp --version
mkdir -p ~/.config/kak
echo 'eval %sh{kak-lsp}' > ~/.config/kak/kakrc
nix-archiver editor kakoune --install --yes > /dev/null
has 'what was in the configuration is there still' ~/.config/kak/kakrc '^eval %sh\{kak-lsp\}$'

file=/try/project/packages.nix
printf '{\n\n  ripgerp = "13.0.0";\n}\n' > "$file"
start "kak $file"
sees 'Kakoune has the file' 'packages\.nix'
sees 'a name that never was is reported' '^\* .*ripgerp'
keys ':lsp-diagnostics' Enter
sees 'with its code' 'unknown-package'
keys ":edit $file" Enter
keys 2 g i
keys -l '  nodejs = "'
sees 'the list opens as one types' '20\.11\.0'
order 'every version, newest first' 20.11.0 20.10.0 18.13.0 10.15.0 8.9.4
keys C-n C-n
keys Escape
sees 'the chosen version is in the text' 'nodejs = "20\.10\.0'
keys g i
keys ':lsp-hover' Enter
sees 'what it tells about the pin' '2024-02-02'
keys ':write' Enter
has 'saved' "$file" '^  nodejs = "20\.10\.0'
echo 'end of the tests'
