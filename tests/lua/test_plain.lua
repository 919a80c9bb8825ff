-- test_plain.lua: mu.plain, the table with what is in a list or map of a record.
local other = mu.record "plain_other" { id = mu.u32 { key = true } }
local kind  = mu.record "plain_test" {
  numbers = mu.list(mu.u32, 8),
  others  = mu.list(mu.ref "plain_other", 8),
  texts   = mu.map(mu.string, mu.string, { index = { "a" } }),
  by_id   = mu.map(mu.i64, mu.u32),
}

local tests = {}

function tests.all_of_it_and_a_copy()
  local record = kind.create {
    numbers = { 3, 1, 2 }, texts = { a = "x", b = "", C = "\0y" }, by_id = { [-5] = 1, [7] = 2 },
  }
  local numbers = mu.plain(record.numbers)
  record.numbers:add(9)
  mu.test.equal(numbers, { 3, 1, 2 })
  mu.test.equal(mu.plain(record.numbers), { 3, 1, 2, 9 })
  mu.test.equal(mu.plain(record.texts), { a = "x", b = "", C = "\0y" })
  mu.test.equal(mu.plain(record.by_id), { [-5] = 1, [7] = 2 })
  mu.test.equal(mu.plain(kind.create {}.texts), {})
  mu.test.equal(mu.plain(kind.create {}.numbers), {})
end

function tests.whoever_is_gone_is_left_out()
  local one, two, three = other.create { id = 1 }, other.create { id = 2 }, other.create { id = 3 }
  local record = kind.create { others = { one, two, three } }
  two:remove()
  local list = mu.plain(record.others)
  mu.test.equal(#list, 2)
  mu.test.equal(list[1] == one and list[2] == three, true)
end

function tests.nothing_else_is_taken()
  for _, wrong in ipairs { {}, 5, "text", kind.create {}, false } do
    local fine, why = pcall(mu.plain, wrong)
    mu.test.equal({ fine, why:find "mu.plain" ~= nil }, { false, true })
  end
  local record = kind.create { numbers = { 1 } }
  local part   = record.numbers
  record:remove()
  mu.test.equal((pcall(mu.plain, part)), false)
end

return tests
