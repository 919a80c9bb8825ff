-- runaway.lua: scripts that never end or eat memory stop at their limit; everybody else plays on.
local play = require "plays.lib.play"

local OTHERS = 50

-- Four commands nobody uses, answered by scripts that misbehave.
local RUNAWAYS = [[
local groups = mu.component "Playgroups"

groups.createPlaygroup { handle = function() while true do end end }

groups.joinPlaygroup {
  handle = function()
    local inner = coroutine.wrap(function()
      while true do pcall(function() while true do end end) end
    end)
    while true do pcall(inner) end
  end,
}

groups.leavePlaygroup {
  handle = function()
    local hoard = {}
    while true do hoard[#hoard + 1] = ("x"):rep(1000) .. #hoard end
  end,
}

groups.setMemberAttributes { handle = function() local nothing = nil; return nothing.field end }
]]

local function server_with_runaways()
  local server = play.server { files = { ["scripts/http/content.lua"] = RUNAWAYS } }
  return server
end

local function is_survived(name, reason)
  play.scene(name .. ": " .. reason, function()
    local server, others = server_with_runaways(), {}
    for i = 1, OTHERS do others[i] = play.client(server, "Other " .. i, { via = "blaze" }) end
    local eve = play.client(server, "Eve", { via = "blaze" })
    eve:calls(name)
    for _ = 1, 3 do
      for _, other in ipairs(others) do other:sends "Util.ping" end
      for _, other in ipairs(others) do other:receives { kind = "response", name = "Util.ping" } end
    end
    local answer = eve:next()
    play.equal({ kind = "error", name = name }, answer, "the answer to Eve")
    server:wait_log(name)                        -- the log names the handler
    eve:asks "Util.ping"
  end)
end

is_survived("Playgroups.createPlaygroup", "an endless loop")
is_survived("Playgroups.joinPlaygroup", "an endless loop in pcall in a coroutine")
is_survived("Playgroups.leavePlaygroup", "a hoarder")
is_survived("Playgroups.setMemberAttributes", "a plain bug")
