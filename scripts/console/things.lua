-- console/things.lua: what `help` says of everything else that is declared: a command of the protocol, a message, an
-- event, a record, a setting, …: made from mu.declared, which knows them all.
local things = {}

local KINDS = {                                  -- as mu.declared calls them, as a person does
  { "routes", "command of the game" }, { "notifications", "notification" }, { "structs", "message" },
  { "endpoints", "endpoint" }, { "events", "event" }, { "guards", "guard" }, { "records", "record" },
  { "metrics", "metric" }, { "settings", "setting" },
}
local SAID_APART = { name = true, path = true, text = true, file = true, line = true, fields = true, commands = true }

local function name_of(entry) return entry.name or entry.path end

local function named(kind, name)
  for _, entry in ipairs(mu.declared(kind)) do
    if name_of(entry) == name then return entry end
  end
end

local function add_fields(lines, fields, indent)
  for _, field in ipairs(fields) do
    lines[#lines + 1] = ("%s%-20s %s%s"):format(indent, field.name, field.type, field.tag and " " .. field.tag or "")
  end
end

local function shown(thing)
  if type(thing) ~= "table" then return tostring(thing) end
  local parts = {}
  for key, entry in pairs(thing) do
    parts[#parts + 1] = (type(key) == "string" and key .. " = " or "") .. shown(entry)
  end
  return table.concat(parts, ", ")
end

-- What is left, in order of the names: "guards: login, own_user". A message by its name is shown with its fields.
local function add_rest(lines, entry)
  local keys = {}
  for key, thing in pairs(entry) do
    if not SAID_APART[key] and thing ~= false and shown(thing) ~= "" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local thing = entry[key]
    local struct = type(thing) == "string" and key ~= "type" and named("structs", thing)
    lines[#lines + 1] = ("  %s: %s"):format(key, shown(thing))
    if struct then add_fields(lines, struct.fields, "    ") end
  end
end

local function about(word, entry)
  local lines = { word .. " " .. name_of(entry) }
  if entry.text and entry.text ~= "" then lines[2] = "  " .. entry.text end
  add_rest(lines, entry)
  if entry.fields then add_fields(lines, entry.fields, "  ") end
  if entry.file then lines[#lines + 1] = ("  declared in %s:%d"):format(entry.file, entry.line) end
  return table.concat(lines, "\n")
end

-- Everything of that name, or nil.
function things.about(name)
  local parts = {}
  for _, kind in ipairs(KINDS) do
    local entry = named(kind[1], name)
    if entry then parts[#parts + 1] = about(kind[2], entry) end
  end
  return parts[1] and table.concat(parts, "\n\n")
end

-- Those that begin with `prefix`.
function things.add_names(names, prefix)
  for _, kind in ipairs(KINDS) do
    for _, entry in ipairs(mu.declared(kind[1])) do
      local name = name_of(entry)
      if name:sub(1, #prefix) == prefix then names[#names + 1] = name end
    end
  end
end

return things
