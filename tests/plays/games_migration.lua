-- games_migration.lua: a game loses its host and goes on.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local SERVER_CONNECTION_LOST, MIGRATION_FAILED, GAME_DESTROYED, LEFT = 2, 3, 4, 6

play.scene("the host of a full game leaves and the three go on, twice", function()
  local server = play.server {}
  local lobby, alice, bob, carol, dave = match.four(server)
  match.state(lobby, 131)
  match.host_leaves(lobby, bob)
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.relinks(dave, lobby, "guest")
  match.attributes(lobby, { ME3map = "map4" })   -- bob is the host in every respect
  carol:is_refused("GameManager.setGameAttributes", { game_id = lobby.id, attributes = { ME3map = "map5" } },
    "GAMEMANAGER_ERR_PERMISSION_DENIED")
  match.joins(alice, lobby)                      -- the slot of the old host is free, and is no host's
  play.equal(0, alice.slot, "slot")
  match.meshes(alice, lobby)

  match.host_leaves(lobby, alice)                -- her slot is the lowest, all else is equal
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.relinks(dave, lobby)
  match.comes(bob, lobby)
  match.is_quiet(lobby)
end)

play.scene("the host vanishes without a goodbye", function()
  local lobby, alice, bob, carol, dave = match.four(play.server {})
  alice:leaves()
  match.goes(alice, lobby, SERVER_CONNECTION_LOST, true, bob)
  match.migrates(lobby, bob)
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.relinks(dave, lobby)
  match.is_quiet(lobby)
end)

play.scene("the new host is the one with links, then with the better router", function()
  local server = play.server {}
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob", { nat = 3 })
  local carol, dave = match.player(server, "Carol", { nat = 0 }), match.player(server, "Dave", { nat = 0 })
  local lobby = match.together { alice, bob, carol, dave }
  match.host_leaves(lobby, carol)                -- open, and her slot is below dave's
  match.takes_over(lobby)
  match.relinks(bob, lobby)
  match.relinks(dave, lobby)
  match.comes(alice, lobby)
  match.reports(bob, lobby, alice, 2)            -- bob reaches alice, and dave nobody
  match.host_leaves(lobby, alice)                -- one link as bob has, and the better router
  match.takes_over(lobby)
  match.relinks(dave, lobby)
  match.is_quiet(lobby)
end)

play.scene("whoever is left has not even connected: he is in, and the host", function()
  local server = play.server {}
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local lobby = match.lobby(alice)
  match.joins(bob, lobby)
  alice:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = alice.id, reason = LEFT })
  match.goes(alice, lobby, LEFT, false, bob)
  match.is_in(bob, lobby)
  match.migrates(lobby, bob)
  match.has_migrated(lobby)
  match.comes(alice, lobby)
end)

play.scene("a rule of the operator's own decides, and one that fails decides nothing", function()
  local lobby, _, bob, carol, dave = match.four(play.server { files = { ["scripts/http/content.lua"] = [[
local rules = require("services.games_hosts").RULES
table.insert(rules, 1, { name = "broken", text = "", value = function(member) return member.nothing end })
table.insert(rules, 2, { name = "last", text = "the highest slot", value = function(member) return -member.slot end })
]] } })
  match.host_leaves(lobby, dave)
  match.takes_over(lobby)
  match.relinks(bob, lobby)
  match.relinks(carol, lobby)
end)

-- Every door on a free port, and one with the numbers.
local CONFIG = [[return { listeners = {
  { name = "http",    address = "127.0.0.1", port = 0, protocols = { "http", "blaze" } },
  { name = "metrics", address = "127.0.0.1", port = 0, metrics = true },
} }]]

play.scene("a rule that is none is refused before anybody plays by it", function()
  local server = play.server {}
  local alice  = match.player(server, "Alice")
  server:write("data/scripts/http/content.lua",
    'table.insert(require("services.games_hosts").RULES, 1, { name = "mine" })')
  local fine, said = server:reload()
  play.equal({ false, play.text "rule 1 must be { name" }, { fine, said }, "the reload")
  match.lobby(alice)
end)

play.scene("two are left, then one; and what the numbers say", function()
  local server = play.server { config = CONFIG }
  local function shows(line)
    local page = mu.http_client.get(("http://127.0.0.1:%d/metrics"):format(server:port "metrics")).body
    play.equal(true, page:find("\nmurelay_" .. line .. "\n", 1, true) ~= nil, line)
  end
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local carol = match.player(server, "Carol")
  local lobby = match.together { alice, bob, carol }
  match.host_leaves(lobby, bob)
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.host_leaves(lobby, carol)                -- nobody to wait for
  match.has_migrated(lobby)
  shows "games 1"
  shows "games_players 1"
  shows "games_joined_total 2"
  shows 'games_left_total{reason="left"} 2'
  shows 'games_migrations_total{ended="taken_over"} 1'
  shows 'games_migrations_total{ended="at_once"} 1'
  match.leaves(carol, lobby)
  shows "games 0"
  shows "games_players 0"
  carol:is_refused("GameManager.getGameDataFromId", { game_ids = { lobby.id } }, "GAMEMANAGER_ERR_INVALID_GAME_ID")
end)

