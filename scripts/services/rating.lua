-- services/rating.lua: a player's N7 rating, which others see beside his name, and his places on the leaderboards:
-- worked out again a moment after he saved something that counts.
local leaderboards  = require "services.leaderboards"
local subscriptions = require "services.subscriptions"

local rating = {}

local refresh = mu.timer "rating.refresh" {
  handle = function(player)
    local now = leaderboards.count(player).n7rating or 0
    if not player:exists() or now == player.rating then return end
    player.rating = now
    subscriptions.publish(player.session)
  end,
}

-- Works the rating out again in a moment: a game saves several keys in a row.
function rating.changed(player)
  refresh:start(1, player)
end

-- Somebody leaves: what he saved a moment ago is counted without him.
function rating.leaving(player)
  if refresh:left(player) then leaderboards.later(player.id) end
end

-- Whether a setting of this name counts.
rating.depends_on = leaderboards.depends_on

return rating
