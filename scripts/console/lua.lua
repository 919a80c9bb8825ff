-- console/lua.lua: Lua behind the sign >.
--
-- It runs in the scripts that are running: require gives the very services that answer players. What is assigned stays
-- with this connection, until the scripts are reloaded; the scripts' own globals cannot be changed.
local run = require "console.run"

mu.section "lua" { text = "a look, or a hand, inside" }

local NAME = "=>"                                -- what errors call the text

-- As an expression, else as statements. What is wrong is told of the one that got further.
local function compile(code, names)
  local chunk, of_expression = load("return " .. code, NAME, "t", names)
  if chunk then return chunk end
  local statements, reason = load(code, NAME, "t", names)
  return statements, of_expression:find "<eof>$" and of_expression or reason
end

local function globals_of(caller)
  local names, lost = caller:environment()
  if lost then caller:error "(the scripts were reloaded: what was assigned here before is gone)" end
  if not getmetatable(names) then setmetatable(names, { __index = _G }) end
  return names
end

mu.command ">" {
  section = "lua",
  text    = "runs Lua inside the server and prints what it gives",
  params  = "code: rest",
  changes = true,
  example = [[> require("services.sessions").players_online()]],
  handle  = function(caller, code)
    local names = globals_of(caller)
    local chunk, reason = compile(code, names)
    if not chunk then return nil, reason end
    return run.values(chunk())
  end,
}
