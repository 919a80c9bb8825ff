-- tunnel_why.lua: the console about tunnels: which there are, and why two players cannot play together.
local play    = require "plays.lib.play"
local console = require "plays.lib.console"
local match   = require "plays.lib.match_steps"
local steps   = require "plays.lib.tunnel_steps"
local tunnel  = require "plays.lib.tunnel"

local player = steps.player

-- `tunnel why` must say so below its table.
local function says(server, one, other, pattern)
  local said = console.does(server, ("tunnel why %s %s"):format(one.persona, other.persona))
  play.equal(play.text(pattern), said, "the verdict")
end

play.scene("why two cannot play: each step towards a game that works", function()
  local server = play.server { config = tunnel.config(), set = { "games.seat_seconds=0" } }
  local alice  = player(server, "Alice", nil, steps.STRICT)
  local bob    = player(server, "Bob")
  says(server, alice, bob, "direct: .*router %(strict%) lets no strangers in.*client has no tunnel open.*Advice: ")
  alice.tunnel = tunnel.udp(server, alice.association)
  says(server, alice, bob, "not tunnelled: " .. bob.persona:gsub("%-", "%%-") .. ".s client has no tunnel open")
  bob.tunnel = tunnel.http(server, bob.association)
  says(server, alice, bob, "tunnel: both have a tunnel")

  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  says(server, bob, alice, "tunnel: neither game has sent")
  alice.tunnel:says(1, "hello?")
  bob.tunnel:hears(0, "hello?")
  says(server, bob, alice, bob.persona:gsub("%-", "%%-") .. "'s game answers nothing")
  bob.tunnel:says(0, "hello!")
  alice.tunnel:hears(1, "hello!")
  says(server, alice, bob, "tunnel: datagrams go both ways")
  console.does(server, "tunnel list", alice.persona)
  console.does(server, "status", ("tunnel %d"):format(server:port "tunnel"))
  console.does(server, ("tunnel why %s %s"):format(alice.persona, bob.persona), "1 to the other")
  bob:leaves()
  console.until_it_says(server, ("tunnel why %s %s"):format(alice.persona, bob.persona), "is not online")
end)

play.scene("a player's own tunnel policy, kept over a restart", function()
  local server = play.server { config = tunnel.config() }
  local alice  = player(server, "Alice", "udp", steps.OPEN)
  match.lobby(alice)                             -- his router is open: no tunnel
  console.does(server, ("tunnel policy %s always"):format(alice.persona), "always")
  console.fails(server, ("tunnel policy %s sometimes"):format(alice.persona), "sometimes")
  server:stop()
  server:restart()
  alice = player(server, "Bob", "udp", steps.OPEN)
  match.lobby(alice)                             -- nobody else's business
  console.does(server, "tunnel why 1 2", "of his own")
  console.does(server, "tunnel policy 1 usual", "stricter")
end)
