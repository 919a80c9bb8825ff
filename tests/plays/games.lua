-- games.lua: making, joining and leaving games, what every member is told, in order, and who may do what.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local INVITE, BY_PLAYER    = 4, 8
local KICKED, KICKED_FOR_GOOD, GAME_DESTROYED, LEFT = 8, 9, 4, 6
local NO_STRANGERS         = 285                 -- settings without the bit for searches
local ONLY_INVITES         = 0x114               -- invites, migratable, join in progress

play.scene("a host and three others: join, connect, leave", function()
  local server = play.server {}
  local lobby  = match.lobby(match.player(server, "Alice"))
  local bob, carol, dave = match.player(server, "Bob"), match.player(server, "Carol"), match.player(server, "Dave")
  for _, client in ipairs { bob, carol, dave } do match.comes(client, lobby) end
  match.leaves(carol, lobby)
  match.comes(carol, lobby, "guest")             -- the slot that became free, and no other
  play.equal(2, carol.slot, "slot")
  match.leaves(bob, lobby)
  match.leaves(dave, lobby)
  match.leaves(carol, lobby)
  match.is_quiet(lobby)
end)

play.scene("a private game: by invite and by no other way", function()
  local server = play.server {}
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  local lobby = match.lobby(alice, {
    settings = ONLY_INVITES, attributes = { ME3map = "map2", ME3privacy = "PRIVATE" },
  })
  for _, method in ipairs { 0, 1, 2, BY_PLAYER, 99 } do
    bob:is_refused("GameManager.joinGame", { user = { id = alice.id }, method = method },
      "GAMEMANAGER_ERR_JOIN_METHOD_NOT_SUPPORTED")
  end
  match.joins(bob, lobby, { user = { id = alice.id }, method = INVITE })
  match.meshes(bob, lobby)
  match.joins(carol, lobby, { user = { id = bob.id }, method = INVITE })   -- a guest's friend
  match.is_quiet(lobby)
end)

play.scene("what a player may not join", function()
  local server = play.server {}
  local lobby, alice, bob, _, dave = match.four(server)
  local eve = match.player(server, "Eve")
  local function refused(request, fault)
    eve:is_refused("GameManager.joinGame", request, "GAMEMANAGER_ERR_" .. fault)
  end
  refused({ user = { id = alice.id }, method = INVITE }, "GAME_FULL")
  match.leaves(dave, lobby)
  refused({ user = { id = alice.id }, method = INVITE, version = "ME3-1-1" }, "GAME_PROTOCOL_VERSION_MISMATCH")
  refused({ user = { id = 4711 }, method = INVITE }, "JOIN_PLAYER_FAILED")
  refused({ user = { id = -1 }, method = INVITE }, "JOIN_PLAYER_FAILED")
  refused({ user = { id = dave.id }, method = INVITE }, "INVALID_GAME_ID")
  refused({ game_id = lobby.id ~ 1, method = INVITE }, "INVALID_GAME_ID")
  refused({ user = { id = eve.id }, method = INVITE }, "INVALID_GAME_ID")
  bob:is_refused("GameManager.joinGame", { user = { id = alice.id }, method = INVITE },
    "GAMEMANAGER_ERR_ALREADY_GAME_MEMBER")
  match.settings(lobby, 0x17)                    -- nobody joins a match in progress
  match.state(lobby, 131)
  refused({ user = { id = alice.id }, method = INVITE }, "GAME_IN_PROGRESS")
  match.state(lobby, 130)
  match.joins(eve, lobby, { game_id = lobby.id, method = INVITE })
  match.is_quiet(lobby)
end)

play.scene("who makes or joins another game leaves the one he is in", function()
  local server = play.server {}
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local first = match.together { alice, bob }
  bob:sends("GameManager.createGame", { attributes = { ME3map = "map5" }, settings = 287 })
  local second = { id = bob:receives { kind = "response", name = "GameManager.createGame" }.game_id }
  match.goes(bob, first, LEFT)
  bob:is_notified("GameManager.NotifyGameSetup", { game = { id = second.id, attributes = { ME3map = "map5" } } })
  bob:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = { objects = { { 4, 1, second.id } } } })
  bob:asks("GameManager.joinGame", { user = { id = alice.id }, method = INVITE }, { game_id = first.id })
  bob:is_notified("GameManager.NotifyPlayerRemoved", { game_id = second.id, player_id = bob.id, reason = LEFT })
  bob:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = {} })
  match.enters(bob, first, { direct = { context = 1 } })
  bob:is_refused("GameManager.getGameDataFromId", { game_ids = { second.id } }, "GAMEMANAGER_ERR_INVALID_GAME_ID")
end)

