-- tools/docs/lists.lua: the declarations, sorted and grouped, for everything that is written from them.
local lists = {}

local function by(key)
  return function(a, b) return a[key] < b[key] end
end

-- The list mu.declared gives, sorted; two runs give the same.
function lists.of(what, key)
  local list = mu.declared(what)
  table.sort(list, by(key or "name"))
  return list
end

-- Functions and values, table by table.
function lists.functions()
  local list = mu.declared "functions"
  table.sort(list, function(a, b)
    local mine, theirs = lists.split(a.name), lists.split(b.name)
    if mine ~= theirs then return mine < theirs end
    return a.name < b.name
  end)
  return list
end

-- "session:notify" → "session", "notify", true;  "mu.crypto.random" → "mu.crypto", "random", false
function lists.split(name)
  local class, method = name:match "^(.-):([%w_]+)$"
  if class then return class, method, true end
  local table_name, last = name:match "^(.+)%.([%w_]+)$"
  return table_name, last, false
end

-- Is it what an object has (session:notify, kind.create), not what hangs below mu?
function lists.is_member(entry)
  return entry.name:find(":", 1, true) ~= nil or entry.name:sub(1, 3) ~= "mu."
end

-- The parameters: { { name, type, optional } }; "..." is a parameter of that name.
function lists.params(text)
  local params = {}
  for part in (text .. ","):gmatch "%s*(.-)%s*," do
    if part ~= "" then
      local name, mark, type_name = part:match "^([%w_%.]+)(%??):%s*(.-)$"
      local bare = type_name:gsub("%?$", "")
      params[#params + 1] = { name = name, type = bare, optional = mark == "?" or bare ~= type_name }
    end
  end
  return params
end

-- The types of the results, split at the commas outside brackets.
function lists.returns(text)
  local types, depth, start = {}, 0, 1
  for at = 1, #text + 1 do
    local c = text:sub(at, at)
    if c:find "[%(%{<]" then depth = depth + 1 elseif c:find "[%)%}>]" then depth = depth - 1 end
    if (c == "," and depth == 0 or c == "") and start <= #text then
      types[#types + 1] = text:sub(start, at - 1):match "^%s*(.-)%s*$"
      start = at + 1
    end
  end
  return types
end

-- Every name scripts can use without declaring it, with the fields of those that are tables: { math = { "abs", … } };
-- true for what is no table.
function lists.globals()
  local globals = {}
  for name, value in pairs(_G) do
    globals[name] = true
    if type(value) == "table" and name ~= "_G" and name ~= "mu" then
      local fields = {}
      for field in pairs(value) do fields[#fields + 1] = field end
      table.sort(fields)
      globals[name] = fields
    end
  end
  return globals
end

function lists.sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

return lists
