-- The server through Neovim's own client: attach, problems, completion, hover, fixes, a clean end.
-- Runs on Neovim 0.7 (Debian 12) and newer.

-- The older name is on its way out.
local clients = vim.lsp.get_clients or vim.lsp.get_active_clients

local function say(line) io.stdout:write(line .. '\n') end

local function check(name, ok, got)
  say((ok and 'ok - ' or 'not ok - ') .. name)
  if not ok then say('    ' .. vim.inspect(got)) end
end

local function wait(question) return vim.wait(20000, question, 20) end

local function write(name, lines)
  local folder = os.getenv('WORK') .. '/' .. name
  vim.fn.mkdir(folder, 'p')
  vim.fn.writefile(lines, folder .. '/packages.nix')
  return folder .. '/packages.nix'
end

local function our_client()
  for _, client in pairs(clients()) do
    if client.name == 'nix-archiver' then return client end
  end
end

-- The answer to a request about a place of the current buffer; line and column count from zero.
local function ask(method, line, column, more)
  local params = { textDocument = vim.lsp.util.make_text_document_params() }
  if line then params.position = { line = line, character = column } end
  local answer, why = our_client().request_sync(method, vim.tbl_extend('force', params, more or {}), 10000, 0)
  return answer and answer.result, why or (answer and answer.err)
end

local function labels(list)
  local items = list and (list.items or list) or {}
  table.sort(items, function(a, b) return a.sortText < b.sortText end)
  return vim.tbl_map(function(item) return item.label end, items)
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

local function tests()
  vim.cmd('luafile ' .. os.getenv('CONFIGURATION'))

  vim.cmd('edit ' .. write('other', { '{ }' }):gsub('packages.nix', 'default.nix'))
  check('other Nix files are left alone', our_client() == nil, clients())

  vim.cmd('edit ' .. write('mistakes', {
    '{', '  ripgerp = "13.0.0";', '  nodejs = "20.11.9";', '  python3 = "', '}',
  }))
  check('attaches to packages.nix', wait(function()
    local client = our_client()
    return client and client.initialized and vim.lsp.buf_is_attached(0, client.id)
  end), clients())

  local function codes()
    return vim.tbl_map(function(d) return d.code or d.user_data.lsp.code end, vim.diagnostic.get(0))
  end
  check('problems', wait(function()
    local found = codes()
    return vim.tbl_contains(found, 'unknown-package') and vim.tbl_contains(found, 'unknown-version')
  end), vim.diagnostic.get(0))

  local versions, why = ask('textDocument/completion', 3, 13)
  check('every version in an open string, newest first',
    vim.deep_equal(labels(versions), { '3.11.7', '3.9.6', '3.6.4' }), why or labels(versions))

  local hover = ask('textDocument/hover', 3, 4)
  local of_version = ask('textDocument/hover', 2, 4)
  check('hover over a name', vim.inspect(hover):find('3.11.7', 1, true) ~= nil, hover)
  check('hover over a pin of a version that never was', of_version ~= nil, of_version)

  local problem = vim.tbl_filter(function(d)
    return (d.code or d.user_data.lsp.code) == 'unknown-package'
  end, vim.diagnostic.get(0))[1]
  local range = {
    start = { line = problem.lnum, character = problem.col },
    ['end'] = { line = problem.end_lnum, character = problem.end_col },
  }
  local actions = ask('textDocument/codeAction', nil, nil, {
    range = range,
    context = { diagnostics = { {
      range = range, message = problem.message, source = problem.source, code = 'unknown-package',
      data = problem.user_data and problem.user_data.lsp and problem.user_data.lsp.data,
    } } },
  })
  local fix = vim.tbl_filter(function(a) return a.title:find('ripgrep', 1, true) end, actions or {})[1]
  check('a fix is offered', fix ~= nil, actions)
  if fix then
    vim.lsp.util.apply_workspace_edit(fix.edit, our_client().offset_encoding)
    check('the fix is applied', lines()[2] == '  ripgrep = "13.0.0";', lines())
    check('and its problem is gone', wait(function()
      return not vim.tbl_contains(codes(), 'unknown-package')
    end), codes())
  end

  local client = our_client()
  client.stop()
  check('a clean end', wait(function() return client.is_stopped() end))
end

local ok, why = xpcall(tests, debug.traceback)
if not ok then say('not ok - the script ran to its end\n    ' .. why) end
say('end of the tests')
vim.cmd(ok and 'qall!' or 'cquit')
