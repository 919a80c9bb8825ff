-- services/pace.lua: how often one player may do what others hear of.
--
-- Whoever changes his game without end would fill the connections of those he plays with until the server drops them,
-- and whoever tries numbers without end would find games that are not his. limits.lua could say so as well, but this is
-- asked many times in every match: a number in the session that is looked up again only when it is used up.
local config = mu.config
local limits = require "services.limits"

local MINUTE   = 60
local NO_LIMIT = 0xFFFF

local pace = {}

-- What a session that has used up all of it may do now: what has come in since the last time it was asked.
local function more(session)
  local most, now, at = config.limits.changes_per_minute, mu.time.mono(), session.paced_at
  if most == 0 then return NO_LIMIT end
  local left = at == 0 and most or math.floor(math.min(most, (now - at) * most / MINUTE))
  if left > 0 then session.paced_at = now end
  return left
end

-- Whether the player of a session may do one more thing.
function pace.take(session)
  local left = session.paced_left
  if left == 0 then left = more(session) end
  if left == 0 then
    limits.refuse("changes of a player", session.player and session.player.name or session.address)
    return false
  end
  session.paced_left = left - 1
  return true
end

return pace
