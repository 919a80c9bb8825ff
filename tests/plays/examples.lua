-- examples.lua: every example of scripts/API.md runs.
--
-- Those for handlers run in a server, in the handler of a command (lib/example_world.lua); those for load time while
-- its scripts load, each in a function of its own; those of mu.test run here. A few can only be given once: each of
-- them is a whole main.lua in turn.
local lists = require "tools.docs.lists"
local play  = require "plays.lib.play"

local ALONE = {
  ["mu.protocol"] = "main.lua", ["mu.console.run"] = "main.lua", ["mu.console.complete"] = "main.lua",
  ["mu.console.audit"] = "main.lua", ["mu.settings"] = "settings.lua", ["mu.mod"] = "mods/quiet/mod.lua",
  ["mod.override"] = "mods/quiet/mod.lua", ["mod.config"] = "mods/quiet/mod.lua",
}

local function examples(wanted)
  local list = {}
  for _, entry in ipairs(lists.functions()) do
    if wanted(entry) then list[#list + 1] = entry end
  end
  return list
end

local function quoted(list)
  local out = {}
  for i, entry in ipairs(list) do out[i] = ("{ name = %q, text = %q }"):format(entry.name, entry.example) end
  return "return {\n" .. table.concat(out, ",\n") .. "\n}\n"
end

-- Statements in a function of their own, or an expression that has to hold.
local function as_script(entry)
  local text = load(entry.example) and entry.example or ("assert(%s)"):format(entry.example)
  return ("do local example = function() %s\nend  example() end   -- %s\n"):format(text, entry.name)
end

play.scene("every example of the manual runs", function()
  local run  = examples(function(entry) return not entry.test and not entry.load_only end)
  local load = {}
  for i, entry in ipairs(examples(function(e) return e.load_only and not e.test and not ALONE[e.name] end)) do
    load[i] = as_script(entry)
  end
  local files = {
    ["scripts/example_world.lua"]    = mu.test.read "tests/plays/lib/example_world.lua",
    ["scripts/example_list.lua"]     = quoted(run),
    ["scripts/services/welcome.lua"] = 'require "example_world"\n' .. table.concat(load)
      .. "return { started = function() end }\n",
  }
  local server = play.server { files = files }
  local answer = mu.http_client.get(("http://127.0.0.1:%d/examples"):format(server:port "http"), { timeout = 60 })
  local failures, count = answer.body:match "^(.-)\n(%d+)$"
  if failures ~= "" then play.fails("%s", failures or answer.body) end
  local said = server:ctl "examples run"
  if said.code ~= 0 then play.fails("%s", said.err) end
  play.equal(#run, count + said.out:match "%d+", "how many ran")
  play.equal(true, #run > 100, "there are many")
end)

play.scene("every example of what is given once runs", function()
  local server = play.server {}
  for _, entry in ipairs(examples(function(e) return ALONE[e.name] end)) do
    local file = "data/scripts/" .. ALONE[entry.name]
    local shipped = mu.test.read("scripts/" .. ALONE[entry.name]) or ""
    if ALONE[entry.name] == "main.lua" then
      server:write(file, entry.example .. "\n")
    else
      server:write(file, shipped .. entry.example .. "\n")
    end
    if ALONE[entry.name]:find "^mods/" then server:write("data/config.lua", 'return { mods = { "quiet" } }') end
    local taken, log = server:reload()
    if not taken then play.fails("%s: %s: %s", entry.name, entry.example, log) end
    server:write(file, shipped)
    server:write("data/config.lua", "return {}")
  end
end)

play.scene("every example of mu.test runs", function()
  local world = setmetatable({ server = play.server {} }, { __index = _G })
  for _, entry in ipairs(examples(function(e) return e.test and not e.load_only end)) do
    local chunk = load("return " .. entry.example, "=example", "t", world)
      or assert(load(entry.example, "=example", "t", world))
    local results = table.pack(pcall(chunk))
    if not results[1] then play.fails("%s: %s: %s", entry.name, entry.example, results[2]) end
    if results.n > 1 and not results[2] then play.fails("%s: %s does not hold", entry.name, entry.example) end
    if not world.server:running() then world.server:restart() end
  end
end)
