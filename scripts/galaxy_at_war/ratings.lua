-- galaxy_at_war/ratings.lua: the arithmetic of the war (reference 03 §7.1, §7.2). Pure: numbers in, numbers out.
--
-- Five theatres, in this order everywhere; a rating is in hundredths of a percent, as the game counts. What matches
-- added decays with time. Decay is worked out when somebody looks and written down only with the next increase, in UTC
-- seconds: looking often does not stop it, nor is it taken twice, and no clock change of any time zone is in it.
local ratings = {}

ratings.THEATRES = { "Inner Council", "Terminus", "Earth", "Outer Council", "Attican Traverse" }
ratings.MINIMUM  = 5000                          -- where everybody begins, and what decay leaves
ratings.MAXIMUM  = 10099                         -- shown as 100 %

local DAY  = 86400
local MOST = 0xFFFF                              -- that one match can add to one theatre

function ratings.fresh()
  local values = {}
  for i = 1, #ratings.THEATRES do values[i] = ratings.MINIMUM end
  return values
end

-- What is left of stored values after so many seconds, at `decay` percent a day. Seconds below zero (the clock went
-- back) count as none.
function ratings.decayed(values, seconds, decay)
  local lost, left = math.floor(decay * math.max(0, seconds) / DAY * 100), {}
  for i, value in ipairs(values) do
    left[i] = math.max(ratings.MINIMUM, math.tointeger(math.max(value - lost, 0)) or ratings.MINIMUM)
  end
  return left
end

-- After a match. What is no whole number counts as none, what is too large as the most.
function ratings.increased(values, increments, factor)
  local now = {}
  for i, value in ipairs(values) do
    local added = math.max(0, math.min(math.tointeger(increments[i]) or 0, MOST))
    now[i] = math.min(ratings.MAXIMUM, value + math.floor(added * factor))
  end
  return now
end

-- The war as a whole.
function ratings.level(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return sum // #values
end

return ratings
