-- services/games_metrics.lua: what /metrics says about games.
local hooks   = require "services.games_hooks"
local records = require "services.games_records"

local open_games = mu.metric "games" { type = "gauge", text = "games there are" }
local players    = mu.metric "games_players" { type = "gauge", text = "players who are in a game" }
local joined     = mu.metric "games_joined" { type = "counter", text = "players who took a seat in another's game" }
local left       = mu.metric "games_left" {
  type = "counter", labels = { "reason" }, text = "players who left a game, by reason",
}
local matches    = mu.metric "games_matches" { type = "counter", text = "matches started" }
local migrations = mu.metric "games_migrations" {
  type = "counter", labels = { "ended" },
  text = "changes of a host that are over: taken_over, linked, timeout, at_once",
}

local reasons = {}
for name, number in pairs(records.REMOVED) do reasons[number] = name:lower() end

hooks.when_changed(function(game)
  open_games:set(records.game.count())
  players:set(records.member.count())
end)
hooks.when_joined(function() joined:add() end)
hooks.when_left(function(game, player_id, reason) left:add(1, { reason = reasons[reason] or "other" }) end)
hooks.when_ended(function() open_games:set(records.game.count() - 1) end)
hooks.when_migrated(function(game, ended) migrations:add(1, { ended = ended }) end)
mu.on("match_started", function() matches:add() end)
