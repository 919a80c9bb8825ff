-- console/scripts.lua: the scripts themselves: which files run, reload, and the way back.
local format = require "console.format"

mu.section "scripts" { text = "the scripts that are the server: reload, and the way back" }

-- What a reload reads but cannot use: settings that only count at the start.
local function with_waiting(report)
  local names = {}
  for _, setting in ipairs(mu.declared "settings") do
    if setting.waits then names[#names + 1] = setting.path end
  end
  table.sort(names)
  return #names > 0 and ("%s\nat the next start: %s"):format(report, table.concat(names, ", ")) or report
end

mu.command "reload" {
  section = "scripts",
  text    = "builds the scripts and config.lua anew and swaps them in; where anything is wrong, nothing changes",
  options = "check?: boolean",
  changes = true,
  example = "reload --check",
  handle  = function(_, options)
    local good, report = mu.scripts.reload { check = options.check or false }
    if good then return with_waiting(report) end
    return nil, "nothing was changed. What is wrong:\n" .. report
  end,
}

mu.command "rollback" {
  section = "scripts",
  text    = "goes back to the scripts before the last reload, whatever the files say now",
  changes = true,
  handle  = function()
    local good, report = mu.scripts.rollback()
    if good then return report end
    return nil, report
  end,
}

mu.command "scripts list" {
  text    = "the files in use, from which folder, how long; yours are those of the data folder",
  options = "own?: boolean",
  example = "scripts list --own",
  handle  = function(_, options)
    local rows, lines = {}, 0
    for _, file in ipairs(mu.scripts.list()) do
      if not options.own or file.root:find "^data" then
        rows[#rows + 1] = { file.name, file.root, file.lines, file.bytes, file.hash:sub(1, 8) }
        lines = lines + file.lines
      end
    end
    return { columns = { "file", "root", "lines", "bytes", "hash" }, rows = rows,
             note = ("%d files, %d lines"):format(#rows, lines) }
  end,
}

mu.command "scripts generations" {
  text   = "the builds of the scripts that are in memory: the one that runs, and those that finish what they began",
  handle = function()
    local rows = {}
    for i, g in ipairs(mu.scripts.generations()) do
      rows[i] = { g.number, g.hash, g.current and "runs" or "finishes", format.span(g.age), g.tasks,
                  format.bytes(g.memory) }
    end
    local status = mu.scripts.status()
    local back   = status.previous and ("; rollback goes to %d (%s)"):format(status.previous.number,
                                                                             status.previous.hash:sub(1, 8)) or ""
    return { columns = { "number", "hash", "state", "age", "tasks", "memory" }, rows = rows,
             note = status.text .. back }
  end,
}

mu.command "scripts events" {
  text   = "what scripts can wait for with mu.on, and how many do",
  handle = function()
    local rows = {}
    for i, event in ipairs(mu.declared "events") do
      rows[i] = { event.name, event.params, event.handlers, event.text }
    end
    return { columns = { "event", "params", "handlers", "text" }, rows = rows }
  end,
}

mu.section "mods" { text = "the operator's own overlays" }

mu.command "mods list" {
  text   = "the mods there are, which of them are on, and what they override",
  handle = function()
    local rows = {}
    for i, mod in ipairs(mu.mods()) do
      rows[i] = { mod.name, mod.version, mod.enabled, table.concat(mod.overrides or {}, ", "), mod.text, mod.file }
    end
    return { columns = { "mod", "version", "on", "overrides", "text", "file" }, rows = rows,
             note = "config.lua says which are on, and in which order: mods = { … }" }
  end,
}
