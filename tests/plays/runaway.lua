-- runaway.lua: scripts that never end or eat memory stop at their limit; everybody else plays on.
local hostile = require "plays.lib.hostile"
local play    = require "plays.lib.play"

local OTHERS = 50

-- Small limits, so that the whole list takes seconds. What each scene proves does not depend on how small.
local SET = { 'mods={"hostile"}', "limits.burst_warn_ms=60", "limits.burst_ms=150", "limits.task_memory_mib=16",
              "limits.tasks=300", "limits.timers=500", "limits.coroutines=2000" }

local function start()
  local server = play.server { set = SET, files = { ["scripts/mods/hostile/mod.lua"] = hostile } }
  return server, "http://127.0.0.1:" .. server:port "http"
end

local function names(base)
  local list = {}
  for name, expected in mu.http_client.get(base .. "/hostile").body:gmatch "(%S+) ([^\n]+)" do
    list[#list + 1] = { name = name, expected = expected }
  end
  return list
end

play.scene("each of many misbehaving scripts ends as a named error, and 50 others get all their replies", function()
  local server, base = start()
  local others, list = {}, names(base)
  for i = 1, OTHERS do others[i] = play.client(server, "Other " .. i, { via = "blaze" }) end
  play.equal(17, #list, "the list")
  for _, item in ipairs(list) do
    local from = server:mark()
    for _, other in ipairs(others) do other.link:send("Util.ping", {}) end   -- not a step: no reload before each
    local answer = mu.http_client.get(base .. "/hostile/" .. item.name)
    for _, other in ipairs(others) do other:receives { kind = "response", name = "Util.ping" } end
    play.equal({ status = 500 }, answer, item.name)
    server:wait_log(item.expected, from)
    if item.name ~= "event_flood" then server:wait_log("GET /hostile/" .. item.name, from) end
    play.equal(play.text "generation %d+ %x+", server:log(from), "the log of " .. item.name)
  end
end)

play.scene("a bug in one handler is one error, with its traceback", function()
  local server, base = start()
  local from = server:mark()
  play.equal({ status = 500 }, mu.http_client.get(base .. "/hostile/global_write"), "the answer")
  server:wait_log("GET /hostile/global_write failed", from)
  server:wait_log("mods/hostile/mod.lua:", from)
end)
