-- games_mesh.lua: the links between players: who is in, who is too late, who has vanished.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local JOIN_TIMEOUT, CONNECTION_LOST, SERVER_CONNECTION_LOST, LEFT = 0, 1, 2, 6
local GONE, TRYING, LINKED = 0, 1, 2

play.scene("whoever does not reach the host in time is out, and his seat is free", function()
  local server = play.server { set = { "games.join_seconds=20", "limits.silence_seconds=0" } }
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  local lobby = match.together { alice, bob }
  match.joins(carol, lobby)
  match.reports(alice, lobby, carol, TRYING)
  match.reports(alice, lobby, carol, GONE)       -- still trying, for all we know
  match.reports(carol, lobby, bob, LINKED)       -- not the host
  server:passes(21)
  match.goes(carol, lobby, JOIN_TIMEOUT)
  match.comes(carol, lobby)
  server:passes(21)                              -- and stays in
  match.is_quiet(lobby)
end)

play.scene("the host's word that a link is gone puts a member out; a guest's does not", function()
  local lobby, alice, bob, carol, dave = match.four(play.server {})
  match.reports(bob, lobby, carol, GONE)
  match.reports(bob, lobby, alice, GONE)
  match.is_quiet(lobby)
  match.reports(alice, lobby, carol, GONE)
  match.goes(carol, lobby, CONNECTION_LOST)
  match.reports(alice, lobby, carol, GONE)       -- she has left already
  alice:asks("GameManager.updateMeshConnection", { game_id = lobby.id, targets = {
    { flags = 0, player_id = 4711, status = GONE }, { flags = 0, player_id = -1, status = GONE },
    { flags = 0, player_id = bob.id, status = 7 }, { flags = 0, player_id = bob.id, status = -1 },
    { flags = 0, player_id = alice.id, status = GONE }, { flags = 0, player_id = dave.id, status = GONE },
  } })
  match.goes(dave, lobby, CONNECTION_LOST)       -- every entry counts, not only the last
  match.is_quiet(lobby)
end)

play.scene("all others say that the host is gone: he is", function()
  local lobby, alice, bob, carol, dave = match.four(play.server {})
  match.reports(bob, lobby, alice, GONE)
  match.reports(carol, lobby, alice, GONE)
  match.is_quiet(lobby)
  match.reports(dave, lobby, alice, GONE)
  match.goes(alice, lobby, CONNECTION_LOST, false, bob)
  match.migrates(lobby, bob)
  match.takes_over(lobby)
end)

play.scene("one alone cannot throw the host out", function()
  local server = play.server {}
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local lobby = match.together { alice, bob }
  match.reports(bob, lobby, alice, GONE)
  match.is_quiet(lobby)
end)

play.scene("a member vanishes without a goodbye; another logs out", function()
  local server = play.server { set = { "games.seat_seconds=0" } }
  local lobby, _, bob, carol, dave = match.four(server)
  bob:leaves()
  match.goes(bob, lobby, SERVER_CONNECTION_LOST, true)
  carol:asks("Authentication.logout", {})
  lobby.at[carol.slot] = nil
  for _, other in ipairs(match.members(lobby)) do
    other:is_notified("GameManager.NotifyPlayerRemoved", { player_id = carol.id, reason = LEFT })
    other:is_notified("UserSessions.UserRemoved", { user_id = carol.id })
    other:is_notified("GameManager.NotifyAdminListChange", { player_id = carol.id, operation = 1 })
  end
  match.is_quiet(lobby)
  match.joins(match.player(server, "Eve"), lobby)
  dave:receives_nothing()
end)

play.scene("the same account on another machine: the one that plays is out", function()
  local server = play.server {}
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local lobby = match.together { alice, bob }
  local twin = play.client(server, "Bob's twin")
  require("plays.lib.steps").log_in(twin, "bob@example.org", "hunter22")
  match.goes(bob, lobby, LEFT, true)
  bob:is_disconnected()
  match.network(twin, 1, 50)
  match.comes(twin, lobby)
end)
