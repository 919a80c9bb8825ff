-- weekend_banner.lua: the banner comes and goes with the calendar, and with the config.
local play     = require "plays.lib.play"
local schedule = require "mods.weekend_banner.schedule"

local HOUR, DAY = 3600, 86400
local DAYS      = { [0] = "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }

local function config(first, last)
  local text = 'return { mods = { "weekend_banner", weekend_banner = { first_day = %q, last_day = %q } } }'
  return text:format(first, last)
end

local function title(client)
  return client:asks("Util.fetchClientConfig", { id = "ME3_MSG" }).config.MSG_2_title_de
end

play.scene("weekend_banner: the schedule", function()
  local set = { first_day = "friday", first_hour = 18, last_day = "sunday" }
  local friday = 1764288000                      -- 2025-11-28 00:00 UTC
  local function is(now, on, left)
    local really, seconds = schedule.at(now, set)
    play.equal(on, really, os.date("!%A %H:%M", now))
    play.equal(left, seconds, "seconds left")
  end
  is(friday, false, 18 * HOUR)
  is(friday + 18 * HOUR, true, 6 * HOUR + 2 * DAY)
  is(friday + 3 * DAY - 1, true, 1)
  is(friday + 3 * DAY, false, 4 * DAY + 18 * HOUR)
  set = { first_day = "saturday", first_hour = 0, last_day = "monday" }
  is(friday + 2 * DAY, true, 2 * DAY)
  is(friday + 4 * DAY, false, 4 * DAY)
end)

play.scene("weekend_banner: switched on and off while a player is connected", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice", { via = "blaze" })
  local today  = os.date("!*t").wday - 1
  play.equal(nil, title(alice), "the second message, without the mod")
  server:write("data/config.lua", config(DAYS[today], DAYS[(today + 1) % 7]))   -- today and tomorrow
  play.equal(true, (server:reload()), "the reload")
  play.equal("Wochenende der doppelten Credits", title(alice), "the banner")
  server:write("data/config.lua", config(DAYS[(today + 3) % 7], DAYS[(today + 4) % 7]))
  play.equal(true, (server:reload()), "the reload")
  play.equal(nil, title(alice), "the banner on another day")
  server:write("data/config.lua", "return {}")
  play.equal(true, (server:reload()), "the reload")
  play.equal(nil, title(alice), "the banner, switched off")
end)
