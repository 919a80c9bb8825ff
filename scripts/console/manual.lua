-- console/manual.lua: what `help` says: made from the declarations, so that it is always all of it.
local manual = {}

local function pad(text, cells) return text .. (" "):rep(math.max(1, cells - utf8.len(text))) end

-- "players show <player> [--limit <integer>]"; with many options, where all commands are listed, "… [options]".
local MANY = 3
local function usage(command, short)
  local parts = { command.name }
  for _, p in ipairs(command.params) do parts[#parts + 1] = (p.optional and "[%s]" or "<%s>"):format(p.name) end
  if short and #command.options > MANY then
    parts[#parts + 1] = "[options]"
    return table.concat(parts, " ")
  end
  for _, o in ipairs(command.options) do
    local name = o.name:gsub("_", "-")
    parts[#parts + 1] = o.type == "boolean" and ("[--%s]"):format(name) or ("[--%s <%s>]"):format(name, o.type)
  end
  return table.concat(parts, " ")
end

local function sections()
  local list, by_name = mu.console.sections(), {}
  for _, section in ipairs(list) do
    by_name[section.name] = section
    section.commands = {}
  end
  for _, command in ipairs(mu.console.commands()) do
    local commands = by_name[command.section].commands
    commands[#commands + 1] = command
  end
  return list
end

-- Words of `text` on lines of at most `most` cells.
local function wrapped(text, most)
  local lines, line = {}, ""
  for word in text:gmatch "%S+" do
    if line ~= "" and utf8.len(line) + 1 + utf8.len(word) > most then
      lines[#lines + 1] = line
      line = word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end

local function add_commands(lines, commands, terminal)
  local widest = 0
  for _, command in ipairs(commands) do widest = math.max(widest, #usage(command, true)) end
  widest = math.min(widest, 36) + 2
  for _, command in ipairs(commands) do
    local written = usage(command, true)
    if #written > widest - 2 then
      lines[#lines + 1] = "  " .. written
      written = ""
    end
    for _, part in ipairs(wrapped(command.text, terminal > widest + 22 and terminal - widest - 2 or 1000)) do
      lines[#lines + 1] = "  " .. pad(written, widest) .. part
      written = ""
    end
  end
end

-- `terminal`: cells of a line, 0 for no limit.
function manual.everything(terminal)
  local lines = {}
  for _, section in ipairs(sections()) do
    lines[#lines + 1] = ("%s: %s"):format(section.name, section.text)
    add_commands(lines, section.commands, terminal)
    lines[#lines + 1] = ""
  end
  lines[#lines + 1] = "help <command> tells more of one, with an example; help mu.store.read, help Util.ping and"
  lines[#lines + 1] = "help session tell of what scripts are made of."
  lines[#lines + 1] = "Every command has --json and --help. Tab completes; Ctrl-C ends what runs; > is Lua."
  return table.concat(lines, "\n")
end

local function add_parameters(lines, list, option)
  for _, p in ipairs(list) do
    local name = option and "--" .. p.name:gsub("_", "-") or p.name
    local kind = p.text and ("%s (%s)"):format(p.type, p.text) or p.type
    local may  = (p.optional or p.type == "boolean" and option) and ", may be left out" or ""
    lines[#lines + 1] = "  " .. pad(name, 16) .. kind .. may
  end
end

local function named(list, name)
  for _, entry in ipairs(list) do
    if entry.name == name then return entry end
  end
end

-- Lines of `text`, the second and later ones deeper.
local function add_wrapped(lines, text, terminal, indent, deeper)
  for i, part in ipairs(wrapped(text, terminal > 40 and terminal - deeper or 1000)) do
    lines[#lines + 1] = (" "):rep(i == 1 and indent or deeper) .. part
  end
end

-- All of one command; nil when there is none.
function manual.command(name, terminal)
  local command = named(mu.console.commands(), name)
  if not command then return nil end
  local lines = {}
  add_wrapped(lines, usage(command), terminal, 0, 4)
  add_wrapped(lines, command.text, terminal, 2, 2)
  if #command.params + #command.options > 0 then lines[#lines + 1] = "" end
  add_parameters(lines, command.params)
  add_parameters(lines, command.options, true)
  lines[#lines + 1] = ""
  if command.example then add_wrapped(lines, "example: " .. command.example, terminal, 2, 11) end
  if command.changes then lines[#lines + 1] = "  changes something: it is kept in the audit log" end
  if command.endless then lines[#lines + 1] = "  runs until Ctrl-C, through reloads" end
  lines[#lines + 1] = ("  declared in %s:%d"):format(command.file, command.line)
  return table.concat(lines, "\n")
end

function manual.section(name, terminal)
  local section = named(sections(), name)
  if not section then return nil end
  local lines = { ("%s: %s"):format(section.name, section.text) }
  add_commands(lines, section.commands, terminal)
  lines[#lines + 1] = ("  declared in %s:%d"):format(section.file, section.line)
  return table.concat(lines, "\n")
end

-- Of a function that C gives to scripts.
function manual.lua_function(name)
  local f = named(mu.declared "functions", name)
  if not f then return nil end
  local lines = { ("%s(%s)%s"):format(f.name, f.params, f.returns ~= "" and " → " .. f.returns or "") }
  lines[#lines + 1] = "  " .. f.text
  if f.errors ~= "" and f.errors ~= "none" then lines[#lines + 1] = "  errors: " .. f.errors end
  if f.suspends then lines[#lines + 1] = "  waits: other handlers run meanwhile" end
  if f.load_only then lines[#lines + 1] = "  only while scripts load" end
  if f.example ~= "" then lines[#lines + 1] = "  example: " .. f.example end
  return table.concat(lines, "\n")
end

-- Every name that `help` knows.
function manual.names()
  local names = {}
  for _, list in ipairs { mu.console.sections(), mu.console.commands(), mu.declared "functions" } do
    for _, entry in ipairs(list) do names[#names + 1] = entry.name end
  end
  return names
end

return manual
