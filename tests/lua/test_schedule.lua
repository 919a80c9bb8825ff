-- test_schedule.lua: days, times and zones as operators write them; who is meant.
local audience = require "services.audience"
local schedule = require "services.schedule"

local equal = mu.test.equal
local tests = {}

local MARCH_10 = 1804636800                      -- 2027-03-10 00:00 UTC

function tests.a_day_counts_whole_in_its_zone()
  local utc  = schedule.read { from_date = "2027-03-10", until_date = "2027-03-10" }
  local east = schedule.read { from_date = "2027-03-10", until_date = "2027-03-10", zone = "+01:00" }
  local west = schedule.read { from_date = "2027-03-10", until_date = "2027-03-10", zone = "-05:30" }
  equal({ utc.from, utc.ends }, { MARCH_10, MARCH_10 + 86400 })
  equal({ east.from, east.ends }, { MARCH_10 - 3600, MARCH_10 + 86400 - 3600 })
  equal({ west.from, west.ends }, { MARCH_10 + 19800, MARCH_10 + 86400 + 19800 })
end

function tests.a_minute_counts_whole()
  local times = schedule.read { from_date = "2027-03-10 18:00", until_date = "2027-03-10 18:00", zone = "UTC" }
  equal({ times.from, times.ends }, { MARCH_10 + 64800, MARCH_10 + 64860 })
end

function tests.is_on_says_until_when()
  local times = schedule.read { from_date = "2027-03-10", until_date = "2027-03-11" }
  equal({ schedule.is_on(times, MARCH_10 - 10) }, { false, 10 })
  equal({ schedule.is_on(times, MARCH_10) }, { true, 2 * 86400 })
  equal({ schedule.is_on(times, MARCH_10 + 2 * 86400) }, { false })
  equal({ schedule.is_on({}, MARCH_10) }, { true })
end

function tests.what_is_no_day_is_refused()
  local wrong = { "2027-02-29", "2027-13-01", "2027-3-10", "10.03.2027", "2027-03-10 24:00", "2027-03-10T10:00" }
  for _, text in ipairs(wrong) do
    local times, why = schedule.read { until_date = text }
    equal({ times, why }, { nil, 'until_date must be a day like "2027-03-10", or "2027-03-10 18:00"' })
  end
  equal(schedule.read { until_date = "2028-02-29" } ~= nil, true)
  for _, zone in ipairs { "+1", "+15:00", "01:00", "", 1 } do
    equal({ schedule.read { zone = zone } },
      { nil, 'zone must be "UTC", like "+01:00", or a name like "Europe/Berlin"' })
  end
  for _, zone in ipairs { "../../etc/passwd", "/etc/localtime", "Europe//Berlin", "Europe/Ber lin", ("x"):rep(65) } do
    local times, why = schedule.read { zone = zone }
    equal({ times, why:find("is no name of a time zone", 1, true) ~= nil }, { nil, true })
  end
  equal({ schedule.read { from_date = "2027-03-11", until_date = "2027-03-10" } },
    { nil, "it is over before it begins" })
end

function tests.all_that_is_named_must_fit()
  local wanted = audience.read { languages = { "DE" }, countries = { "at", "de" }, levels = { 10, false } }
  local who    = { name = "x", role = "default", language = "de", country = "AT", level = 10 }
  equal(audience.misses(wanted, who), nil)
  for field, other in pairs { language = "en", country = "CH", level = 9 } do
    local another = { name = "x", role = "default", language = "de", country = "AT", level = 10 }
    another[field] = other
    equal(audience.misses(wanted, another) ~= nil, true)
  end
  equal(audience.misses(wanted, nil), "only after login")
  equal(audience.misses(false, nil), nil)
  equal(audience.read {}, false)
end

return tests
