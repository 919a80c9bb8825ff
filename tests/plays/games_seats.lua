-- games_seats.lua: a player whose connection breaks in a game comes back to his seat, or is out after a moment.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"
local steps = require "plays.lib.steps"

local CONNECTION_LOST, SERVER_CONNECTION_LOST = 1, 2
local GONE = 0

local function three(server)
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  return match.together { alice, bob, carol }, alice, bob, carol
end

-- The server has seen `client`'s connection end, and waits.
local function vanishes(server, client)
  local mark = server:mark()
  client:leaves()
  server:wait_log(client.persona .. " has lost the connection", mark)
end

-- `client` is there again, by another connection.
local function resumes(client)
  client:connects()
  steps.hello(client)
  client:asks("UserSessions.resumeSession", { session_key = client.key })
end

play.scene("a guest comes back to his seat and hears what he has missed; nobody has noticed", function()
  local server = play.server { set = { "games.seat_seconds=120" } }
  local lobby, alice, bob, carol = three(server)
  vanishes(server, bob)
  lobby.at[bob.slot] = nil                       -- he hears nothing of this
  match.attributes(lobby, { ME3map = "map9" })
  match.state(lobby, 131)
  resumes(bob)
  bob:is_notified("GameManager.NotifyGameAttribChange", { game_id = lobby.id, attributes = { ME3map = "map9" } })
  bob:is_notified("GameManager.NotifyGameStateChange", { game_id = lobby.id, state = 131 })
  steps.sees_itself(bob, bob.id)
  lobby.at[bob.slot] = bob
  match.is_quiet(lobby)
  match.attributes(lobby, { ME3map = "map7" })   -- he is in it as ever
  match.reports(alice, lobby, bob, 1)
  alice:asks("UserSessions.updateHardwareFlags", { flags = 1 })
  for _, client in ipairs { alice, bob, carol } do
    client:is_notified("UserSessions.UserSessionExtendedDataUpdate", { user_id = alice.id })
  end
  bob:asks("UserSessions.updateHardwareFlags", { flags = 1 })
  for _, client in ipairs { alice, bob, carol } do
    client:is_notified("UserSessions.UserSessionExtendedDataUpdate", { user_id = bob.id, data = {
      address = bob.address, hardware_flags = 1, objects = { { 4, 1, lobby.id } },
    } })
  end
  match.leaves(bob, lobby)
  match.is_quiet(lobby)
end)

play.scene("who comes back before the server has noticed takes his own place, the host's too", function()
  local server = play.server {}
  local lobby, alice, bob = three(server)
  for _, client in ipairs { bob, alice } do
    local before = client.link
    resumes(client)
    client:is_notified("GameManager.NotifyGameSettingsChange", { settings = lobby.settings })
    client:is_notified("GameManager.NotifyGameAttribChange", { attributes = lobby.attributes })
    client:is_notified("GameManager.NotifyGameStateChange", { state = lobby.state })
    steps.sees_itself(client, client.id)
    play.equal(nil, before:receive(20), "what the old connection hears")
    play.equal(true, before.closed, "its end")
  end
  match.is_quiet(lobby)
  match.attributes(lobby, { ME3map = "map7" })
  match.host_leaves(lobby, bob)
  match.takes_over(lobby)
end)

play.scene("who does not come back is out, and a seat is free", function()
  local server = play.server { set = { "games.seat_seconds=100", "limits.silence_seconds=0" } }
  local lobby, _, bob = three(server)
  vanishes(server, bob)
  server:passes(101)
  match.goes(bob, lobby, SERVER_CONNECTION_LOST, true)
  match.comes(match.player(server, "Dave"), lobby)
  bob:connects()
  steps.hello(bob)
  bob:asks("UserSessions.resumeSession", { session_key = bob.key })   -- only his login is there
  steps.sees_itself(bob, bob.id)
  match.is_quiet(lobby)
end)

play.scene("the host's word that he is gone, or a login of his own, ends the wait", function()
  local server = play.server { set = { "games.seat_seconds=120" } }
  local lobby, alice, bob, carol = three(server)
  vanishes(server, bob)
  match.reports(alice, lobby, bob, GONE)
  match.goes(bob, lobby, CONNECTION_LOST, true)
  vanishes(server, carol)
  carol:connects()
  steps.log_in(carol, "carol@example.org", "hunter22")
  match.goes(carol, lobby, 6, true)
  match.is_quiet(lobby)
  server:stop()                                  -- with nobody left behind
end)

play.scene("a server that ends waits for nobody", function()
  local server = play.server { set = { "games.seat_seconds=120" } }
  local _, _, bob = three(server)
  vanishes(server, bob)
  server:stop()
end)
