-- services/schedule.lua: from when to when something is shown: days and times as an operator writes them, in his time
-- zone.
--
--   from_date  = "2027-03-05"           from the first moment of the day on, or "2027-03-05 18:00"
--   until_date = "2027-03-10"           to the last moment of the day, or "2027-03-10 17:59"
--   zone       = "+01:00"               how far its clocks are before UTC; without it promos.zone of config.lua
local config = mu.config

local DAY = 86400

local schedule = { KEYS = { from_date = true, until_date = true, zone = true } }

-- Days since 1970 by the civil calendar.
local function days_of(year, month, day)
  local y = month > 2 and year or year - 1
  local m = month > 2 and month - 3 or month + 9
  return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 719469
end

local function offset_of(zone)
  if zone == "UTC" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hours) > 14 or tonumber(minutes) > 59 then return nil end
  return (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

-- The start of a day "2027-03-05" in UTC, in unix seconds; nil when there is no such day.
function schedule.day(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if not year or month < 1 or month > 12 or day < 1 or day > 31 then return nil end
  local start = days_of(year, month, day) * DAY
  return os.date("!%Y-%m-%d", start) == text and start or nil          -- the 31st of April
end

-- The moment a text means; a day alone is its start, with `last` the moment after it. nil: it means none.
local function moment(text, offset, last)
  local year, month, day, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not year then return nil end
  local hour, minute = rest:match "^ (%d%d):(%d%d)$"
  if rest ~= "" and not hour then return nil end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if month < 1 or month > 12 or day < 1 or day > 31 then return nil end
  local start = days_of(year, month, day) * DAY
  if os.date("!%Y-%m-%d", start) ~= text:sub(1, 10) then return nil end   -- the 31st of April
  if not hour then return start - offset + (last and DAY or 0) end
  if tonumber(hour) > 23 or tonumber(minute) > 59 then return nil end
  return start + tonumber(hour) * 3600 + tonumber(minute) * 60 - offset + (last and 60 or 0)
end

-- { from =, ends = } in Unix time, either may be missing; or nil and what is wrong.
function schedule.read(fields)
  local zone = fields.zone or config.promos.zone
  local offset = type(zone) == "string" and offset_of(zone)
  if not offset then return nil, 'zone must be "UTC" or like "+01:00"' end
  local result = {}
  for key, name in pairs { from_date = "from", until_date = "ends" } do
    if fields[key] ~= nil then
      result[name] = type(fields[key]) == "string" and moment(fields[key], offset, name == "ends") or nil
      if not result[name] then return nil, ('%s must be a day like "2027-03-10", or "2027-03-10 18:00"'):format(key) end
    end
  end
  if result.from and result.ends and result.from >= result.ends then return nil, "it is over before it begins" end
  return result
end

-- Whether it is shown now; and the seconds until that changes, or nil.
function schedule.is_on(times, now)
  if times.ends and now >= times.ends then return false end
  if times.from and now < times.from then return false, times.from - now end
  return true, times.ends and times.ends - now
end

return schedule
