-- tunnels.lua: players who cannot reach each other play through the server: datagrams by UDP and HTTP, bound to slots.
local play   = require "plays.lib.play"
local match  = require "plays.lib.match_steps"
local search = require "plays.lib.search_steps"
local steps  = require "plays.lib.tunnel_steps"
local tunnel = require "plays.lib.tunnel"

local OPEN = steps.OPEN
local player, talk, server_with = steps.player, steps.talk, steps.server

local function server_page(server) return ("http://127.0.0.1:%d/metrics"):format(server:port "metrics") end

-- Waits until the server's page of metrics says so: relay and scripts learn of a tunnel a moment after its client.
local function page_says(server, line)
  play.waits_for("the page of metrics says " .. line, function()
    return mu.http_client.get(server_page(server)).body:find(line .. "\n", 1, true)
  end)
end

play.scene("clients are told of the UDP port only while it is open", function()
  local server = server_with()
  local _, port = tunnel.look_up(server)
  play.equal(server:port "tunnel", port, "tunnel_port")
  _, port = tunnel.look_up(play.server {})
  play.equal(mu.null, port, "without a door")
  _, port = tunnel.look_up(server_with { set = { "tunnel.policy=disabled" } })
  play.equal(mu.null, port, "disabled")
  _, port = tunnel.look_up(server_with { set = { "tunnel.external_port=4711" } })
  play.equal(4711, port, "behind a router")
end)

play.scene("datagrams follow the players while slots change", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local carol      = player(server, "Carol", "http")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  match.comes(carol, lobby)
  talk(alice, 0, bob, 1, "alice to bob")
  talk(alice, 0, carol, 2, "alice to carol, who has HTTP")
  talk(carol, 2, bob, 1, "carol to bob")
  match.leaves(bob, lobby)
  bob.tunnel:says(0, "from outside")
  alice.tunnel:says(1, "to nobody")
  talk(alice, 0, carol, 2, "still there")
  alice.tunnel:hears_nothing()
  local dave = player(server, "Dave", "udp")
  match.comes(dave, lobby)                       -- in the slot that became free
  talk(dave, 1, alice, 0, "dave to alice")
  bob.tunnel:hears_nothing()
end)

play.scene("the host leaves: the new one has index 0, and who sits in slot 0 has his number", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "http")
  local carol = player(server, "Carol", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  match.comes(carol, lobby)
  match.host_leaves(lobby, bob)
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  talk(bob, 0, carol, 2, "bob hosts")
  match.joins(alice, lobby)
  match.meshes(alice, lobby)
  talk(alice, 1, bob, 0, "alice is back, in slot 0")
  talk(alice, 1, carol, 2, "and reaches carol")
end)

play.scene("a tunnel that comes late, or comes back, has its player's place", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob")
  local lobby = match.lobby(alice, { tunnelled = true })
  bob.tunnel = tunnel.udp(server, bob.association)
  page_says(server, 'murelay_records{kind="tunnel"} 2')
  match.comes(bob, lobby)
  talk(alice, 0, bob, 1, "before")
  bob.tunnel:moves()
  bob.tunnel:initiates()                         -- as clients do after a second of silence, with a new socket
  talk(alice, 0, bob, 1, "after")
  alice.tunnel:moves()
  alice.tunnel:initiates()
  talk(bob, 1, alice, 0, "the host came back")
  bob.tunnel.socket:close()
  bob.tunnel = tunnel.http(server, bob.association)        -- UDP is blocked now: the newest tunnel counts
  page_says(server, 'murelay_tunnels{kind="http"} 1')
  talk(alice, 0, bob, 1, "by HTTP now")
  bob.tunnel = tunnel.udp(server, bob.association)
  talk(alice, 0, bob, 1, "and back")
end)

play.scene("who guesses an id gets neither the player's datagrams nor his voice", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  local eve = tunnel.udp(server, tunnel.look_up(server))
  eve.id = alice.tunnel.id                       -- a lucky guess
  eve:says(1, "in alice's name")
  for _ = 1, 4 do
    play.equal(tunnel.KEEP_ALIVE, (alice.tunnel:next()), "what alice is asked")
    alice.tunnel:keeps_alive()
    play.equal(tunnel.KEEP_ALIVE, (eve:next()), "what eve is asked")
    eve:keeps_alive()                            -- she answers everything she is asked
    eve:says(1, "once more")
  end
  server:wait_log("stays where it is")
  talk(alice, 0, bob, 1, "undisturbed")
  bob.tunnel:hears_nothing()
end)

play.scene("an association is its account's while that is here: another one with it has no tunnel", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  local eve = match.player(server, "Eve", { nat = steps.MODERATE, headers = { ["x-association"] = alice.association } })
  local mine = match.lobby(eve)                  -- not tunnelled, and not Alice's place
  talk(alice, 0, bob, 1, "undisturbed")
  match.host_leaves(lobby, bob)
  match.has_migrated(lobby)                      -- bob is alone
  alice:leaves()                                 -- now it is hers
  page_says(server, 'murelay_records{kind="player"} 2')
  match.leaves(eve, mine)
  eve.tunnel = alice.tunnel
  local hers = match.lobby(eve, { tunnelled = true })
  match.leaves(bob, lobby)
  match.comes(bob, hers)
  talk(eve, 0, bob, 1, "by the tunnel she came with")
end)

