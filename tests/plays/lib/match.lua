-- lib/match.lua: compares what came with what a play expects, and says in words where they differ.
--
-- A table expects the fields it names and does not mind others; `match.exactly` minds. Other expectations: a plain
-- value, match.any, match.text "pattern", match.where(fn, "words").
local match = {}

local checks = setmetatable({}, { __mode = "k" })

local function check(words, fn)
  local expectation = setmetatable({}, { __tostring = function() return words end })
  checks[expectation] = fn
  return expectation
end

match.any = check("anything", function(value) return value ~= nil end)

function match.text(pattern)
  return check("text like " .. pattern, function(value)
    return type(value) == "string" and value:find(pattern) ~= nil
  end)
end

function match.where(fn, words)
  return check(words, fn)
end

local exact = setmetatable({}, { __mode = "k" })

function match.exactly(expected)
  exact[expected] = true
  return expected
end

local function show(value)
  if checks[value] then return tostring(value) end
  if type(value) == "string" then return ("%q"):format(#value > 200 and value:sub(1, 200) .. "…" or value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for k, v in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(k, show(v)) end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

match.show = show

local function compare(expected, value, path, faults)
  if checks[expected] then
    if not checks[expected](value) then
      faults[#faults + 1] = ("%s: expected %s, got %s"):format(path, expected, show(value))
    end
  elseif type(expected) ~= "table" then
    if expected ~= value then
      faults[#faults + 1] = ("%s: expected %s, got %s"):format(path, show(expected), show(value))
    end
  elseif type(value) ~= "table" then
    faults[#faults + 1] = ("%s: expected %s, got %s"):format(path, show(expected), show(value))
  else
    local present = {}
    for k, v in pairs(value) do present[k] = v end
    for k, v in pairs(expected) do compare(v, present[k], path .. "." .. tostring(k), faults) end
    for k, v in pairs(present) do
      if (exact[expected] or #expected > 0) and expected[k] == nil then
        faults[#faults + 1] = ("%s.%s: expected nothing, got %s"):format(path, k, show(v))
      end
    end
  end
end

-- nil when `value` is as expected, else the differences, one a line.
function match.difference(expected, value, path)
  local faults = {}
  compare(expected, value, path, faults)
  if #faults > 0 then return table.concat(faults, "\n  ") end
end

return match
