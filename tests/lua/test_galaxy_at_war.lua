-- test_galaxy_at_war.lua: the arithmetic of the war: decay over a year, limits, clocks that jump.
local ratings = require "galaxy_at_war.ratings"

local equal = mu.test.equal
local tests = {}

local HOUR, DAY = 3600, 86400

local function all(value) return { value, value, value, value, value } end

-- Reference 04, appendix D.
function tests.decay_by_whole_days()
  equal(ratings.decayed(all(10099), 3 * DAY, 0.5), all(9949))
  equal(ratings.decayed(all(5100), 30 * DAY, 0.5), all(5000))
  equal(ratings.decayed(all(7000), 30 * DAY, 0), all(7000))
end

-- A year of hours, with a look at every one of them. The clock of the wall jumps twice (last Sundays of March and
-- October, Europe); seconds of UTC do not, and no day is longer or shorter than another.
function tests.a_year_with_both_changes_of_the_clock()
  local start    = 1767225600                    -- 2026-01-01 00:00 UTC
  local spring   = 1774746000                    -- 2026-03-29 01:00 UTC: 02:00 becomes 03:00
  local autumn   = 1792890000                    -- 2026-10-25 01:00 UTC: 03:00 becomes 02:00
  local stored, updated, matches = all(10000), start, 0
  local before
  for hour = 1, 365 * 24 do
    local now  = start + hour * HOUR
    local seen = ratings.decayed(stored, now - updated, 2)
    local lost = math.floor(2 * (now - updated) / DAY * 100)
    equal(seen[1], math.max(5000, stored[1] - lost))
    if before and hour % 168 ~= 0 then           -- 200 a day are 8.33 an hour, in spring and autumn as ever
      local step = before - seen[1]
      equal(step == 8 or step == 9 or seen[1] == 5000 or hour % 168 == 1, true)
    end
    before = seen[1]
    if now == spring or now == autumn then equal(ratings.decayed(stored, now - updated, 2), seen) end
    if hour % 168 == 0 then                      -- a match a week
      stored, updated, matches = ratings.increased(seen, all(700), 1), now, matches + 1
    end
  end
  equal(matches, 52)
end

function tests.looking_often_changes_nothing()
  local stored, updated = all(9000), 0
  local rarely = ratings.decayed(stored, 10 * DAY - updated, 1.5)
  for minute = 1, 10 * 1440 do ratings.decayed(stored, minute * 60 - updated, 1.5) end
  equal(ratings.decayed(stored, 10 * DAY, 1.5), rarely)
  equal(rarely, all(7500))
end

function tests.a_clock_that_goes_back_takes_nothing()
  equal(ratings.decayed(all(8000), -5 * DAY, 10), all(8000))
  equal(ratings.decayed(all(8000), 1 << 50, 100), all(5000))
end

function tests.matches_add_up_to_the_most()
  equal(ratings.increased({ 5000, 6000, 10000, 10099, 5000 }, { 700, 0, 700, 1, nil }, 1),
    { 5700, 6000, 10099, 10099, 5000 })
  equal(ratings.increased(all(5000), all(-5), 1), all(5000))
  equal(ratings.increased(all(5000), all(1 << 40), 1), all(10099))
  equal(ratings.increased(all(5000), { 101, "x", 2.5, 7, 7 }, 0.5), { 5050, 5000, 5000, 5003, 5003 })
  equal(ratings.level { 5000, 5001, 5002, 5003, 5003 }, 5001)
  equal(ratings.level(all(10099)), 10099)
end

return tests
