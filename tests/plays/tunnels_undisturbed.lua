-- tunnels_undisturbed.lua: game traffic goes on, whatever the scripts do.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"
local steps = require "plays.lib.tunnel_steps"

local player, talk, server_with = steps.player, steps.talk, steps.server

-- Datagrams every 5 ms while something else takes the scripts' time.
local function goes_on(alice, bob, what, seconds)
  local figures = alice.tunnel.socket:talks(bob.tunnel.socket, alice.tunnel.port,
    alice.tunnel:datagram(1, ("x"):rep(200)), seconds)
  mu.log.info("%s: %d of %d datagrams arrived, the worst gap was %.1f ms", what, figures.came, figures.sent,
              figures.worst_gap)
  if figures.came < figures.sent - 2 then play.fails("%s: %d of %d arrived", what, figures.came, figures.sent) end
end

-- A handler that burns until thirty seconds are over. The play lets them pass when the traffic is through; a relay that
-- waited for the script would wait until the script is killed.
local BURNS = [[
mu.component "Playgroups".createPlaygroup { handle = function()
  mu.log.info "burning"
  local over = mu.time.mono() + 30
  while mu.time.mono() < over do end
end }
]]

-- A script that takes as long to load.
local LOADS = [[
mu.log.info "loading"
repeat until mu.asset.text "flag.txt" == "go"
]]

play.scene("game traffic goes on while a script burns for half a minute, and while the scripts are reloaded", function()
  local server = server_with { set = { "limits.burst_ms=20000", "limits.load_seconds=60" },
    files = { ["scripts/http/content.lua"] = BURNS, ["assets/flag.txt"] = "no" } }
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  local eve = play.client(server, "Eve")
  eve:calls "Playgroups.createPlaygroup"
  server:wait_log "burning"
  goes_on(alice, bob, "a script that burns", 0.1)
  server:passes(31)
  play.equal({ kind = "response" }, eve:next(), "the answer to eve")
  server:write("data/scripts/http/content.lua", LOADS)
  local mark = server:mark()
  server:signal "HUP"
  server:wait_log("loading", mark)
  goes_on(alice, bob, "a reload", 0.1)
  server:write("data/assets/flag.txt", "go")
  server:wait_log("is running", mark)
  talk(alice, 0, bob, 1, "and afterwards")
end)

-- The same for real, once: a script has a second, and is ended in the middle of the traffic.
if mu.test.mode == "plain" then
  play.scene("game traffic goes on while a script burns all it may, and when it is ended", function()
    local server = server_with { files = { ["scripts/http/content.lua"] = [[
      mu.component "Playgroups".createPlaygroup { handle = function() while true do end end }
    ]] } }
    local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
    local lobby = match.lobby(alice, { tunnelled = true })
    match.comes(bob, lobby)
    local eve = play.client(server, "Eve")
    eve:calls "Playgroups.createPlaygroup"
    goes_on(alice, bob, "a script that burns all it may", 1.2)
    play.equal({ kind = "error" }, eve:next(), "the answer to eve")
    server:wait_log "more than 1000 ms"
    talk(alice, 0, bob, 1, "and afterwards")
  end)
end
