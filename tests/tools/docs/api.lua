-- tools/docs/api.lua: scripts/API.md, the reference of everything scripts can use and of what they declare.
local lists   = require "tools.docs.lists"
local chapter = require "tools.docs.chapters"

local api = {}

local HEAD = [[
# What scripts can use, and what they declare

Generated from the declarations by `./mu docs`; do not edit. A test fails when this page is stale or an example does not
run. `scripts/README.md` says which file to edit for what; this page is the reference beside it.

The editor knows all of this, too: `scripts/.meta/mu.lua` has it for the Lua language server, and `.luarc.json` tells
the server where.

| chapter | |
|---|---|
| [Functions](#functions) | what C gives to scripts, below `mu` |
| [Objects](#objects) | what sessions, records, timers, metrics … can do |
| [Lua](#lua) | which of Lua's own functions there are |
| [Events](#events) | what scripts can ask to hear of with `mu.on` |
| [Guards](#guards) | what a route can ask for before its handler runs |
| [Records](#records) | kinds of live data, with their fields |
| [Routes](#routes) | the commands of games that are answered, with the fields of their messages |
| [Notifications](#notifications) | what is sent unasked |
| [HTTP](#http) | paths that are answered |
| [Console](#console) | commands of the operator |
| [Settings](#settings) | keys of config.lua |
| [Metrics](#metrics) | numbers on /metrics |
]]

local FUNCTIONS = [[

## Functions

How to read it: `name?: type` may be left out; a result `type?` may be nil. *suspends*: other handlers run before it
returns, so look again at what you knew before; such a function is refused while scripts load, inside `table.sort` and
the like. *while scripts load*: a declaration, not for handlers. *in handlers*: not while scripts load.

Examples are expressions that hold, or statements; the world they run in has a logged-in `session`, a `client` of the
server itself, the kind `pet` (name, legs, owners), the timer `hello`, the metrics `served` and `waiting`, the ranking
`rating`, a `route`, the notification `Told`, and the `request` that is being answered.
]]

local function signature(entry)
  local out = {}
  for i, param in ipairs(lists.params(entry.params)) do
    out[i] = ("%s%s: %s"):format(param.name, param.optional and "?" or "", param.type)
  end
  local returns = table.concat(lists.returns(entry.returns), ", ")
  if entry.value and #out == 0 then return entry.name .. ": " .. returns end
  return ("%s(%s)%s"):format(entry.name, table.concat(out, ", "), returns ~= "" and " → " .. returns or "")
end

local function marks(entry)
  local out = {}
  if entry.suspends then out[#out + 1] = "suspends" end
  if entry.load_only then out[#out + 1] = "while scripts load" end
  if entry.run_only and not entry.suspends then out[#out + 1] = "in handlers" end
  if entry.test then out[#out + 1] = "tests only" end
  return #out > 0 and "*" .. table.concat(out, ", ") .. "*. " or ""
end

local function sentence(text)
  local first = text:sub(1, 1):upper() .. text:sub(2)
  return first:find "[%.!%?]$" and first or first .. "."
end

local function describe(out, entry)
  out[#out + 1] = ("\n#### `%s`\n"):format(signature(entry))
  out[#out + 1] = marks(entry) .. sentence(entry.text)
  if entry.errors ~= "" and entry.errors ~= "none" then out[#out + 1] = "Errors: " .. sentence(entry.errors) end
  if entry.example ~= "" then out[#out + 1] = ("\n```lua\n%s\n```"):format(entry.example) end
end

-- Entries below a heading for each table or class.
local function grouped(out, wanted)
  local last
  for _, entry in ipairs(lists.functions()) do
    if lists.is_member(entry) == wanted then
      local group = lists.split(entry.name)
      if group ~= last then out[#out + 1] = ("\n### %s"):format(group) end
      last = group
      describe(out, entry)
    end
  end
end

local LUA = [[

## Lua

Scripts are Lua 5.4 in a sandbox: text only, no files, no processes, nothing global to write. `pcall`, `xpcall` and
`coroutine` pass the end of a handler on; pattern matching, `string.rep`, `table.concat` and the like have limits;
`print` writes to the log; `require` loads files below the scripts while scripts load; `load` takes text only;
`collectgarbage` knows "count" only; `setmetatable` refuses `__gc`.
]]

local function lua_chapter(out)
  local globals = lists.globals()
  local plain = {}
  out[#out + 1] = LUA
  for _, name in ipairs(lists.sorted_keys(globals)) do
    if globals[name] == true then plain[#plain + 1] = ("`%s`"):format(name) end
  end
  out[#out + 1] = table.concat(plain, " ")
  for _, name in ipairs(lists.sorted_keys(globals)) do
    if globals[name] ~= true then
      out[#out + 1] = ("\n`%s`: %s"):format(name, table.concat(globals[name], " "))
    end
  end
end

function api.text()
  local out = { HEAD, FUNCTIONS }
  grouped(out, false)
  out[#out + 1] = "\n## Objects\n\nWhat the values that functions give can do."
  grouped(out, true)
  lua_chapter(out)
  for _, write in ipairs(chapter) do write(out) end
  return (table.concat(out, "\n"):gsub(" +\n", "\n"):gsub("\n\n\n+", "\n\n")) .. "\n"
end

return api
