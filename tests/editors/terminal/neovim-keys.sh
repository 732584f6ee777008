# shellcheck shell=bash
# Keys in a Neovim that has been set up, and what they come to. Read by the tests beside it.

file=/try/project/packages.nix
printf '{\n\n  ripgerp = "13.0.0";\n}\n' > "$file"
start "nvim -i NONE -n $file"
sees 'a name that never was is reported' 'E .*ripgerp'
keys -l '2GS  nodejs = "'
keys C-x C-o
sees 'the menu opens' '20\.11\.0'
order 'every version, newest first' 20.11.0 20.10.0 18.13.0 10.15.0 8.9.4
keys C-n C-y
keys Escape
sees 'the chosen version is in the text' 'nodejs = "20\.1[01]\.0";'
keys -l '0w'
keys -l ':lua vim.lsp.buf.hover()'
keys Enter
sees 'what it tells about the pin' '2024-0[12]-'
keys Escape
keys -l ':3' 
keys Enter
keys -l ':w'
keys Enter
has 'saved' "$file" '^  nodejs = "20\.1[01]\.0";'
keys -l ':qall!'
keys Enter
