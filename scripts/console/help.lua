-- console/help.lua: help.
local manual = require "console.manual"
local things = require "console.things"

mu.section "help" { text = "what can be said here" }

-- The commands whose names begin with these words: "players" where it is no section.
local function family(words, terminal)
  local parts = {}
  for _, command in ipairs(mu.console.commands()) do
    local inside = command.name:sub(1, #words + 1) == words .. " "
    if inside then parts[#parts + 1] = manual.command(command.name, terminal) end
  end
  return parts[1] and table.concat(parts, "\n\n")
end

mu.command "help" {
  text    = "what can be said here; all of a section or command; of a function, event, record, message, setting",
  params  = "topic?: command",
  example = "help Util.ping",
  handle  = function(caller, topic)
    if not topic then return manual.everything(caller.width) end
    local section, command = manual.section(topic, caller.width), manual.command(topic, caller.width)
    if section and command then return section .. "\n\n" .. command end
    local found = section or command or manual.lua_function(topic) or family(topic, caller.width) or things.about(topic)
    if found then return found end
    local names = manual.names()
    things.add_names(names, "")
    local near = mu.console.nearest(topic, names)
    return nil, ("nothing is declared that is called '%s'%s"):format(
      topic, near and ("; did you mean '%s'?"):format(near) or "")
  end,
}
