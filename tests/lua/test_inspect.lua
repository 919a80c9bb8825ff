-- test_inspect.lua: mu.inspect as scripts see it: watchers, tasks, timers, numbers.
local equal = mu.test.equal
local unit  = mu.test.unit
local tests = {}

local rest = mu.timer "test.rest" { handle = function() end }

-- What the watcher gets within a while, all of it.
local function gathered(watcher, seconds)
  local parts = {}
  for text in function() return watcher:next(seconds) end do parts[#parts + 1] = text end
  return table.concat(parts)
end

function tests.log_lines_come_whole_and_in_order()
  local watcher = mu.inspect.watch "log"
  mu.log.info("one")
  mu.log.error("two")
  mu.log.debug("not written")
  local text = gathered(watcher, 0.05)
  unit.assertStrContains(text, "info  scripts: one")
  unit.assertStrMatches(text, ".-one.-\n.-two.-\n")
  equal(text:find("not written", 1, true), nil)
  watcher:close()
  watcher:close()
  unit.assertErrorMsgContains("this watcher has been closed", watcher.next, watcher, 1)
end

function tests.errors_are_warnings_and_worse()
  local watcher, both = mu.inspect.watch "errors", mu.inspect.watch "log"
  mu.log.info("harmless")
  mu.log.warn("worth a look")
  local text = gathered(watcher, 0.05)
  unit.assertStrContains(text, "worth a look")
  equal(text:find("harmless", 1, true), nil)
  unit.assertStrContains(gathered(both, 0.05), "harmless")
  watcher:close()
  both:close()
end

function tests.a_watcher_waits_no_longer_than_it_is_told()
  local watcher, began = mu.inspect.watch "packets", mu.time.mono()
  equal(watcher:next(0.05), nil)
  equal(mu.time.mono() - began >= 0.04, true)
  equal(tostring(watcher), "watcher of packets")
  watcher:close()
  equal(tostring(watcher), "watcher, closed")
  unit.assertErrorMsgContains("invalid option 'weather'", mu.inspect.watch, "weather")
end

function tests.too_many_lines_are_counted_not_kept()
  local watcher, line = mu.inspect.watch "log", ("x"):rep(4000)
  for _ = 1, 80 do mu.log.info("%s", line) end
  mu.sleep(0.05)
  local text = gathered(watcher, 0.05)
  equal(#text <= 270000, true)
  equal(#text > 100000, true)
  unit.assertStrMatches(text, ".*… %d+ more that came too quickly to be shown\n")
  mu.log.info("after the flood")
  unit.assertStrContains(gathered(watcher, 0.05), "after the flood")
  watcher:close()
end

function tests.watchers_end_with_their_task_and_are_bounded()
  local waits = true
  mu.spawn(function()
    for _ = 1, 32 do mu.inspect.watch "packets" end
    unit.assertErrorMsgContains("32 watch already", mu.inspect.watch, "packets")
    waits = false
  end)
  repeat mu.sleep(0.01) until not waits
  local watcher = mu.inspect.watch "packets"
  watcher:close()
end

function tests.tasks_are_listed_where_they_stand()
  local seen = false
  mu.spawn(function() while not seen do mu.sleep(0.1) end end)
  mu.sleep(0.01)
  local found
  for _, task in ipairs(mu.inspect.tasks()) do
    if task.waits_for == "mu.sleep" and task.background then found = task end
  end
  seen = true
  unit.assertStrContains(found.what, "background task of tests/lua/test_inspect.lua")
  unit.assertStrContains(found.trace, "tests/lua/test_inspect.lua:")
  equal(found.state, "waits")
  equal(mu.inspect.tasks(1)[2], nil)
  unit.assertErrorMsgContains("a list has 1 to 1000 entries", mu.inspect.tasks, 0)
end

function tests.timers_are_listed_by_when_they_run()
  rest:start(500)
  local list, count = mu.inspect.timers(1000)
  equal(count >= 1, true)
  local mine
  for i, timer in ipairs(list) do
    if i > 1 then equal(list[i - 1].left <= timer.left, true) end
    if timer.name == "test.rest" then mine = timer end
  end
  equal(mine.left > 400 and mine.left <= 500, true)
  rest:stop()
end

function tests.numbers_and_the_generation()
  unit.assertStrContains(mu.inspect.metrics(), "murelay_tasks_started_total ")
  local generation = mu.inspect.generation()
  equal(generation.number, mu.generation)
  unit.assertStrMatches(generation.hash, "%x+")
  equal(mu.inspect.entry_lines "messages", nil)     -- nothing is being required
end

return tests
