-- nix-archiver in Neovim 0.7 and newer: put this file into plugin/ in your configuration, from where
-- Neovim loads it at each start. For Neovim 0.11 and newer there is lsp/nix-archiver.lua, too, for
-- those who set their servers up with vim.lsp.enable.

-- Neovim 0.7 has no vim.lsp.start yet, which uses one server for all files of a folder.
local function start(config, buffer)
  if vim.lsp.start then return vim.lsp.start(config, { bufnr = buffer }) end
  local client = vim.lsp.start_client(config)
  if client then vim.lsp.buf_attach_client(buffer, client) end
  return client
end

local group = vim.api.nvim_create_augroup('nix-archiver', {})

vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
  group = group,
  pattern = 'packages.nix',
  callback = function(event)
    local folder = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(event.buf), ':p:h')
    local client = start({
      name = 'nix-archiver',
      cmd = { 'nix-archiver', 'lsp' },
      root_dir = folder,
      -- Older versions of Neovim do not know the type of the file.
      get_language_id = function() return 'nix' end,
    }, event.buf)
    if not client then return end
    -- CTRL-X CTRL-O completes; a completion plug-in does so by itself.
    vim.bo[event.buf].omnifunc = 'v:lua.vim.lsp.omnifunc'
  end,
})
