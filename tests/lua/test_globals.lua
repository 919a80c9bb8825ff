-- test_globals.lua: exactly these names are there for scripts; what is below mu is declared, and the other way round.
local lists = require "tools.docs.lists"

local equal = mu.test.equal
local tests = {}

-- A new name here is a decision: what can a script do with it that it could not do before?
local ALLOWED = {
  coroutine = "close create isyieldable resume running status wrap yield",
  math = "abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp huge ldexp log log10 max maxinteger min "
    .. "mininteger modf pi pow rad random randomseed sin sinh sqrt tan tanh tointeger type ult",
  os = "clock date difftime time",
  string = "byte char find format gmatch gsub len lower match pack packsize rep reverse sub unpack upper",
  table = "concat insert move pack remove sort unpack",
  utf8 = "char charpattern codepoint codes len offset",
}
local PLAIN = "_G _VERSION assert collectgarbage error getmetatable ipairs load mu next pairs pcall print rawequal "
  .. "rawget rawlen rawset require select setmetatable tonumber tostring type xpcall"

function tests.no_other_names_are_global()
  local plain = {}
  for name, fields in pairs(lists.globals()) do
    if fields == true then
      plain[#plain + 1] = name
    else
      equal(table.concat(fields, " "), ALLOWED[name], "the fields of " .. name)
    end
  end
  table.sort(plain)
  equal(table.concat(plain, " "), PLAIN, "what is global")
  for name in pairs(ALLOWED) do equal(type(_G[name]), "table", name) end
end

function tests.nothing_global_can_be_written()
  for _, write in ipairs {
    "x = 1", "string.x = 1", "mu.x = 1", "mu.log.info = print", "_G.x = 1", "rawset(_G, 'x', 1)",
    "rawset(string, 'x', 1)", "setmetatable(_G, {})", "getmetatable('').__index = {}", "mu.config.server.name = 'x'",
  } do
    local done = pcall(assert(load(write)))
    equal(done, false, write)
  end
end

-- Every function and value below mu, by name; tables of mu.config and the like are values.
local function walk(path, value, found, known)
  if known[path] or type(value) ~= "table" or getmetatable(value) ~= "read-only" then
    found[path] = true
    if not (known[path] and type(value) == "table" and path == "mu.tdf") then return end
  end
  for name, inner in pairs(value) do walk(path .. "." .. name, inner, found, known) end
end

function tests.all_below_mu_is_declared()
  local known, found = {}, {}
  for _, entry in ipairs(lists.of "functions") do
    if not lists.is_member(entry) then known[entry.name] = true end
  end
  walk("mu", mu, found, known)
  walk("mu.tdf", mu.tdf, found, known)
  for name in pairs(found) do equal(known[name], true, name .. " is declared") end
  for name in pairs(known) do equal(found[name], true, name .. " is there") end
end

-- Declarations -------------------------------------------------------------------------------------------------------

local BASE = "nil boolean integer number string table function record userdata any list"

function tests.declarations_are_complete()
  local types, seen = {}, {}
  for word in BASE:gmatch "%S+" do types[word] = true end
  for word in ("field_type tdf_field tdf_struct tdf_variants notification failure kept route"):gmatch "%S+" do
    types[word] = true
  end
  for _, entry in ipairs(lists.functions()) do
    if lists.is_member(entry) or entry.name:find ":" then types[(lists.split(entry.name))] = true end
  end
  for _, kind in ipairs(lists.of "records") do types[kind.name] = true end
  for _, entry in ipairs(lists.functions()) do
    equal(seen[entry.name], nil, entry.name .. " is declared once")
    seen[entry.name] = true
    equal(entry.example ~= "" and not entry.example:find "^%-%-", true, entry.name .. " has an example that can be run")
    equal(entry.since ~= "", true, entry.name .. " says since when")
    for _, result in ipairs(lists.returns(entry.returns)) do
      if result:find "^fun%(" or result:find "^table<" then result = "any" end
      for one in result:gsub("[%?%[%]]", ""):gsub("^%.%.%.", ""):gmatch "[^|]+" do
        equal(types[one], true, ("%s returns '%s', a type that is known"):format(entry.name, result))
      end
    end
  end
  for _, setting in ipairs(lists.of("settings", "path")) do
    equal((setting.text or "") ~= "", true, setting.path .. " says what it is for")
  end
end

return tests
