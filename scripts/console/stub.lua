-- console/stub.lua: the script to start from, for a command of the protocol that nobody answers yet.
local components = require "protocol.components"

mu.section "stub" { text = "starting points for new scripts" }

local function names_of(list)
  local names = {}
  for name in pairs(list) do names[#names + 1] = name end
  table.sort(names)
  return names
end

mu.word "component" {
  text = "a component of the protocol, by name or number",
  find = function(text)
    for name, component in pairs(components) do
      if name:lower() == text:lower() or tostring(component.id) == text then return name end
    end
  end,
  complete = function() return names_of(components) end,
}

-- Any component's, for Tab; whether this one has it is looked at afterwards.
mu.word "protocol_command" {
  text     = "a command of that component, by name or number",
  find     = function(text) return text end,
  complete = function(prefix)
    local names = {}
    if prefix == "" then return names end
    for _, component in pairs(components) do
      for name in pairs(component.commands) do
        if name:lower():find(prefix:lower(), 1, true) == 1 then names[name] = true end
      end
    end
    return names_of(names)
  end,
}

-- "GameManager" → "game_manager"
local function file_name(component)
  return (component:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower())
end

local function command_named(component, text)
  for name, number in pairs(components[component].commands) do
    if name:lower() == text:lower() or tostring(number) == text then return name end
  end
end

-- The struct of that name, when a schema that is in use declares it.
local function declared(file, name)
  local loaded, schema = pcall(require, "schema." .. file)
  return loaded and type(schema) == "table" and schema[name] ~= nil
end

local function struct_lines(file, command, role)
  local name = command:sub(1, 1):upper() .. command:sub(2) .. role
  local line = ("  %-8s = schema.%s,"):format(role:lower(), name)
  if declared(file, name) then return line end
  return line .. ("   -- declare it in schema/%s.lua, or leave this line out"):format(file)
end

-- What answers it already, as a line of comment, or nil.
local function answered(component, command)
  for _, route in ipairs(mu.declared "routes") do
    if route.name == component .. "." .. command then
      return ("-- answered already, in %s:%d: edit it there, or override it in a mod"):format(route.file, route.line)
    end
  end
end

mu.command "stub" {
  text    = "the script to start from: a command's route, ready to paste",
  params  = "component: component, command: protocol_command",
  example = "stub Util ping",
  handle  = function(_, component, text)
    local command = command_named(component, text)
    if not command then
      local near = mu.console.nearest(text, names_of(components[component].commands))
      return nil, ("%s has no command '%s'%s"):format(component, text, near and ("; did you mean '%s'?"):format(near)
                                                      or "")
    end
    local file = file_name(component)
    return table.concat({
      answered(component, command) or "-- nobody answers it yet: the game gets an empty success",
      ("-- components/%s.lua; a new file is named in main.lua: require \"components.%s\""):format(file, file),
      ("local %s = mu.component %q"):format(file, component),
      ("local schema = require \"schema.%s\""):format(file),
      "",
      ("%s.%s {"):format(file, command),
      "  login    = true,",
      struct_lines(file, command, "Request"),
      struct_lines(file, command, "Response"),
      "  handle   = function(session, request)",
      "    return {}",
      "  end,",
      "}",
    }, "\n")
  end,
}
