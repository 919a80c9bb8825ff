-- games_settings.lua: what the host changes, what a player changes about himself, and how a game looks from outside.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local function two(server, options)
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local lobby = match.together({ alice, bob }, options)
  return lobby, alice, bob
end

play.scene("state, settings and attributes reach every member", function()
  local server = play.server {}
  local lobby, alice = two(server)
  match.attributes(lobby, { ME3map = "map7", ME3gameState = "IN_LOBBY" })
  match.attributes(lobby, { ME3gameState = "IN_GAME_STARTING" })
  match.settings(lobby, 285)
  match.state(lobby, 131)
  for _, state in ipairs { 0, 5, 6, 9, 255, -1 } do
    alice:is_refused("GameManager.advanceGameState", { game_id = lobby.id, state = state },
      "GAMEMANAGER_ERR_INVALID_GAME_STATE_TRANSITION")
  end
  local carol = match.player(server, "Carol")    -- whoever comes now is told what is
  match.comes(carol, lobby)
  match.is_quiet(lobby)
end)

play.scene("attributes have limits", function()
  local lobby, alice = two(play.server {})
  local many = {}
  for i = 1, 33 do many["key" .. i] = "x" end
  for _, attributes in ipairs { many, { [("k"):rep(65)] = "x" }, { key = ("v"):rep(256) }, { [""] = "x" } } do
    alice:is_refused("GameManager.setGameAttributes", { game_id = lobby.id, attributes = attributes },
      "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS")
    alice:is_refused("GameManager.createGame", { attributes = attributes }, "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS")
    alice:is_refused("GameManager.setPlayerAttributes",
      { game_id = lobby.id, player_id = alice.id, attributes = attributes }, "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS")
  end
  alice:is_refused("GameManager.setPlayerCustomData",
    { game_id = lobby.id, player_id = alice.id, data = ("x"):rep(1025) }, "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS")
  match.is_quiet(lobby)
end)

play.scene("how many may play", function()
  local server = play.server {}
  local lobby, alice = two(server)
  local function refused(capacities, fault)
    alice:is_refused("GameManager.setPlayerCapacity", { game_id = lobby.id, capacities = capacities },
      "GAMEMANAGER_ERR_PLAYER_CAPACITY_" .. fault)
  end
  refused({ 0, 0 }, "IS_ZERO")
  refused({ 5, 0 }, "TOO_LARGE")
  refused({ 1, 0 }, "TOO_SMALL")
  alice:asks("GameManager.setPlayerCapacity", { game_id = lobby.id, capacities = { 2, 0 } })
  match.tells(lobby, "NotifyGameCapacityChange", { game_id = lobby.id, capacities = { 2, 0 } })
  local carol = match.player(server, "Carol")
  alice:asks("GameManager.getFullGameData", { game_ids = { lobby.id } }, { games = { {
    game = { capacities = { 2, 0 }, max_capacity = 4 },
  } } })
  carol:is_refused("GameManager.createGame", { max_capacity = 5 }, "GAMEMANAGER_ERR_MAX_PLAYER_CAPACITY_TOO_LARGE")
  carol:is_refused("GameManager.createGame", { capacities = { 3, 0 }, max_capacity = 2 },
    "GAMEMANAGER_ERR_PLAYER_CAPACITY_TOO_LARGE")
  carol:is_refused("GameManager.joinGame", { user = { id = alice.id }, method = 4 }, "GAMEMANAGER_ERR_GAME_FULL")
  carol:is_refused("GameManager.createGame", { capacities = { 0, 0 } }, "GAMEMANAGER_ERR_PLAYER_CAPACITY_IS_ZERO")
  carol:is_refused("GameManager.createGame", { capacities = { 4, 1 } }, "GAMEMANAGER_ERR_PLAYER_CAPACITY_TOO_LARGE")
end)

play.scene("what a player says about himself", function()
  local server = play.server {}
  local lobby, alice, bob = two(server)
  local kit = { game_id = lobby.id, player_id = bob.id, attributes = { kit = "Adept" } }
  bob:asks("GameManager.setPlayerAttributes", kit)
  match.tells(lobby, "NotifyPlayerAttribChange", kit)
  alice:asks("GameManager.setPlayerAttributes", { game_id = lobby.id, player_id = bob.id, attributes = { team = "1" } })
  match.tells(lobby, "NotifyPlayerAttribChange", { player_id = bob.id, attributes = play.exactly { team = "1" } })
  bob:asks("GameManager.setPlayerCustomData", { game_id = lobby.id, player_id = bob.id, data = "\0\1\2" })
  match.tells(lobby, "NotifyPlayerCustomDataChange", { game_id = lobby.id, player_id = bob.id, data = "\0\1\2" })
  alice:asks("GameManager.setPresenceMode", { game_id = lobby.id, presence = 2 })
  match.tells(lobby, "NotifyPresenceModeChanged", { game_id = lobby.id, presence = 2 })
  alice:is_refused("GameManager.setPresenceMode", { game_id = lobby.id, presence = 3 }, "ERR_INVALID_ENUM_VALUE")
  alice:asks("GameManager.getFullGameData", { game_ids = { lobby.id } }, { games = { {
    game = { id = lobby.id, presence = 2 },
    players = { { player_id = alice.id },
                { player_id = bob.id, attributes = { kit = "Adept", team = "1" }, custom_data = "\0\1\2" } },
  } } })
end)