play.scene("a new host that says nothing: links of all, or time, end the migration", function()
  local server = play.server { set = { "games.migration_seconds=20" } }
  local lobby, alice, bob, carol, dave = match.four(server)
  match.host_leaves(lobby, bob)
  match.relinks(carol, lobby)
  match.reports(dave, lobby, bob, 2)
  match.tells(lobby, "NotifyGamePlayerStateChange", { player_id = dave.id, state = 4 })
  match.has_migrated(lobby)
  match.host_leaves(lobby, carol)
  match.is_quiet(lobby)
  server:passes(21)
  match.has_migrated(lobby)
  match.relinks(dave, lobby)
  match.comes(alice, lobby)
end)

play.scene("members without a link to the new host are out, but only when links are reported at all", function()
  local server = play.server { set = { "games.link_seconds=20" } }
  local lobby, _, bob, carol, dave = match.four(server)
  local other = match.lobby(match.player(server, "Eve"))
  local frank = match.player(server, "Frank")
  for _, client in ipairs { frank, match.player(server, "Grace") } do match.comes(client, other) end
  match.host_leaves(other, frank)
  match.takes_over(other)                        -- nobody says a word there
  match.host_leaves(lobby, bob)
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.is_quiet(lobby)
  server:passes(21)
  match.goes(dave, lobby, MIGRATION_FAILED)
  match.is_quiet(lobby)
  match.is_quiet(other)
end)

play.scene("the new host goes as well before it has taken over", function()
  local lobby, _, bob, carol, dave = match.four(play.server {})
  match.host_leaves(lobby, bob)
  dave:asks("GameManager.updateGameHostMigrationStatus", { game_id = lobby.id, kind = 2 })   -- not the host: nothing
  bob:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = bob.id, reason = LEFT })
  match.goes(bob, lobby, LEFT, false, carol)
  match.starts_migration(lobby, carol)
  match.takes_over(lobby)
  match.relinks(dave, lobby)
  match.is_quiet(lobby)
end)

play.scene("nobody comes, and nothing else happens, while the host changes", function()
  local server = play.server {}
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  local eve   = match.player(server, "Eve")
  local lobby = match.together { alice, bob, carol }
  match.host_leaves(lobby, bob)
  for _, request in ipairs { { user = { id = bob.id }, method = 4 }, { game_id = lobby.id, method = 2 } } do
    eve:is_refused("GameManager.joinGame", request, "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION")
  end
  bob:is_refused("GameManager.replayGame", { game_id = lobby.id }, "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION")
  bob:is_refused("GameManager.migrateGame", { game_id = lobby.id, player_id = carol.id },
    "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION")
  bob:asks("GameManager.advanceGameState", { game_id = lobby.id, state = 131 })   -- in force when the host has changed
  lobby.state = 131
  match.takes_over(lobby)
  match.relinks(carol, lobby)
  match.comes(eve, lobby)
end)

play.scene("a game that cannot migrate ends with its host", function()
  local server = play.server {}
  local lobby, alice, bob, carol, dave = match.four(server, { settings = 0x10F })
  alice:is_refused("GameManager.migrateGame", { game_id = lobby.id, player_id = bob.id },
    "GAMEMANAGER_ERR_MIGRATION_NOT_SUPPORTED")
  alice:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = alice.id, reason = LEFT })
  match.goes(alice, lobby, LEFT, false, alice)
  for _, client in ipairs { carol, dave, bob } do match.goes(client, lobby, GAME_DESTROYED, false, bob) end
  match.comes(bob, match.lobby(alice))
end)

play.scene("the host hands the game on and stays", function()
  local lobby, alice, bob, carol, dave = match.four(play.server {})
  for _, id in ipairs { alice.id, 4711, 0 } do
    alice:is_refused("GameManager.migrateGame", { game_id = lobby.id, player_id = id },
      "GAMEMANAGER_ERR_INVALID_NEWHOST")
  end
  alice:asks("GameManager.migrateGame", { game_id = lobby.id, player_id = dave.id })
  match.migrates(lobby, dave)
  match.takes_over(lobby)
  alice:is_refused("GameManager.replayGame", { game_id = lobby.id }, "GAMEMANAGER_ERR_PERMISSION_DENIED")
  match.relinks(bob, lobby)
  match.relinks(carol, lobby)
  match.is_quiet(lobby)
end)

play.scene("at once, without waiting, for who wants it so", function()
  local lobby, _, bob = match.four(play.server { set = { "games.migration=at_once" } })
  match.host_leaves(lobby, bob)
  match.has_migrated(lobby)
  match.is_quiet(lobby)
end)
