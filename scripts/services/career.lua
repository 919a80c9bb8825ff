-- services/career.lua: what a player's saves are worth (reference 04 §4.7). Pure: saved values in, numbers out.
local saves = require "services.saves"

local PER_PROMOTION = 30
local MOST          = 0xFFFFFFFF

local career = {}

local function bounded(number) return math.max(0, math.min(number, MOST)) end

-- 30 for each promotion, and the level of every class of which a character is deployed.
-- `saved`: key → value, of which class1 … class6 and char0 … count.
function career.n7_rating(saved)
  local levels, kits, total = {}, {}, 0
  for key, value in pairs(saved) do
    if key:find "^class%d" then
      local class = saves.parse(key, value)
      levels[class.name or ""] = class.level or 0
      total = total + PER_PROMOTION * bounded(class.promotions or 0)
    elseif key:find "^char%d" then
      local character = saves.parse(key, value)
      if character.deployed then kits[#kits + 1] = character.kit end
    end
  end
  for name, level in pairs(levels) do
    for _, kit in ipairs(kits) do
      if name ~= "" and kit:find(name, 1, true) then
        total = total + bounded(level)
        break
      end
    end
  end
  return bounded(total)
end

-- All promotions together: what Galaxy at War counts as a war asset.
function career.promotions(saved)
  local total = 0
  for key, value in pairs(saved) do
    if key:find "^class%d" then total = total + bounded(saves.parse(key, value).promotions or 0) end
  end
  return bounded(total)
end

-- The first counter of the list Completion; nil when the game has saved none.
function career.challenge_points(saved)
  local points = saved.Completion and saves.parse("Completion", saved.Completion)[1]
  return points and bounded(points)
end

return career
