-- What the console shows: tables that fit, values that end, JSON.
local unit  = mu.test.unit
local value = require "console.value"
local view  = require "console.view"
local width = require "console.width"

local test = {}

function test.a_table_has_its_numbers_at_the_right()
  local shown = { columns = { "name", "count", "share" }, rows = { { "alice", 7, 0.5 }, { "b", 12345, 1 / 3 } } }
  unit.assertEquals(view.lines(shown, 0), table.concat({
    "name   count     share",
    "alice      7       0.5",
    "b      12345  0.333333",
  }, "\n"))
end

function test.nothing_yes_and_no()
  local shown = { columns = { "a", "b", "c" }, rows = { { nil, true, false }, { mu.null, "x\ny\27", 1 } } }
  unit.assertEquals(view.lines(shown, 0), "a  b     c\n   yes   no\n   x y\u{FFFD}  1")
  unit.assertEquals(view.lines({ columns = { "a" }, rows = {} }, 0), "a\n(none)")
  unit.assertEquals(view.lines({ columns = { "a" }, rows = {}, note = "nobody" }, 0), "a\nnobody")
end

function test.a_narrow_terminal_cuts_the_widest_column()
  local rows  = { { 1, "alice", ("long "):rep(20) }, { 22, "bob", "short" } }
  local shown = { columns = { "id", "name", "text" }, rows = rows }
  local lines = view.lines(shown, 30)
  for line in lines:gmatch "[^\n]+" do unit.assertTrue(width.of(line) <= 30, line) end
  unit.assertStrContains(lines, " 1  alice  long long long lon…")
  unit.assertStrContains(lines, "22  bob    short")
  for line in view.lines(shown, 5):gmatch "[^\n]+" do unit.assertTrue(width.of(line) <= 16, line) end
end

function test.widths_of_letters()
  unit.assertEquals(width.of "größe", 5)
  unit.assertEquals(width.of "漢字", 4)
  unit.assertEquals(width.of "e\u{301}", 1)
  unit.assertEquals(width.of "🙂", 2)
  unit.assertEquals(width.cut("漢字漢字", 5), "漢字…")
  unit.assertEquals(width.cut("größe", 5), "größe")
  unit.assertEquals(width.cut("größer", 5), "größ…")
  unit.assertEquals(width.cut("x", 0), "")
  unit.assertEquals(width.cut_front("configs/me3_msg.lua:19", 10), "…sg.lua:19")
  unit.assertEquals(width.cut_front("größe.lua:1", 11), "größe.lua:1")
  unit.assertEquals(width.cut_front("漢字漢字", 5), "…漢字")
  unit.assertEquals(width.cut_front("漢字漢字", 4), "…字")
  unit.assertEquals(width.cut_front("x:1", 0), "")
  unit.assertEquals(width.clean "a\xffb\tc\r\nd", "a\u{FFFD}b c d")
end

function test.values()
  unit.assertEquals(value.show(nil), "nil")
  unit.assertEquals(value.show(mu.null), "null")
  unit.assertEquals(value.show "a\"b\\\n\0\xff", '"a\\"b\\\\\\n\\x00\\xff"')
  unit.assertEquals(value.show "größe", '"größe"')
  unit.assertEquals(value.show { 1, "x", a = true, ["b c"] = 2, [7] = 0 }, '{ 1, "x", [7] = 0, a = true, ["b c"] = 2 }')
  unit.assertEquals(value.show {}, "{}")
  unit.assertStrMatches(value.show(function() end), "function tests/lua/test_console%.lua:%d+")
  unit.assertEquals(value.show(print), "function of the core")
  unit.assertEquals(value.show(mu.config.promos), value.show { hide_expired = mu.config.promos.hide_expired,
                                                               zone = mu.config.promos.zone })
end

function test.a_value_has_an_end()
  local ring = { name = "ring" }
  ring.itself = ring
  unit.assertEquals(value.show(ring), '{ itself = <a table that holds this one>, name = "ring" }')
  local deep = {}
  for _ = 1, 100 do deep = { deep } end
  unit.assertEquals(value.show(deep), "{ { { { { { { … } } } } } } }")
  local long = {}
  for i = 1, 1000 do long[i] = i end
  unit.assertStrContains(value.show(long), "… 900 more")
  unit.assertStrContains(value.show(("x"):rep(5000)), '" … 4000 more bytes')
  local wide = {}
  for i = 1, 100 do
    wide[i] = {}
    for k = 1, 100 do wide[i][k] = ("y"):rep(50) end
  end
  unit.assertTrue(#value.show(wide) < 300000)
end

function test.json()
  local function said(thing) return mu.json.decode(mu.json.encode(value.plain(thing))) end
  unit.assertEquals(said { 1, { a = "x" } }, { 1, { a = "x" } })
  unit.assertEquals(said { [1] = "a", x = 2 }, { ["1"] = "a", x = 2 })
  unit.assertEquals(said(0 / 0):match "nan", "nan")
  unit.assertEquals(said { f = print }, { f = "function of the core" })
  local ring = {}
  ring.itself = ring
  unit.assertStrMatches(said(ring).itself, "table: .*")
  local shown = { columns = { "id", "name" }, rows = { { 1, "a" }, { 2 } } }
  unit.assertEquals(said(view.objects(shown)), { { id = 1, name = "a" }, { id = 2 } })
  unit.assertEquals(mu.json.encode(value.plain(view.objects { columns = { "id" }, rows = {} })), "[]")
end

return test
