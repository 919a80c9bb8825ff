-- tools/docs: what is generated from the declarations, and where it lies. `./mu docs` writes it, a test compares.
local api    = require "tools.docs.api"
local editor = require "tools.docs.editor"
local stubs  = require "tools.docs.stubs"

local docs = {}

-- path in the checkout → text
function docs.files()
  return {
    ["scripts/API.md"]       = api.text(),
    ["scripts/.meta/mu.lua"] = stubs.text(),
    ["scripts/.luarc.json"]  = editor.settings(".meta", { "?.lua", "?/init.lua" }),
    [".luarc.json"]          = editor.settings("scripts/.meta",
      { "scripts/?.lua", "scripts/?/init.lua", "tests/?.lua", "tests/?/init.lua" }),
    [".luacheckrc"]          = editor.luacheck(),
  }
end

return docs
