-- services/schedule.lua: from when to when something is shown: days and times as an operator writes them, in his time
-- zone.
--
--   from_date  = "2027-03-05"           from the first moment of the day on, or "2027-03-05 18:00"
--   until_date = "2027-03-10"           to the last moment of the day, or "2027-03-10 17:59"
--   zone       = "Europe/Berlin"        whose clocks: a name of the system's zone files (package tzdata), or how far
--                                       they are before UTC, "+01:00"; without it promos.zone of config.lua
local config = mu.config

local DAY = 86400

local schedule = { KEYS = { from_date = true, until_date = true, zone = true } }

-- Days since 1970 by the civil calendar.
local function days_of(year, month, day)
  local y = month > 2 and year or year - 1
  local m = month > 2 and month - 3 or month + 9
  return 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 719469
end

-- Zones --------------------------------------------------------------------------------------------------------------

-- "UTC", "+01:00": always as many seconds before UTC; nil for any other text.
local function fixed_offset(zone)
  if zone == "UTC" then return 0 end
  local sign, hours, minutes = zone:match "^([+-])(%d%d):(%d%d)$"
  if not sign or tonumber(hours) > 14 or tonumber(minutes) > 59 then return nil end
  return (sign == "-" and -1 or 1) * (tonumber(hours) * 3600 + tonumber(minutes) * 60)
end

-- What is wrong with a zone, as a sentence; nil: nothing.
function schedule.zone_fault(zone)
  if type(zone) ~= "string" or not zone:find "%a" and not fixed_offset(zone) then
    return 'zone must be "UTC", like "+01:00", or a name like "Europe/Berlin"'
  end
  if fixed_offset(zone) then return nil end
  local offset, fault = mu.time.zone_offset(zone, 0)
  return not offset and "zone: " .. fault or nil
end

-- The Unix time at which the clocks of a zone show `shown`, seconds since 1970 by these clocks. Where clocks are put
-- forward, what they skip counts as if they had not been; an hour that they show twice means its first moment, with
-- `last` its second one.
local function unix_of(shown, zone, last)
  local fixed = fixed_offset(zone)
  if fixed then return shown - fixed end
  local before = mu.time.zone_offset(zone, shown - DAY)
  local after  = mu.time.zone_offset(zone, shown + DAY)
  for _, offset in ipairs(last and { after, before } or { before, after }) do
    if mu.time.zone_offset(zone, shown - offset) == offset then return shown - offset end
  end
  return shown - before
end

-- Moments ------------------------------------------------------------------------------------------------------------

-- The start of a day "2027-03-05" in UTC, in unix seconds; nil when there is no such day.
function schedule.day(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if not year or month < 1 or month > 12 or day < 1 or day > 31 then return nil end
  local start = days_of(year, month, day) * DAY
  return os.date("!%Y-%m-%d", start) == text and start or nil          -- the 31st of April
end

-- The moment a text means; with `last` the one after the last that it means. A day alone is all of it, a minute too.
-- nil: it means none.
local function moment(text, zone, last)
  local start, rest = schedule.day(text:sub(1, 10)), text:sub(11)
  local hour, minute = rest:match "^ (%d%d):(%d%d)$"
  if not start or rest ~= "" and not hour then return nil end
  if not hour then return unix_of(start + (last and DAY or 0), zone) end
  if tonumber(hour) > 23 or tonumber(minute) > 59 then return nil end
  local shown = start + tonumber(hour) * 3600 + tonumber(minute) * 60
  return last and unix_of(shown, zone, true) + 60 or unix_of(shown, zone)
end

-- { from =, ends = } in Unix time, either may be missing; or nil and what is wrong.
function schedule.read(fields)
  local zone  = fields.zone or config.promos.zone
  local fault = schedule.zone_fault(zone)
  if fault then return nil, fault end
  local result = {}
  for key, name in pairs { from_date = "from", until_date = "ends" } do
    if fields[key] ~= nil then
      result[name] = type(fields[key]) == "string" and moment(fields[key], zone, name == "ends") or nil
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

-- The operator's own zone is tried before anything is shown by it.
local fault = schedule.zone_fault(config.promos.zone)
if fault then error("config.lua: promos." .. fault, 0) end

return schedule
