-- console/value.lua: any Lua value as text that a person reads: what `>` prints.
--
-- Tables with all they hold, a record with all its fields, functions with the place where they are defined. Everything
-- has a bound: depth, entries of a table, bytes of a string, lines in all; what is left out is said. Nothing here can
-- wait or change anything.
local value = {}

local DEPTH    = 6
local ENTRIES  = 100                             -- of one table
local STRING   = 1000                            -- bytes of one string
local LINES    = 1000
local ONE_LINE = 78                              -- cells: a table that fits stands on one line; no terminal says more

local ESCAPES = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(c) return ESCAPES[c] or ("\\x%02x"):format(c:byte()) end

local function escape_bad_bytes(text)
  local parts = {}
  while true do
    local good, bad = utf8.len(text)
    if good then break end
    parts[#parts + 1] = text:sub(1, bad - 1) .. escape(text:sub(bad, bad))
    text = text:sub(bad + 1)
  end
  return table.concat(parts) .. text
end

local function show_string(text)
  local left = #text - STRING
  if left > 0 then text = text:sub(1, STRING) end
  local shown = '"' .. escape_bad_bytes((text:gsub('[%c"\\]', escape))) .. '"'
  return left > 0 and ("%s … %d more bytes"):format(shown, left) or shown
end

local function show_function(fn)
  return "function " .. (mu.console.where(fn) or "of the core")
end

-- Fields and entries of what can be walked; nil for what cannot.
local function walk(thing)
  local good, step, state, first = pcall(pairs, thing)
  if not good then return nil end
  local keys, values, more = {}, {}, 0
  local walked = pcall(function()
    for key, entry in step, state, first do
      if #keys < ENTRIES then
        keys[#keys + 1] = key
        values[#keys] = entry
      else
        more = more + 1
      end
    end
  end)
  if not walked then return nil end
  return keys, values, more
end

local function show_key(key)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key end
  if type(key) == "string" then return "[" .. show_string(key) .. "]" end
  return "[" .. tostring(key) .. "]"
end

-- 1, 2, 3 … first, then names in order, then the rest as it comes.
local function sorted(keys, values)
  local order, place = {}, {}
  for i, key in ipairs(keys) do order[i], place[i] = i, key end
  local function rank(key)
    if math.type(key) == "integer" then return 1 end
    return type(key) == "string" and 2 or 3
  end
  table.sort(order, function(a, b)
    local x, y = place[a], place[b]
    if rank(x) ~= rank(y) then return rank(x) < rank(y) end
    if rank(x) < 3 then return x < y end
    return a < b
  end)
  local sorted_keys, sorted_values = {}, {}
  for i, at in ipairs(order) do sorted_keys[i], sorted_values[i] = keys[at], values[at] end
  return sorted_keys, sorted_values
end

local show

local function show_entries(thing, name, context, depth)
  local keys, values, more = walk(thing)
  if not keys then return name ~= "" and name or tostring(thing) end
  if type(thing) == "table" then keys, values = sorted(keys, values) end
  if #keys == 0 then return name .. (name ~= "" and " {}" or "{}") end
  context.above[thing] = true
  local parts, next_index = {}, 1
  for i, key in ipairs(keys) do
    local text = show(values[i], context, depth + 1)
    if key == next_index then
      next_index = next_index + 1
    else
      text = show_key(key) .. " = " .. text
    end
    parts[i] = text
  end
  if more > 0 then parts[#parts + 1] = ("… %d more"):format(more) end
  context.above[thing] = nil
  local head = name ~= "" and name .. " " or ""
  local line = head .. "{ " .. table.concat(parts, ", ") .. " }"
  if #line + 2 * depth <= context.one_line and not line:find "\n" then return line end
  local indent = ("  "):rep(depth + 1)
  context.lines = context.lines + #parts + 1
  return head .. "{\n" .. indent .. table.concat(parts, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

-- A record: all its fields where it is what was asked for, its name where it is part of something.
local function show_userdata(thing, context, depth)
  local name = tostring(thing)
  if depth > 1 or context.above[thing] then return name end
  return show_entries(thing, name, context, depth)
end

function show(thing, context, depth)
  local kind = type(thing)
  if kind == "string" then return show_string(thing) end
  if kind == "function" then return show_function(thing) end
  if context.lines > LINES then return "…" end
  if kind == "userdata" then
    return thing == mu.null and "null" or show_userdata(thing, context, depth)
  end
  if kind ~= "table" then return tostring(thing) end
  if context.above[thing] then return "<a table that holds this one>" end
  if depth >= DEPTH then return "{ … }" end
  return show_entries(thing, "", context, depth)
end

-- `terminal`: cells of a line, nil or 0 where there is none.
function value.show(thing, terminal)
  local one_line = terminal and terminal > 0 and terminal - 2 or ONE_LINE
  return show(thing, { above = {}, lines = 0, one_line = one_line }, 0)
end

-- The same for --json: only what JSON can say; a record is an object of its fields.
local function plain(thing, above, depth)
  local kind = type(thing)
  if thing == mu.null or kind == "nil" or kind == "boolean" or kind == "string" then return thing end
  if kind == "number" then return (thing == thing and math.abs(thing) < math.huge) and thing or tostring(thing) end
  if kind == "function" then return show_function(thing) end
  if above[thing] or depth > DEPTH * 4 or (kind == "userdata" and depth > 1) then return tostring(thing) end
  local good, step, state, first = pcall(pairs, thing)
  if not good then return tostring(thing) end
  local copy, count, list = {}, 0, true
  above[thing] = true
  for key, entry in step, state, first do
    count = count + 1
    list = list and math.type(key) == "integer"
    copy[key] = plain(entry, above, depth + 1)
  end
  above[thing] = nil
  if list and count == #copy then return (count > 0 or getmetatable(thing)) and mu.json.list(copy) or copy end
  local named = {}
  for key, entry in pairs(copy) do named[tostring(key)] = entry end
  return named
end

function value.plain(thing)
  return plain(thing, {}, 0)
end

return value
