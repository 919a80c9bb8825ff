-- services/career.lua: what a player's saves say about him (reference 04 §4.7). Pure: saved values in, numbers out.
local PER_PROMOTION = 30
local MOST          = 0xFFFFFFFF

local career = {}

local function fields(value)
  local list = {}
  for field in (value .. ";"):gmatch "([^;]*);" do list[#list + 1] = field end
  return list
end

local function whole(number)
  return math.tointeger(math.floor(math.max(0, math.min(tonumber(number) or 0, MOST)))) or 0
end

-- 30 for each promotion, and the level of every class of which a character is deployed.
-- `saved`: key → value, of which class1 … class6 and char0 … count.
function career.n7_rating(saved)
  local classes, kits, total = {}, {}, 0
  for key, value in pairs(saved) do
    local field = fields(value)
    if key:find "^class%d" then
      classes[field[3] or ""] = tonumber(field[4]) or 0
      total = total + PER_PROMOTION * (tonumber(field[6]) or 0)
    elseif key:find "^char%d" and field[21] == "True" then
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
  return whole(total)
end

-- All promotions together: what Galaxy at War counts as a war asset.
function career.promotions(saved)
  local total = 0
  for key, value in pairs(saved) do
    if key:find "^class%d" then total = total + (tonumber(fields(value)[6]) or 0) end
  end
  return whole(total)
end

-- The second number of the list Completion (the first is a version); nil when the game has saved none.
function career.challenge_points(saved)
  local points = saved.Completion and saved.Completion:match "^%s*[^,;]*[,;]%s*(%d+)"
  return points and whole(points)
end

return career
