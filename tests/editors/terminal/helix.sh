#!/usr/bin/env bash
# See run.sh. Helix, set up by `nix-archiver editor helix --install`.
set -euo pipefail
. /try/terminal/screen.sh
trap stop EXIT

hx --version
mkdir -p ~/.config/helix
printf '[[language]]\nname = "rust"\nauto-format = true\n' > ~/.config/helix/languages.toml
nix-archiver editor helix --install --yes > /try/said
has 'the difference was shown' /try/said '^\+\[language-server\.nix-archiver\]'
has 'what was in the configuration is there still' ~/.config/helix/languages.toml '^auto-format = true'
hx --health nix-packages > /try/health 2>&1
has 'Helix finds the server' /try/health 'nix-archiver.*/usr/local/bin/nix-archiver'

file=/try/project/packages.nix
printf '{\n\n  ripgerp = "13.0.0";\n}\n' > "$file"
start "hx $file"
sees 'a name that never was is reported' '●.*ripgerp|ripgerp.*●|^ *● *3 '
keys 2 g g i
sees 'ready to type' 'INS'
keys -l '  nodejs = "'
sees 'the list opens as one types' '20\.11\.0'
order 'every version, newest first' 20.11.0 20.10.0 18.13.0 10.15.0 8.9.4
keys Tab
keys Tab
keys Enter
keys Escape
sees 'the chosen version is in the text' 'nodejs = "20\.10\.0";'
keys Space k
sees 'what it tells about the pin' '2024-02-02'
keys Escape
keys 3 g g w
keys Space a
sees 'the fix is offered' 'ripgrep'
keys Enter
sees 'and taken' 'ripgrep = "13\.0\.0";'
keys Escape
keys ':w' Enter
has 'saved' "$file" '^  ripgrep = "13\.0\.0";$'
keys ':q!' Enter
echo 'end of the tests'
