-- nix-archiver in Neovim 0.11 and newer: put this file into lsp/ in your configuration, and
--   vim.lsp.enable('nix-archiver')
-- into init.lua.

---@type vim.lsp.Config
return {
  cmd = { 'nix-archiver', 'lsp' },
  filetypes = { 'nix' },
  -- For packages.nix alone: other Nix files keep the servers that they have.
  root_dir = function(buffer, on_dir)
    local file = vim.api.nvim_buf_get_name(buffer)
    if vim.fs.basename(file) == 'packages.nix' then on_dir(vim.fs.dirname(file)) end
  end,
}
