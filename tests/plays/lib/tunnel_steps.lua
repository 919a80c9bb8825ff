-- lib/tunnel_steps.lua: players with tunnels, and what they say to each other through the server.
--
--   local server = steps.server {}                       with a door for tunnels, and one for metrics
--   local alice  = steps.player(server, "Alice", "udp")  alice.tunnel: lib/tunnel.lua
--   steps.talk(alice, 0, bob, 1, "hello")                both ways
local play   = require "plays.lib.play"
local match  = require "plays.lib.match_steps"
local tunnel = require "plays.lib.tunnel"

local steps = { MODERATE = 1, STRICT = 3, OPEN = 0 }   -- kinds of routers

function steps.server(options)
  options = options or {}
  options.config = tunnel.config(options.port,
    [[{ name = "metrics", address = "127.0.0.1", port = 0, metrics = true },]])
  return play.server(options)
end

-- A player whose machine has looked the server up, with a tunnel of that kind (nil: none yet).
function steps.player(server, name, kind, nat)
  local token = tunnel.look_up(server)
  local made  = kind and tunnel[kind](server, token)
  local client = match.player(server, name, { nat = nat or steps.MODERATE, headers = { ["x-association"] = token } })
  client.tunnel, client.association = made, token
  return client
end

-- The tunnel with that index is `client`'s: what `other` sends there arrives, and the answer finds its way.
function steps.talk(one, his_index, other, other_index, text)
  one.tunnel:says(other_index, text)
  other.tunnel:hears(his_index, text)
  other.tunnel:says(his_index, text .. "!")
  one.tunnel:hears(other_index, text .. "!")
end

return steps
