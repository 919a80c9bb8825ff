-- saves/parts.lua: texts that are lists of parts, seen by name. What a game saves is made of them (services/saves.lua).
--
--   local Point = parts.record(";", { "version", { "x", parts.integer }, { "y", parts.integer } })
--   local p = Point.parse "20;3;4"       p.x → 3       p.y = 5       p:text() → "20;3;5"
--
-- A view keeps the parts as they came and looks into one only when asked, so what nobody touched is written back byte
-- for byte, whatever it is: parts too many, parts that are no numbers, parts we have no name for. Reading what does not
-- parse gives nil; writing checks.
local parts = {}

local STATE = {}                                 -- where a view keeps what it is made of

-- Every part of a text between separators, the empty ones too.
function parts.split(text, separator)
  local list, from = {}, 1
  while true do
    local at = text:find(separator, from, true)
    if not at then break end
    list[#list + 1] = text:sub(from, at - 1)
    from = at + #separator
  end
  list[#list + 1] = text:sub(from)
  return list
end

-- Types: { read = fn(part) → value or nil, write = fn(value) → part, or nil when it cannot be said } ------------------

local function plain(text) return not text:find "[;%z]" end

parts.text = {
  read  = function(part) return part end,
  write = function(value) return type(value) == "string" and plain(value) and value or nil end,
}

-- A name inside lists of lists: nothing that separates any of them.
parts.word = {
  read  = function(part) return part end,
  write = function(value) return type(value) == "string" and not value:find "[;, %z]" and value or nil end,
}

parts.integer = {
  read  = function(part) return #part <= 19 and part:find "^%-?%d+$" and math.tointeger(tonumber(part)) or nil end,
  write = function(value) return math.tointeger(value) and ("%d"):format(value) or nil end,
}

-- With four digits behind the point, as the game writes.
parts.number = {
  read  = function(part) return #part <= 32 and part:find "^%-?%d+%.?%d*$" and tonumber(part) or nil end,
  write = function(value)
    return type(value) == "number" and value == value and math.abs(value) < 1e15 and ("%.4f"):format(value) or nil
  end,
}

parts.flag = {
  read  = function(part) if part == "True" then return true elseif part == "False" then return false end end,
  write = function(value) return type(value) == "boolean" and (value and "True" or "False") or nil end,
}

-- Views --------------------------------------------------------------------------------------------------------------

local function text_of(view)
  for name, child in pairs(view.opened) do view.parts[view.places[name]] = child:text() end
  return table.concat(view.parts, view.separator)
end

local function read(view, name)
  local place = view.places[name]
  if not place then return nil end
  local part, kind = view.parts[place], view.types[name]
  if part == nil then return nil end
  if not kind.open then return kind.read(part) end
  if not view.opened[name] then view.opened[name] = kind.open(part) end
  return view.opened[name]
end

local function write(view, name, value)
  local place, kind = view.places[name], view.types[name]
  if not place then error(("a %s has no '%s'"):format(view.what, tostring(name)), 3) end
  if kind.open then error(("%s.%s is changed part by part"):format(view.what, name), 3) end
  if not view.parts[place] then error(("this %s is too short for '%s'"):format(view.what, name), 3) end
  local part = kind.write(value)
  if not part then error(("%s.%s cannot be %s"):format(view.what, name, tostring(value)), 3) end
  view.parts[place] = part
end

local METHODS = {
  text  = function(self) return text_of(rawget(self, STATE)) end,
  -- The part behind a name as it stands there, whatever it is.
  raw   = function(self, name)
    local view = rawget(self, STATE)
    return view.parts[view.places[name] or 0]
  end,
  count = function(self) return #rawget(self, STATE).parts end,
}

local VIEW = {
  __index    = function(self, name) return METHODS[name] or read(rawget(self, STATE), name) end,
  __newindex = function(self, name, value) write(rawget(self, STATE), name, value) end,
}

-- A kind of text with named parts. fields: names (parts.text) or { name, type }. `arrange(list, places)` may put the
-- parts of one text into other places, or join some, before they are named; it returns the list and, where the places
-- differ from the declared ones, a table name → place.
function parts.record(what, separator, fields, arrange)
  local places, types = {}, {}
  for i, field in ipairs(fields) do
    local name = type(field) == "table" and field[1] or field
    places[name], types[name] = i, type(field) == "table" and field[2] or parts.text
  end
  local record = { what = what, fields = fields }
  function record.parse(text)
    local list, moved = parts.split(text, separator), nil
    if arrange then list, moved = arrange(list, places) end
    return setmetatable({ [STATE] = {
      what = what, separator = separator, parts = list, places = moved or places, types = types, opened = {},
    } }, VIEW)
  end
  record.open = record.parse                     -- so that a record can be the type of a part
  return record
end

-- Lists --------------------------------------------------------------------------------------------------------------

local LIST = {
  __index = function(self, key)
    local list = rawget(self, STATE)
    if math.type(key) ~= "integer" then return list.methods[key] end
    local part = list.parts[key + list.first]
    if part == nil or not list.kind.open then return part and list.kind.read(part) end
    if not list.opened[key] then list.opened[key] = list.kind.open(part) end
    return list.opened[key]
  end,
  __newindex = function(self, key, value)
    local list = rawget(self, STATE)
    local part = math.type(key) == "integer" and not list.kind.open and list.kind.write(value)
    if not part or not list.parts[key + list.first] then
      error(("%s[%s] cannot be %s"):format(list.what, tostring(key), tostring(value)), 2)
    end
    list.parts[key + list.first] = part
  end,
  __len = function(self)
    local list = rawget(self, STATE)
    return #list.parts - list.first
  end,
}

local LIST_METHODS = {
  text = function(self)
    local list = rawget(self, STATE)
    for key, child in pairs(list.opened) do list.parts[key + list.first] = child:text() end
    return table.concat(list.parts, list.separator)
  end,
}

-- A kind of text that is one value after the other; list[1] is the one behind the `first` leading parts. An empty text
-- has none.
function parts.list(what, separator, kind, first)
  local list = { what = what }
  function list.parse(text)
    return setmetatable({ [STATE] = {
      what = what, separator = separator, kind = kind, first = first or 0, methods = LIST_METHODS,
      parts = text == "" and {} or parts.split(text, separator), opened = {},
    } }, LIST)
  end
  list.open = list.parse
  return list
end

return parts
