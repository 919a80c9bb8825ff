-- components/game_manager_hosts.lua: hosts and admins of a game, looking at games, and what games of this kind never
-- ask.
local game_manager = mu.component "GameManager"
local games        = require "services.games"
local messages     = require "services.games_messages"
local schema       = require "schema.game_manager"

local MOST_GAMES = 20                            -- of one list

-- Host ---------------------------------------------------------------------------------------------------------------

game_manager.migrateGame {
  login   = true,
  paced   = true,
  host    = true,
  request = schema.MigrateGameRequest,
  handle  = function(session, request)
    local fault = games.hand_over(games.get(request.game_id), request.player_id)
    if fault then return mu.fail(fault) end
  end,
}

-- The new host says that it has taken over.
game_manager.updateGameHostMigrationStatus {
  login   = true,
  member  = true,
  request = schema.MigrationStatusRequest,
  handle  = function(session, request)
    local game, member = games.of(session)
    games.migration_taken_over(game, member)
  end,
}

-- Admins -------------------------------------------------------------------------------------------------------------

for command, admin in pairs { addAdminPlayer = true, removeAdminPlayer = false } do
  game_manager[command] {
    login   = true,
    paced   = true,
    host    = true,
    request = schema.GameAndPlayer,
    handle  = function(session, request)
      local fault = games.set_admin(games.get(request.game_id), request.player_id, admin, session.player.id)
      if fault then return mu.fail(fault) end
    end,
  }
end

game_manager.migrateAdminPlayer {
  login   = true,
  paced   = true,
  member  = true,
  request = schema.GameAndPlayer,
  handle  = function(session, request)
    local game, member = games.of(session)
    local fault = games.hand_on_admin(game, member, request.player_id)
    if fault then return mu.fail(fault) end
  end,
}

-- Looking at games ---------------------------------------------------------------------------------------------------

-- Calls fn with each of the games; false when one of the ids is of none.
local function each(ids, fn)
  for _, id in ipairs(ids) do
    local game = games.get(id)
    if not game then return false end
    fn(game)
  end
  return true
end

game_manager.getGameDataFromId {
  login    = true,
  paced    = true,
  request  = schema.GameDataRequest,
  response = schema.GameDataResponse,
  handle   = function(session, request)
    local found = {}
    if #request.game_ids == 0 then return mu.fail "ERR_SYSTEM" end
    if #request.game_ids > MOST_GAMES or not each(request.game_ids, function(game)
      found[#found + 1] = messages.browsed(game, session, games.shows_host(game, session))
    end) then
      return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_ID"
    end
    return { games = found }
  end,
}

-- Everything of a game: for those who are in it.
game_manager.getFullGameData {
  login    = true,
  request  = schema.FullGameDataRequest,
  response = schema.ListedGames,
  handle   = function(session, request)
    local found, mine = {}, games.of(session)
    for _, id in ipairs(request.game_ids) do
      if not games.get(id) then return mu.fail "GAMEMANAGER_ERR_INVALID_GAME_ID" end
      if not mine or mine.id ~= id or found[1] then return mu.fail "GAMEMANAGER_ERR_PERMISSION_DENIED" end
      found[1] = { game = messages.game(mine, session), players = messages.players(mine, session) }
    end
    return { games = found }
  end,
}

-- What games of this kind never ask, but the protocol has. An empty success answers each of them.
for _, command in ipairs {
  "listGames", "returnDedicatedServerToPool", "joinGameByGroup", "leaveGameByGroup", "resetDedicatedServer",
  "addQueuedPlayerToGame", "updateGameName", "ejectHost", "getGameListSnapshot", "getGameListSubscription",
  "destroyGameList", "getMatchmakingConfig", "setPlayerTeam", "changeGameTeamId",
  "getUserSetGameListSubscription", "swapPlayersTeam", "registerDynamicDedicatedServerCreator",
  "unregisterDynamicDedicatedServerCreator",
} do
  game_manager[command] { login = true, handle = function() end }
end
