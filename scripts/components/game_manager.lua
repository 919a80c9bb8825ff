-- components/game_manager.lua: making, joining, running and leaving games. Who may do what stands on the routes
-- (guards.lua); what everybody is told of it is services/games*.lua. Hosts, admins and looking at games are in
-- game_manager_hosts.lua, the search for a game in matchmaking.lua.
local game_manager = mu.component "GameManager"
local games        = require "services.games"
local messages     = require "services.games_messages"
local schema       = require "schema.game_manager"
local sessions     = require "services.sessions"

local REMOVED, SETTING, STATE = games.REMOVED, games.SETTING, games.STATE
local JOINED           = 0
local MOST_TARGETS     = 8
local MOST_CUSTOM_DATA = 1024

-- Making -------------------------------------------------------------------------------------------------------------

game_manager.createGame {
  login    = true,
  paced    = true,
  request  = schema.CreateGameRequest,
  response = schema.GameId,
  handle   = function(session, request)
    local game, fault = games.create(session, request)
    return game and { game_id = game.id } or mu.fail(fault)
  end,
}

game_manager.destroyGame {
  login    = true,
  host     = true,
  request  = schema.DestroyGameRequest,
  response = schema.GameId,
  handle   = function(session, request)
    games.destroy(games.get(request.game_id))
    return { game_id = request.game_id }
  end,
}

-- Joining ------------------------------------------------------------------------------------------------------------

-- The game that is meant: that of a player, or the one with this id. nil and the name of an error.
local function meant(request)
  local user = request.user
  if user.id == 0 and user.name == "" then
    local game = games.get(request.game_id)
    return game, not game and "GAMEMANAGER_ERR_INVALID_GAME_ID" or nil
  end
  local target = user.id ~= 0 and sessions.player(user.id) or user.id == 0 and sessions.player_named(user.name)
  if not target then return nil, "GAMEMANAGER_ERR_JOIN_PLAYER_FAILED" end
  local game = games.of(target.session)
  return game, not game and "GAMEMANAGER_ERR_INVALID_GAME_ID" or nil
end

-- The ways of joining are bits of the settings. What is none of them counts as joining a player.
local METHODS = {
  [SETTING.BROWSING] = true, [SETTING.MATCHMAKING] = true, [SETTING.INVITES] = true, [SETTING.JOIN_BY_PLAYER] = true,
}

game_manager.joinGame {
  login    = true,
  paced    = true,
  request  = schema.JoinGameRequest,
  response = schema.JoinGameResponse,
  handle   = function(session, request)
    local game, fault = meant(request)
    if not game then return mu.fail(fault) end
    if games.of(session) == game then return mu.fail "GAMEMANAGER_ERR_ALREADY_GAME_MEMBER" end
    if request.version ~= "" and request.version ~= game.version then
      return mu.fail "GAMEMANAGER_ERR_GAME_PROTOCOL_VERSION_MISMATCH"
    end
    local method = METHODS[request.method] and request.method or SETTING.JOIN_BY_PLAYER
    local open, why = games.joinable(game, method)
    if not open then return mu.fail(why) end
    local member, refusal = games.add_player(game, session, nil, request.attributes)
    return member and { game_id = game.id, join_state = JOINED } or mu.fail(refusal)
  end,
}

game_manager.updateMeshConnection {
  login   = true,
  member  = true,
  request = schema.MeshConnectionRequest,
  handle  = function(session, request)
    local game, member = games.of(session)
    if #request.targets > MOST_TARGETS then return mu.fail "GAMEMANAGER_ERR_INVALID_PLAYER_PASSEDIN" end
    games.report_links(game, member, request.targets)
  end,
}

-- Leaving ------------------------------------------------------------------------------------------------------------

-- The reasons that a player may give for himself, and a host for another; what is none of them is the first.
local OWN_REASONS  = { REMOVED.LEFT, REMOVED.CONNECTION_LOST, REMOVED.GAME_ENDED, REMOVED.GROUP_LEFT }
local HOST_REASONS = {
  REMOVED.KICKED, REMOVED.KICKED_WITH_BAN, REMOVED.CONNECTION_LOST, REMOVED.JOIN_TIMEOUT, REMOVED.GAME_ENDED,
}

local function one_of(reasons, reason)
  for _, known in ipairs(reasons) do
    if known == reason then return reason end
  end
  return reasons[1]
end

game_manager.removePlayer {
  login    = true,
  own_seat = "or gone",
  request  = schema.RemovePlayerRequest,
  handle   = function(session, request)
    local game = games.get(request.game_id)
    local gone = games.member(game, request.player_id)
    if not gone then return end                  -- he has left already
    local reason = one_of(gone == session.member and OWN_REASONS or HOST_REASONS, request.reason)
    if reason == REMOVED.KICKED_WITH_BAN then games.ban(game, request.player_id) end
    games.remove_player(game, gone.session, reason, request.context)
  end,
}

