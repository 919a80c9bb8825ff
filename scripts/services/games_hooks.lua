-- services/games_hooks.lua: who wants to know what happens to games.
--
-- Two kinds. Services ask while scripts load, and are called at once, in order, before the players are told:
-- games.when_open(fn) and so on. Scripts of your own use the events: mu.on("player_joined", function(game, …) … end);
-- they run a moment later, when the game may already be gone (game:exists()).
local records = require "services.games_records"

local STATE, SETTING = records.STATE, records.SETTING

local hooks = {}

-- Declares a list of functions: when(fn) adds one, the other calls them all. One that fails is named in the log; the
-- players are told all the same.
local function list()
  local functions = {}
  return function(fn) functions[#functions + 1] = fn end, function(...)
    for i = 1, #functions do
      local fine, why = pcall(functions[i], ...)
      if not fine then mu.log.error("somebody who wanted to know of a game failed: %s", why) end
    end
  end
end

hooks.when_open,       hooks.open       = list()    -- fn(game): its seats, or what a search compares, changed
hooks.when_changed,    hooks.changed    = list()    -- fn(game): members, slots or the host changed
hooks.when_entering,   hooks.entering   = list()    -- fn(session): it is about to be put into a game
hooks.when_attributes, hooks.attributes = list()    -- fn(game, changed): the host set these attributes
hooks.when_ended,      hooks.ended      = list()    -- fn(game): it is about to go; it has no members any more
hooks.when_joined,     hooks.joined     = list()    -- fn(game, member): a player has taken a seat
hooks.when_left,       hooks.left       = list()    -- fn(game, player_id, reason)
hooks.when_migrated,   hooks.migrated   = list()    -- fn(game, how): its host has changed, see games_metrics.lua
hooks.when_replayed,   hooks.replayed   = list()    -- fn(game): the next match of the same players

-- How many seats a search for a game may fill: none while the game is not open to strangers.
function hooks.seats(game)
  if game.settings & SETTING.MATCHMAKING == 0 or game.migrating then return 0 end
  local state = game.state
  if state ~= STATE.PRE_GAME and (state ~= STATE.IN_GAME or game.settings & SETTING.JOIN_IN_PROGRESS == 0) then
    return 0
  end
  return game.public_slots + game.private_slots - #game.members
end

hooks.game_created = mu.event "game_created" { params = "game: record", text = "a player has made a game" }

hooks.game_destroyed = mu.event "game_destroyed" {
  params = "game_id: integer", text = "the last player has left a game, and it is gone",
}

hooks.player_joined = mu.event "player_joined" {
  params = "game: record, player_id: integer", text = "a player has taken a seat in a game; he may still be connecting",
}

hooks.player_left = mu.event "player_left" {
  params = "game: record, player_id: integer, reason: integer",
  text   = "a player is not in a game any more; the reason as in services/games_records.lua",
}

return hooks
