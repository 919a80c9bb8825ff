-- services/rating.lua: the N7 rating, from what the game saved (reference 04 §4.7):
-- 30 for each promotion, and the level of every class of which a character is deployed.
local players       = require "services.players"
local subscriptions = require "services.subscriptions"

local PER_PROMOTION = 30

local rating = {}

local function fields(value)
  local list = {}
  for field in (value .. ";"):gmatch "([^;]*);" do list[#list + 1] = field end
  return list
end

-- `rows`: { key, value } of the keys class1 … class6 and char0 ….
function rating.of(rows)
  local classes, kits, total = {}, {}, 0
  for _, row in ipairs(rows) do
    local field = fields(row.value)
    if row.key:find "^class" then
      classes[field[3] or ""] = tonumber(field[4]) or 0
      total = total + PER_PROMOTION * (tonumber(field[6]) or 0)
    elseif field[21] == "True" then
      kits[#kits + 1] = field[3]
    end
  end
  for class, level in pairs(classes) do
    for _, kit in ipairs(kits) do
      if class ~= "" and kit:find(class, 1, true) then
        total = total + level
        break
      end
    end
  end
  return math.tointeger(math.floor(math.max(0, math.min(total, 0xFFFFFFFF)))) or 0
end

local refresh = mu.timer "rating.refresh" {
  handle = function(player)
    local now = rating.of(players.career(player.id))
    if now == player.rating then return end
    player.rating = now
    subscriptions.publish(player.session)
  end,
}

-- Works the rating out again in a moment: a game saves several keys in a row.
function rating.changed(player)
  refresh:start(1, player)
end

-- Whether a setting of this name counts.
function rating.depends_on(key)
  return key:find "^class%d" ~= nil or key:find "^char%d" ~= nil
end

return rating
