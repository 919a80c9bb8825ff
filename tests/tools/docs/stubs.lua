-- tools/docs/stubs.lua: scripts/.meta/mu.lua, what the Lua language server knows of the server.
local lists = require "tools.docs.lists"

local stubs = {}

local KEYWORDS = { ["and"] = true, ["end"] = true, ["function"] = true, ["in"] = true, ["local"] = true, ["not"] = true,
  ["or"] = true, ["repeat"] = true, ["then"] = true, ["until"] = true, ["goto"] = true, ["return"] = true }

local function type_text(text)
  return text == "function" and "function" or text
end

local function comment(out, entry)
  out[#out + 1] = "--- " .. entry.text:gsub("\n", " ")
  if entry.suspends then out[#out + 1] = "--- *Suspends: other handlers run before it returns.*" end
  if entry.load_only then out[#out + 1] = "--- *Only while scripts load.*" end
  if entry.run_only and not entry.suspends then out[#out + 1] = "--- *Only in handlers.*" end
  if entry.test then out[#out + 1] = "--- *Only in tests.*" end
  if entry.errors ~= "" and entry.errors ~= "none" then out[#out + 1] = "--- Errors: " .. entry.errors end
  if entry.example ~= "" then out[#out + 1] = "--- ```lua\n--- " .. entry.example .. "\n--- ```" end
end

local function params_of(entry)
  local names = {}
  local params = lists.params(entry.params)
  for i, param in ipairs(params) do
    names[i] = KEYWORDS[param.name] and param.name .. "_" or param.name
    param.name = names[i]
  end
  return params, names
end

local function annotate(out, entry)
  local params, names = params_of(entry)
  for _, param in ipairs(params) do
    out[#out + 1] = ("---@param %s%s %s"):format(param.name, param.optional and "?" or "", type_text(param.type))
  end
  for _, result in ipairs(lists.returns(entry.returns)) do out[#out + 1] = "---@return " .. result end
  return table.concat(names, ", ")
end

-- mu.a.b.c needs mu.a and mu.a.b first.
local function open_tables(out, path, open)
  local at = ""
  for part in path:gmatch "[%w_]+" do
    at = at == "" and part or at .. "." .. part
    if not open[at] then
      open[at] = true
      out[#out + 1] = ("\n%s = {}"):format(at)
    end
  end
end

-- The type of what is no plain function: for mu.u8 and mu.tdf.int it can be called as well.
local function value(out, entry)
  local result = lists.returns(entry.returns)[1]
  comment(out, entry)
  if entry.name == "mu.config" then result = "config" end
  if entry.params ~= "" then
    local class = "type_of." .. entry.name
    local fields = {}
    for i, param in ipairs(lists.params(entry.params)) do
      fields[i] = ("%s%s: %s"):format(param.name, param.optional and "?" or "", param.type)
    end
    out[#out + 1] = ("---@class %s : %s"):format(class, result)
    out[#out + 1] = ("---@overload fun(%s): %s"):format(table.concat(fields, ", "), result)
    result = class
  end
  out[#out + 1] = ("---@type %s"):format(result)
  out[#out + 1] = ("%s = nil"):format(entry.name)
end

local function overloads(out, entry)
  if entry.name == "mu.record" then
    for _, kind in ipairs(lists.of "records") do
      out[#out + 1] = ('---@overload fun(name: "%s"): fun(fields: table): kind.%s'):format(kind.name, kind.name)
    end
  elseif entry.name == "mu.component" then
    for _, component in ipairs(lists.of "components") do
      out[#out + 1] = ('---@overload fun(name: "%s"): component.%s'):format(component.name, component.name)
    end
  elseif entry.name == "mu.on" then
    for _, event in ipairs(lists.of "events") do
      out[#out + 1] = ('---@overload fun(event: "%s", fn: fun(%s))'):format(event.name, event.params)
    end
  end
end

local function functions(out)
  local open, classes = {}, {}
  for _, entry in ipairs(lists.functions()) do
    local owner, name, method = lists.split(entry.name)
    if lists.is_member(entry) and not classes[owner] then
      classes[owner] = true
      out[#out + 1] = ("\n---@class %s"):format(owner)
      if owner == "record" or owner == "component" then out[#out + 1] = "---@field [string] any" end
      out[#out + 1] = ("local %s = {}"):format(owner:gsub("%.", "_"))
    elseif not lists.is_member(entry) then
      open_tables(out, owner, open)
    end
    out[#out + 1] = ""
    if entry.value and lists.is_member(entry) then
      comment(out, entry)
      out[#out + 1] = ("---@type %s\n%s.%s = nil"):format(entry.returns, owner:gsub("%.", "_"), name)
    elseif entry.value then
      if entry.name ~= "mu.tdf" then value(out, entry) end
    else
      comment(out, entry)
      local names = annotate(out, entry)
      overloads(out, entry)
      local at = lists.is_member(entry) and owner:gsub("%.", "_") or owner
      out[#out + 1] = ("function %s%s%s(%s) end"):format(at, method and ":" or ".", name, names)
    end
  end
end

local PLAIN = [[

---@class field_type the type of a record's field
---@class tdf_field a field of a message, or its type
---@class tdf_struct : tdf_field a message or a part of one
---@class tdf_variants : tdf_field
---@class notification
---@class failure
---@class kept
---@class route
]]

local function field_of_record(field)
  local type_name = field.ref and field.of .. "?" or field.of
  if field.list then return ("list|%s[]"):format(field.of) end
  if field.map then return ("table<%s, %s>"):format(field.by, field.of) end
  return type_name
end

local function records(out)
  for _, kind in ipairs(lists.of "records") do
    out[#out + 1] = ("\n---@class %s : record"):format(kind.name)
    table.sort(kind.fields, function(a, b) return a.name < b.name end)
    for _, field in ipairs(kind.fields) do
      out[#out + 1] = ("---@field %s %s"):format(field.name, field_of_record(field))
    end
    out[#out + 1] = ("\n---@class kind.%s : kind"):format(kind.name)
    for _, method in ipairs { "create fun(fields: table): %s", "get fun(key: any): %s?",
      "where fun(conditions: table): fun(): %s?", "first fun(conditions: table): %s?", "all fun(): fun(): %s?",
      "count fun(conditions?: table): integer" } do
      out[#out + 1] = "---@field " .. method:gsub("%%s", kind.name)
    end
  end
end

local function structs(out)
  for _, struct in ipairs(lists.of "structs") do
    out[#out + 1] = ("\n---@class schema.%s"):format(struct.name)
    table.sort(struct.fields, function(a, b) return a.name < b.name end)
    for _, field in ipairs(struct.fields) do
      out[#out + 1] = ("---@field %s? %s %s"):format(field.name, field.type, field.tag)
    end
  end
end

local LIST = { list = "any[]", table = "table" }

-- mu.config: a class for each group of settings; `mods` is a list and a group.
local function settings(out)
  local groups, order = {}, {}
  local function field(class, name, type_name, text)
    local fields = groups[class]
    if fields[name] then type_name = fields[name].type .. "|" .. type_name end
    fields[name] = { type = type_name, text = text or fields[name] and fields[name].text or "" }
  end
  local function group(path)
    if groups[path] then return end
    groups[path] = {}
    order[#order + 1] = path
    local above, name = path:match "^(.+)%.([^%.]+)$"
    if not above then return end
    group(above)
    field(above, name, path)
  end
  for _, setting in ipairs(lists.of("settings", "path")) do
    local above, name = ("config." .. setting.path):match "^(.+)%.([^%.]+)$"
    group(above)
    field(above, name, LIST[setting.type] or setting.type, setting.text)
  end
  for _, path in ipairs(order) do
    out[#out + 1] = ("\n---@class %s"):format(path)
    for _, name in ipairs(lists.sorted_keys(groups[path])) do
      local one = groups[path][name]
      out[#out + 1] = ("---@field %s %s %s"):format(name, one.type, one.text)
    end
  end
end

local function message(name)
  return name and "schema." .. name or "nil"
end

local function routes(out)
  local declared = {}
  for _, route in ipairs(lists.of "routes") do
    declared[route.name] = true
    local answer = route.response and message(route.response) .. "|kept|failure|nil" or "failure|nil"
    out[#out + 1] = ("\n---@class route_of.%s"):format(route.name)
    out[#out + 1] = ("---@field handle fun(session: session, request: %s): %s"):format(message(route.request), answer)
    out[#out + 1] = "---@field request? tdf_struct\n---@field response? tdf_struct\n---@field error? tdf_struct"
    for _, guard in ipairs(lists.of "guards") do out[#out + 1] = ("---@field %s? any"):format(guard.name) end
  end
  for _, component in ipairs(lists.of "components") do
    out[#out + 1] = ("\n---@class component.%s : component"):format(component.name)
    for _, command in ipairs(component.commands) do
      local full = component.name .. "." .. command
      out[#out + 1] = ("---@field %s fun(route: %s): route"):format(command,
        declared[full] and "route_of." .. full or "table")
    end
  end
end

function stubs.text()
  local out = { "---@meta", "-- What the Lua language server knows of mu. Generated by `./mu docs`; do not edit.",
    PLAIN }
  functions(out)
  records(out)
  settings(out)
  structs(out)
  routes(out)
  return (table.concat(out, "\n"):gsub(" +\n", "\n"):gsub("\n\n\n+", "\n\n")) .. "\n"
end

return stubs
