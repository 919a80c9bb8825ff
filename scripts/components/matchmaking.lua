-- components/matchmaking.lua: looking for a game. The rules are in matchmaking/rules.lua, the search in
-- matchmaking/queue.lua.
local game_manager = mu.component "GameManager"
local schema = require "schema.matchmaking"
local queue  = require "matchmaking.queue"

-- The answer is the number of the search. What comes of it follows as notifications: how it goes, and a game or an end.
game_manager.startMatchmaking {
  login    = true,
  paced    = true,
  request  = schema.StartRequest,
  response = schema.StartResponse,
  handle   = function(session, request)
    local number, fault = queue.start(session, request)
    return number and { matchmaking_id = number } or mu.fail("GAMEMANAGER_ERR_" .. fault)
  end,
}

game_manager.cancelMatchmaking {
  login   = true,
  request = schema.CancelRequest,
  handle  = function(session, request)
    local fault = queue.cancel(session, request.matchmaking_id)
    if fault then return mu.fail("GAMEMANAGER_ERR_" .. fault) end
  end,
}

mu.on("reloaded", queue.reloaded)
