-- console/config.lua: the settings: what they are, where they were set, changing them.
--
-- `config set` never touches a config.lua, which is a person's: it writes config.set.lua in the data folder, a file of
-- its own that wins over the others. `config unset` takes a key out of it again.
local value = require "console.value"

mu.section "config" { text = "the settings: what they are, where they were set, changing them" }

local FILE = "config.set.lua"
local HEAD = "-- config.set.lua: written by `config set` and `config unset` of the console; it wins over config.lua,\n"
  .. "-- key by key. Not for your own edits: those belong in config.lua of the data folder.\nreturn {\n"

local function all()
  local list = mu.declared "settings"
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

local function find(path)
  for _, setting in ipairs(all()) do
    if setting.path == path then return setting end
  end
end

mu.word "setting" {
  text     = "the name of a setting, such as limits.burst_ms",
  find     = find,
  complete = function(prefix)
    local names = {}
    for _, setting in ipairs(all()) do
      if setting.path:sub(1, #prefix) == prefix then names[#names + 1] = setting.path end
    end
    return names
  end,
}

-- Values as config.lua would have them -------------------------------------------------------------------------------

local literal

local function literal_table(list)
  local out, keys = {}, {}
  for i = 1, #list do out[i] = literal(list[i]) end
  for key in pairs(list) do
    if type(key) == "string" then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local plain = key:find "^[%a_][%w_]*$" and load("local " .. key)     -- a name, and no word of Lua's
    local name  = plain and key or ("[%q]"):format(key)
    out[#out + 1] = ("%s = %s"):format(name, literal(list[key]))
  end
  return #out > 0 and "{ " .. table.concat(out, ", ") .. " }" or "{}"
end

function literal(one)
  if type(one) == "table" then return literal_table(one) end
  return type(one) == "string" and ("%q"):format(one):gsub("\\\n", "\\n") or tostring(one)
end

-- What was typed as a value of the setting: a string needs no quotes, anything else is written as in config.lua.
local function read_value(setting, text)
  if setting.type == "string" and not text:find "^[\"']" then return text end
  local chunk = load("return " .. text, "=value", "t", {})
  if not chunk then return nil, ("'%s' is not a value"):format(text) end
  local done, result = pcall(chunk)
  if not done or result == nil then return nil, ("'%s' is not a value"):format(text) end
  return result
end

-- Showing ------------------------------------------------------------------------------------------------------------

local function same(a, b)
  return literal(a) == literal(b)
end

-- The value for the eyes of whoever looks; a credential is for nobody's.
local function shown(setting)
  if setting.secret and not same(setting.value, setting.default) then return "(secret)" end
  return literal(setting.value)
end

local function row(setting)
  return { setting.path, shown(setting), setting.set or "by default" }
end

local function details(setting)
  return value.plain {
    setting = setting.path, text = setting.text, type = setting.type, value = shown(setting),
    default = literal(setting.default), set = setting.set or "by default", min = setting.min, max = setting.max,
    values = setting.values, changes = setting.live and "at a reload" or "at the next start",
    waits = setting.waits and "another value waits for the next start" or nil,
  }
end

mu.command "config show" {
  text    = "all settings, those below a name, or one with all that is known of it",
  params  = "key?: string",
  example = "config show limits",
  handle  = function(_, key)
    local rows, one = {}, key and find(key)
    if one then return details(one) end
    for _, setting in ipairs(all()) do
      if not key or setting.path:sub(1, #key + 1) == key .. "." then rows[#rows + 1] = row(setting) end
    end
    if #rows == 0 then return nil, mu.settings_check(key, nil) end
    return { columns = { "setting", "value", "set in" }, rows = rows }
  end,
}

mu.command "config diff" {
  text   = "what differs from the default, and where it was set",
  handle = function()
    local rows, waiting = {}, {}
    for _, setting in ipairs(all()) do
      if not same(setting.value, setting.default) then
        rows[#rows + 1] = { setting.path, shown(setting), literal(setting.default), setting.set or "" }
      end
      if setting.waits then waiting[#waiting + 1] = setting.path end
    end
    return { columns = { "setting", "value", "default", "set in" }, rows = rows,
             note = #waiting > 0 and "at the next start: " .. table.concat(waiting, ", ") or nil }
  end,
}

mu.command "config check" {
  text   = "reads config and scripts as a reload would, changes nothing, and tells every mistake",
  handle = function()
    local fine, report = mu.scripts.reload { check = true }
    if not fine then return nil, report end
    return report
  end,
}

-- Changing -----------------------------------------------------------------------------------------------------------

local function read_overlay()
  local text = mu.settings_read()
  if not text then return {} end
  local chunk = load(text, "=" .. FILE, "t", {})
  local done, settings = pcall(chunk or error)
  return done and type(settings) == "table" and settings or {}
end

local function write_overlay(settings)
  local lines, keys = {}, {}
  for key in pairs(settings) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do lines[i] = ("  [%q] = %s,\n"):format(key, literal(settings[key])) end
  mu.settings_write(HEAD .. table.concat(lines) .. "}\n")
end

-- Writes the changed overlay and reloads; the old one comes back where that is refused.
local function change(path, new)
  local settings = read_overlay()
  local old = settings[path]
  settings[path] = new
  write_overlay(settings)
  local fine, report = mu.scripts.reload()
  if fine then return true end
  settings[path] = old
  write_overlay(settings)
  return nil, report
end

mu.command "config set" {
  text    = "sets a setting from now on: kept in config.set.lua of the data folder, used by a reload at once",
  params  = "key: setting, value: rest",
  changes = true,
  example = "config set server.name Citadel",
  handle  = function(_, setting, text)
    if setting.secret then return nil, setting.path .. " holds credentials: write it into config.lua, not here" end
    local new, reason = read_value(setting, text)
    if new == nil then return nil, reason end
    reason = mu.settings_check(setting.path, new)
    if reason then return nil, reason end
    local done, report = mu.exclusive("config set", change, setting.path, new)
    if not done then return nil, report end
    if not setting.live then return ("%s is %s at the next start (%s)"):format(setting.path, literal(new), FILE) end
    return ("%s is %s (%s)"):format(setting.path, literal(new), FILE)
  end,
}

mu.command "config unset" {
  text    = "takes back what `config set` set: what config.lua or the default says counts again",
  params  = "key: setting",
  changes = true,
  example = "config unset server.name",
  handle  = function(_, setting)
    if read_overlay()[setting.path] == nil then
      return nil, ("%s was not set by `config set`"):format(setting.path)
    end
    local done, report = mu.exclusive("config set", change, setting.path, nil)
    if not done then return nil, report end
    return ("%s is as config.lua or the default says%s"):format(setting.path,
      setting.live and "" or ", from the next start on")
  end,
}
