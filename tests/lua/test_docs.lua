-- test_docs.lua: what is generated from the declarations is what lies in the tree. `./mu docs` writes it anew.
local docs = require "tools.docs"

local tests = {}

local FILES = { "scripts/API.md", "scripts/.meta/mu.lua", "scripts/.luarc.json", ".luarc.json", ".luacheckrc" }

for _, path in ipairs(FILES) do
  tests[(path:gsub("%W", "_"):gsub("^_+", ""))] = function()
    local text = docs.files()[path]
    if mu.test.update then return mu.test.update_file(path, text) end
    local lies = mu.test.read(path) or ""
    if lies == text then return end
    error(path .. " is stale; run ./mu docs", 0)
  end
end

return tests
