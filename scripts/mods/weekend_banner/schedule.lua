-- schedule.lua: is it the weekend, and how long does that stay so? Days and hours are UTC.
local DAYS = { sunday = 0, monday = 1, tuesday = 2, wednesday = 3, thursday = 4, friday = 5, saturday = 6 }
local HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
local THURSDAY = 4                               -- 1 January 1970

local schedule = {}

-- set: { first_day, first_hour, last_day }. Returns true or false, and the seconds until that changes.
function schedule.at(now, set)
  local begins = DAYS[set.first_day] * DAY + set.first_hour * HOUR
  local lasts  = ((DAYS[set.last_day] - DAYS[set.first_day]) % 7 + 1) * DAY - set.first_hour * HOUR
  local into   = (now + THURSDAY * DAY - begins) % WEEK
  if into < lasts then return true, lasts - into end
  return false, WEEK - into
end

return schedule
