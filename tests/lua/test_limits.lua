-- test_limits.lua: token buckets: they empty, they fill up evenly, they are forgotten when full.
local limits = require "services.limits"

local equal = mu.test.equal
local tests = {}

local LONG = 3600                                -- seconds in which nothing fills up while a test looks, on any machine

local function takes(count, what, whom, most)
  local taken = 0
  for _ = 1, count do
    if limits.take(what, whom, most, LONG) then taken = taken + 1 end
  end
  return taken
end

function tests.a_bucket_empties_and_fills_up()
  equal(takes(15, "a", "x", 10), 10)
  equal(takes(15, "a", "y", 10), 10)             -- everybody has his own
  equal(takes(15, "b", "x", 10), 10)             -- for each thing
  local began, back = mu.time.mono(), 0
  equal(limits.take("a", "x", 10, 1), false)     -- from here on it fills up within a second
  while back < 3 do
    if limits.take("a", "x", 10, 1) then back = back + 1 else mu.sleep(0.01) end
  end
  equal(mu.time.mono() - began > 0.29, true)     -- evenly
  mu.sleep(1.2)
  equal(takes(15, "a", "x", 10), 10)             -- never more than it holds
end

function tests.what_is_given_back_can_be_taken_again()
  equal(takes(5, "give", "x", 2), 2)
  limits.give_back("give", "x", 2, LONG)
  equal(takes(5, "give", "x", 2), 1)
  for _ = 1, 9 do limits.give_back("give", "z", 2, LONG) end
  equal(takes(5, "give", "z", 2), 2)
end

function tests.zero_is_no_limit()
  equal(takes(1000, "zero", "x", 0), 1000)
  limits.give_back("zero", "x", 0, 1)
end

function tests.an_account_is_as_good_as_an_address()
  equal(takes(3, "account", 17, 2), 2)
  equal(takes(3, "long", ("e"):rep(250), 2), 2)
end

function tests.refusals_are_counted()
  local before = limits.refusals().counted or 0
  equal(takes(12, "counted", "x", 10), 10)
  equal(limits.refusals().counted, before + 2)
end

return tests
