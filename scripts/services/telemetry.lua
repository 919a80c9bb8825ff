-- services/telemetry.lua: what games tell about themselves, as an event that scripts hear:
--
--   mu.on("telemetry", function(event)
--     if event.name == "KILL" then mu.log.info("%s killed %s", event.fields.inst, event.fields.dead) end
--   end)
--
--   event   module, group, name    GAME, MULT, KILL (reference 04 §10.2)
--           time, sequence         the game's own numbers
--           fields                 { [key] = text }: inst, dead, ksrc, mapv, clas, levl, … for a kill
--           address                where it came from
--           session, player_id     whose it is, when that can be told
--
-- Whoever wants to can send anything: believe nothing of it. Most games send only a part of their events.
local config   = mu.config
local limits   = require "services.limits"
local sessions = require "services.sessions"

local MINUTE      = 60
local MOST_VALUES = 64                           -- lines of one message
local MOST_BYTES  = 65536                        -- of one line

local telemetry = {}

local heard = mu.event "telemetry" {
  params = "event: table",
  text   = "a game told something about itself: module, group, name, fields, time, sequence, address, and session and "
           .. "player_id when it is known whose game it is",
}

-- Whose event it is: the only player at that address, or the one of several that the event names.
local function whose(event, candidates)
  if #candidates == 1 then return candidates[1] end
  for _, player in ipairs(candidates) do
    if player.name == event.fields.inst then return player end
  end
end

-- A message has come from `address`: a list of { key, value } with TLM3 in plain text. Returns false when that address
-- sends too much, else how many events there were.
function telemetry.received(address, values)
  if not limits.take("uploads from an address", address, config.limits.uploads_per_minute, MINUTE) then return false end
  local candidates, count = sessions.players_from(address), 0
  for i = 1, math.min(#values, MOST_VALUES) do
    local key, text = values[i][1], values[i][2]
    if key == "TLM3" and #text <= MOST_BYTES then
      for _, event in ipairs(mu.telemetry.events(text)) do
        local player    = whose(event, candidates)
        event.address   = address
        event.session   = player and player.session
        event.player_id = player and player.id
        heard(event)
        count = count + 1
      end
    end
  end
  return count
end

return telemetry
