# nix-archiver in Kakoune, through kakoune-lsp: source this file from your kakrc, behind the line that
# starts kakoune-lsp (`eval %sh{kak-lsp}`).

# For packages.nix alone: other Nix files keep the servers that they have.
hook -group nix-archiver global BufCreate (.*/)?packages\.nix %{
    set-option buffer filetype nix
    set-option buffer lsp_servers %{
        [nix-archiver]
        root_globs = ["packages.nix", ".git"]
        command = "nix-archiver"
        args = ["lsp"]
        settings_section = "nix-archiver"
    }
    hook -once buffer WinDisplay .* %{ lsp-enable-window }
}