play.scene("kicked by the host, and by nobody else", function()
  local server = play.server {}
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  local eve   = match.player(server, "Eve")
  local lobby = match.together { alice, bob, carol }
  for _, somebody in ipairs { eve, bob } do      -- a stranger, another member
    for _, victim in ipairs { alice, carol } do
      somebody:is_refused("GameManager.removePlayer",
        { game_id = lobby.id, player_id = victim.id, reason = KICKED }, "GAMEMANAGER_ERR_PERMISSION_DENIED")
    end
  end
  match.is_quiet(lobby)
  alice:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = carol.id, reason = KICKED, context = 7 })
  match.goes(carol, lobby, KICKED)
  carol:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = carol.id, reason = LEFT })   -- too late
  match.is_quiet(lobby)
  match.joins(carol, lobby)                      -- he may come back …
  alice:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = carol.id, reason = KICKED_FOR_GOOD })
  match.goes(carol, lobby, KICKED_FOR_GOOD)
  local again = { user = { id = alice.id }, method = INVITE }
  carol:is_refused("GameManager.joinGame", again, "GAMEMANAGER_ERR_PLAYER_BANNED")   -- … unless it was for good
  alice:asks("GameManager.banPlayer", { game_id = lobby.id, players = { eve.id } })
  eve:is_refused("GameManager.joinGame", again, "GAMEMANAGER_ERR_PLAYER_BANNED")
  bob:asks("GameManager.getBannedList", { game_id = lobby.id }, { players = { carol.id, eve.id } })
  alice:asks("GameManager.removePlayerFromBannedList", { game_id = lobby.id, player_id = carol.id })
  alice:is_refused("GameManager.removePlayerFromBannedList", { game_id = lobby.id, player_id = carol.id },
    "GAMEMANAGER_ERR_BANNED_PLAYER_NOT_FOUND")
  match.joins(carol, lobby)
  alice:asks("GameManager.clearBannedList", { game_id = lobby.id })
  match.joins(eve, lobby)
  match.is_quiet(lobby)
end)

-- Every command that names a game, with what it needs beside the id.
local HOSTS_ONLY = {
  advanceGameState = { state = 131 }, setGameSettings = { settings = NO_STRANGERS },
  setGameAttributes = { attributes = { ME3map = "map3" } }, replayGame = {}, destroyGame = {},
  setPlayerCapacity = { capacities = { 4, 0 } }, setPresenceMode = { presence = 1 }, addAdminPlayer = { player_id = 1 },
  removeAdminPlayer = { player_id = 1 }, migrateGame = { player_id = 1 }, banPlayer = { players = { 1 } },
  clearBannedList = {}, finalizeGameCreation = {},
}
local MEMBERS_ONLY = {
  updateMeshConnection = { targets = {} }, getBannedList = {}, updateGameHostMigrationStatus = {},
  migrateAdminPlayer = { player_id = 1 },
  setPlayerAttributes = { player_id = 1, attributes = { a = "b" } },
  setPlayerCustomData = { player_id = 1, data = "x" },
}

play.scene("strangers, guests and forged ids are refused", function()
  local server = play.server {}
  local alice, bob, eve = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Eve")
  local lobby = match.together { alice, bob }
  match.lobby(eve)                               -- a host, but not of this game
  local function refused(client, commands, id, fault)
    for command, body in pairs(commands) do
      body.game_id = id
      client:is_refused("GameManager." .. command, body, "GAMEMANAGER_ERR_" .. fault)
    end
  end
  refused(bob, HOSTS_ONLY, lobby.id, "PERMISSION_DENIED")
  refused(eve, HOSTS_ONLY, lobby.id, "PERMISSION_DENIED")
  refused(eve, MEMBERS_ONLY, lobby.id, "PERMISSION_DENIED")
  for _, id in ipairs { 0, lobby.id ~ 1, 0xFFFFFFFF } do
    refused(alice, HOSTS_ONLY, id, "INVALID_GAME_ID")
    refused(bob, MEMBERS_ONLY, id, "INVALID_GAME_ID")
  end
  bob:is_refused("GameManager.setPlayerAttributes", { game_id = lobby.id, player_id = alice.id, attributes = {} },
    "GAMEMANAGER_ERR_PERMISSION_DENIED")
  alice:is_refused("GameManager.setPlayerCustomData", { game_id = lobby.id, player_id = bob.id, data = "x" },
    "GAMEMANAGER_ERR_PERMISSION_DENIED")
  local nobody = play.client(server, "Nobody")
  for command in pairs(HOSTS_ONLY) do
    nobody:is_refused("GameManager." .. command, { game_id = lobby.id }, "ERR_AUTHENTICATION_REQUIRED")
  end
  match.is_quiet(lobby)
end)

play.scene("a game that its host destroys is gone for everybody", function()
  local lobby, alice, bob, carol, dave = match.four(play.server {})
  alice:asks("GameManager.destroyGame", { game_id = lobby.id, reason = 2 }, { game_id = lobby.id })
  for _, client in ipairs { bob, carol, dave, alice } do match.goes(client, lobby, GAME_DESTROYED) end
  bob:is_refused("GameManager.getGameDataFromId", { game_ids = { lobby.id } }, "GAMEMANAGER_ERR_INVALID_GAME_ID")
  match.comes(bob, match.lobby(alice))
end)