play.scene("a player whose router gives him another port goes on after a proof", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  bob.tunnel:moves()
  bob.tunnel:says(0, "not yet")
  repeat                                         -- whoever answers too late is asked again
    bob.tunnel:keeps_alive()
    bob.tunnel:next_but_keep_alive(0.1)
  until server:log():find("has moved", 1, true)
  talk(alice, 0, bob, 1, "there again")
end)

play.scene("the silent end, the others go on; who comes with an old id is told to come anew", function()
  local server = server_with { set = { "tunnel.keep_alive_seconds=20", "tunnel.expire_seconds=40",
                                       "limits.silence_seconds=0" } }
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local late = tunnel.udp(server, tunnel.look_up(server))
  local old  = alice.tunnel.id
  alice.tunnel.socket:close()                    -- her machine is off
  for _ = 1, 4 do
    server:passes(15)
    bob.tunnel:keeps_alive()
    late:initiates()                             -- what bob sent before has arrived, too
  end
  page_says(server, "murelay_tunnels_expired_total 1")
  late.id = old                                  -- somebody with her old id
  late:says(0, "x")
  play.equal(tunnel.NUDGE, (late:next_but_keep_alive()), "what he is told")
  local kind, id = bob.tunnel:next()
  play.equal({ tunnel.KEEP_ALIVE, bob.tunnel.id }, { kind, id }, "what bob is asked")
end)

play.scene("an HTTP tunnel that reads nothing loses datagrams, takes no memory, and goes on when it reads", function()
  local server = server_with { set = { "tunnel.datagrams_per_second=0" } }
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob")
  local lobby = match.lobby(alice, { tunnelled = true })
  bob.tunnel = tunnel.http(server, bob.association, 8192)
  page_says(server, 'murelay_records{kind="tunnel"} 2')
  match.comes(bob, lobby)
  local large = alice.tunnel:datagram(1, ("x"):rep(1200))
  local function late()
    local page = mu.http_client.get(server_page(server)).body
    return tonumber(page:match "murelay_relay_http_late_total (%d+)")
  end
  local function drops(count)
    play.waits_for("so many datagrams are dropped", function()
      for _ = 1, 10 do
        for _ = 1, 50 do alice.tunnel:raw(large) end
        mu.sleep(0.001)                          -- more at once would be lost before the server has seen it
      end
      return late() > count
    end)
    return server:memory()
  end
  local before = drops(1000)
  local after  = mu.test.mode == "plain" and not mu.test.sanitized and drops(6000) or before
  if after > before + 4 * 1024 then play.fails("from %d kB to %d: they are kept", before, after) end
  local word = alice.tunnel:datagram(1, "there again")
  play.waits_for("what is sent now arrives", function()   -- behind all that still is on its way
    alice.tunnel:raw(word)
    local index, payload = bob.tunnel:next()
    while index == 255 or (index == 0 and #payload == 1200) do index, payload = bob.tunnel:next(0.05) end
    if index and (index ~= 0 or payload ~= "there again") then play.fails("a frame of index %d", index) end
    return index
  end)
  bob.tunnel:says(0, "and back")
  alice.tunnel:hears(1, "and back")
end)

play.scene("after a restart every tunnel that was live is woken, the silent host's, too", function()
  local port   = tunnel.free_port()
  local server = server_with { port = port }
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob", "udp")
  local lobby = match.lobby(alice, { tunnelled = true })
  match.comes(bob, lobby)
  talk(alice, 0, bob, 1, "before the restart")
  play.kill(server)
  server:restart()
  for _, client in ipairs { alice, bob } do      -- neither has said anything
    play.equal(tunnel.NUDGE, (client.tunnel:next_but_keep_alive()), "what a client of before is told")
    client.tunnel:moves()
    client.tunnel:initiates()
  end
end)

play.scene("which games are tunnelled: the host's router, the policy, and whether both have a tunnel", function()
  local server = server_with()
  local open   = match.lobby(player(server, "Alice", "udp", OPEN))
  match.comes(player(server, "Bob", "udp"), open)
  local lobby = match.lobby(player(server, "Carol"))                       -- no tunnel, no tunnelling
  match.comes(player(server, "Dave", "udp"), lobby)
  server = server_with { set = { "tunnel.policy=always" } }
  match.lobby(player(server, "Alice", "http", OPEN), { tunnelled = true })
  server = server_with { set = { "tunnel.policy=disabled" } }
  match.lobby(player(server, "Alice", "http"))
end)

play.scene("who searches without a tunnel waits; when it comes he is in", function()
  local server = server_with()
  local alice, bob = player(server, "Alice", "udp"), player(server, "Bob")
  local lobby = match.lobby(alice, { tunnelled = true, attributes = search.attributes() })
  search.starts(bob)
  search.waits(bob)
  bob.tunnel = tunnel.http(server, bob.association)
  search.finds(bob, lobby)
  match.meshes(bob, lobby)
  talk(alice, 0, bob, 1, "found")
end)