game_manager.banPlayer {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.BanPlayerRequest,
  handle  = function(session, request)
    local game = games.get(request.game_id)
    for _, id in ipairs(request.players) do
      if id < 1 or id > 0xFFFFFFFF or id == session.player.id then
        return mu.fail "GAMEMANAGER_ERR_INVALID_PLAYER_PASSEDIN"
      end
    end
    for _, id in ipairs(request.players) do
      if not games.ban(game, id) then return mu.fail "GAMEMANAGER_ERR_BANNED_LIST_MAX" end
      local gone = games.member(game, id)
      if gone then games.remove_player(game, gone.session, REMOVED.KICKED_WITH_BAN, request.context) end
    end
  end,
}

game_manager.removePlayerFromBannedList {
  login   = true,
  host    = true,
  request = schema.GameAndPlayer,
  handle  = function(session, request)
    local banned = games.get(request.game_id).banned
    if request.player_id < 1 or request.player_id > 0xFFFFFFFF or not banned:remove(request.player_id) then
      return mu.fail "GAMEMANAGER_ERR_BANNED_PLAYER_NOT_FOUND"
    end
  end,
}

game_manager.clearBannedList {
  login   = true,
  host    = true,
  request = schema.GameId,
  handle  = function(session, request) games.get(request.game_id).banned:clear() end,
}

game_manager.getBannedList {
  login    = true,
  member   = true,
  request  = schema.GameId,
  response = schema.BannedList,
  handle   = function(session, request)
    local list = {}
    for i, id in ipairs(games.get(request.game_id).banned) do list[i] = id end
    return { players = list }
  end,
}

-- What the host changes ----------------------------------------------------------------------------------------------

-- States a host may ask for; the others are the server's.
local STATES = {
  [STATE.INITIALIZING] = true, [STATE.VIRTUAL] = true, [STATE.CONNECTION_VERIFICATION] = true,
  [STATE.POST_GAME] = true, [STATE.RESETABLE] = true, [STATE.REPLAY_SETUP] = true,
  [STATE.GROUP_INITIALIZED] = true, [STATE.PRE_GAME] = true, [STATE.IN_GAME] = true,
}

game_manager.advanceGameState {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.GameState,
  handle  = function(session, request)
    if not STATES[request.state] then return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_STATE_TRANSITION" end
    games.set_state(games.get(request.game_id), request.state)
  end,
}

game_manager.setGameSettings {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.SetSettingsRequest,
  handle  = function(session, request) games.set_settings(games.get(request.game_id), request.settings) end,
}

game_manager.setGameAttributes {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.GameAttributesChange,
  handle  = function(session, request)
    if not games.set_attributes(games.get(request.game_id), request.attributes) then
      return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS"
    end
  end,
}

game_manager.setPlayerCapacity {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.CapacityRequest,
  handle  = function(session, request)
    local fault = games.set_capacities(games.get(request.game_id), request.capacities)
    if fault then return mu.fail(fault) end
  end,
}

game_manager.setPresenceMode {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.Presence,
  handle  = function(session, request)
    local game = games.get(request.game_id)
    if request.presence < 0 or request.presence > 2 then return mu.fail "ERR_INVALID_ENUM_VALUE" end
    game.presence = request.presence
    messages.tell(game, "PresenceModeChanged", { game_id = game.id, presence = game.presence })
  end,
}

game_manager.replayGame {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.GameId,
  handle  = function(session, request)
    local game = games.get(request.game_id)
    if game.migrating then return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION" end
    games.replay(game)
  end,
}

-- What the client may send as a matter of form.
for command, request in pairs {
  finalizeGameCreation = schema.XboxSession, updateGameSession = schema.XboxSession,
} do
  game_manager[command] { login = true, host = true, request = request, handle = function() end }
end

-- What a player changes about himself --------------------------------------------------------------------------------

game_manager.setPlayerAttributes {
  login    = true,
  paced    = true,
  own_seat = "or host",
  request  = schema.PlayerAttributes,
  handle   = function(session, request)
    local fault = games.set_player_attributes(games.get(request.game_id), request.player_id, request.attributes)
    if fault then return mu.fail(fault) end
  end,
}

game_manager.setPlayerCustomData {
  login    = true,
  paced    = true,
  own_seat = "only",
  request  = schema.PlayerCustomData,
  handle   = function(session, request)
    local game, member = games.of(session)
    if #request.data > MOST_CUSTOM_DATA then return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS" end
    member.custom_data = request.data
    messages.tell(game, "PlayerCustomDataChange", {
      data = request.data, game_id = game.id, player_id = member.player_id,
    })
  end,
}
