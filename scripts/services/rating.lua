-- services/rating.lua: a player's N7 rating, which others see beside his name, and his places on the leaderboards:
-- worked out again a moment after he saved something that counts.
local leaderboards  = require "services.leaderboards"
local subscriptions = require "services.subscriptions"

local rating = {}

local refresh
refresh = mu.timer "rating.refresh" {
  handle = function(player)
    local id     = player.id
    local scores = leaderboards.count(player)
    if not scores then return rating.changed(player, id) end
    if not player:exists() then return end
    local now = scores.n7rating or 0
    if now == player.rating then return end
    player.rating = now
    subscriptions.publish(player.session)
  end,
}

-- Works the rating out again in a moment: a game saves several keys in a row. `id`: his, if he may have left meanwhile.
function rating.changed(player, id)
  if player:exists() then refresh:start(1, player) else leaderboards.later(id) end
end

-- Somebody leaves: what he saved a moment ago is counted without him.
function rating.leaving(player)
  if refresh:left(player) then leaderboards.later(player.id) end
end

-- Whether a setting of this name counts.
rating.depends_on = leaderboards.depends_on

return rating