play.scene("admins: made by the host, unmade by him", function()
  local lobby, alice, bob = two(play.server {})
  alice:asks("GameManager.addAdminPlayer", { game_id = lobby.id, player_id = bob.id })   -- hosts repeat it
  match.tells(lobby, "NotifyAdminListChange", { player_id = bob.id, operation = 0, updater_id = alice.id })
  alice:asks("GameManager.removeAdminPlayer", { game_id = lobby.id, player_id = bob.id })
  match.tells(lobby, "NotifyAdminListChange", { player_id = bob.id, operation = 1, updater_id = alice.id })
  for _, id in ipairs { alice.id, bob.id } do
    alice:is_refused("GameManager.removeAdminPlayer", { game_id = lobby.id, player_id = id },
      "GAMEMANAGER_ERR_NOT_IN_ADMIN_LIST")
  end
  alice:is_refused("GameManager.addAdminPlayer", { game_id = lobby.id, player_id = 4711 },
    "GAMEMANAGER_ERR_PLAYER_NOT_FOUND")
  local function refused(client, whom, fault)
    client:is_refused("GameManager.migrateAdminPlayer", { game_id = lobby.id, player_id = whom },
      "GAMEMANAGER_ERR_" .. fault)
  end
  refused(bob, bob.id, "NOT_IN_ADMIN_LIST")
  refused(alice, 4711, "PLAYER_NOT_FOUND")
  refused(alice, alice.id, "ALREADY_ADMIN")
  alice:asks("GameManager.migrateAdminPlayer", { game_id = lobby.id, player_id = bob.id })
  match.tells(lobby, "NotifyAdminListChange", { player_id = bob.id, operation = 2, updater_id = alice.id })
  bob:asks("GameManager.getGameDataFromId", { game_ids = { lobby.id } }, { games = { {
    admins = { alice.id, bob.id },               -- a host is always one
  } } })
end)

play.scene("looking at games from outside", function()
  local server = play.server {}
  local lobby, alice, bob = two(server)
  local eve   = match.player(server, "Eve")
  local other = match.lobby(eve, { attributes = { ME3map = "map9" } })
  eve:asks("GameManager.getGameDataFromId", { list_name = "", game_ids = { lobby.id, other.id } }, { games = {
    play.exactly {
      id = lobby.id, admins = { alice.id, bob.id }, attributes = lobby.attributes, capacities = { 4, 0 },
      name = alice.persona, settings = 287, state = 130, host_id = alice.id, host_addresses = { alice.address },
      topology = 0, player_counts = { 2, 0 }, presence = 1, ping_site = "", persisted_id = "", queue_capacity = 0,
      queue_count = 0, session_id = 0, team_capacity = 0, voip = 2, version = "ME3-295976325-179181965240128",
    },
    { id = other.id, attributes = { ME3map = "map9" }, host_id = eve.id },
  } })
  local function sees(client, address)
    local found = client:asks("GameManager.getGameDataFromId", { game_ids = { lobby.id } }, { games = { {
      id = lobby.id, host_id = alice.id, player_counts = { 2, 0 },
    } } }).games[1].host_addresses
    play.equal(address and { alice.address } or {}, found or {}, "where the host is, for " .. client.persona)
  end
  match.attributes(lobby, { ME3privacy = "PRIVATE" })
  sees(eve, false)
  sees(bob, true)
  match.attributes(lobby, { ME3privacy = "PUBLIC" })
  match.settings(lobby, 0x10)                    -- no way in
  sees(eve, false)
  match.settings(lobby, 0x11F)
  sees(eve, true)
  alice:asks("GameManager.banPlayer", { game_id = lobby.id, players = { eve.id } })
  sees(eve, false)
  for client, address in pairs { [eve] = false, [bob] = alice.address } do
    local data = client:asks("UserSessions.lookupUser", { id = alice.id }).extended_data
    play.equal(address, data.address or false, "where alice is, for " .. client.persona)
    play.equal({ { 4, 1, lobby.id } }, data.objects, "alice's game")
  end
  eve:is_refused("GameManager.getGameDataFromId", { game_ids = {} }, "ERR_SYSTEM")
  eve:is_refused("GameManager.getGameDataFromId", { game_ids = { lobby.id, 0 } }, "GAMEMANAGER_ERR_INVALID_GAME_ID")
  eve:is_refused("GameManager.getFullGameData", { game_ids = { lobby.id } }, "GAMEMANAGER_ERR_PERMISSION_DENIED")
  for _, command in ipairs { "listGames", "getGameListSubscription", "getMatchmakingConfig", "ejectHost" } do
    eve:sends("GameManager." .. command)
    eve:receives { kind = "response", name = "GameManager." .. command }
  end
end)
