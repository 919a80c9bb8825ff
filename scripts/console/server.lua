-- console/server.lua: the server as a process: how it is, and its end.
local config   = mu.config
local sessions = require "services.sessions"

mu.section "server" { text = "this server as a program" }

local function duration(seconds)
  local days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
  if days >= 1 then return ("%d d %d h"):format(days, hours) end
  if hours >= 1 then return ("%d h %d min"):format(hours, minutes) end
  if minutes >= 1 then return ("%d min %d s"):format(minutes, seconds % 60 // 1) end
  return ("%.1f s"):format(seconds)
end

local function mebibytes(bytes) return ("%.1f MiB"):format(bytes / 2 ^ 20) end

local function doors()
  local parts = {}
  for _, listener in ipairs(config.listeners) do
    local port = mu.listener_port(listener.name)
    if port then parts[#parts + 1] = ("%s %d"):format(listener.name, port) end
  end
  return #parts > 0 and table.concat(parts, ", ") or "none is open"
end

mu.command "status" {
  section = "server",
  text    = "version, uptime, scripts, doors, who is here, memory",
  handle  = function()
    local p = mu.console.process()
    return { columns = { "what", "value" }, rows = {
      { "version",        p.version },
      { "uptime",         duration(p.uptime) },
      { "process",        p.pid },
      { "data folder",    p.data },
      { "scripts",        ("generation %d, %s"):format(p.generation, p.hash) },
      { "reloads",        p.reloads },
      { "generations",    p.generations },
      { "doors",          doors() },
      { "players online", sessions.players_online() },
      { "tasks",          p.tasks },
      { "failed tasks",   p.failed_tasks },
      { "killed tasks",   p.killed_tasks },
      { "memory",         mebibytes(p.memory) },
      { "… of scripts",   mebibytes(p.scripts_memory) },
      { "processor time", ("%.1f s, %.1f %% of one core"):format(p.cpu, 100 * p.cpu / math.max(p.uptime, 0.001)) },
    } }
  end,
}

mu.command "shutdown" {
  section = "server",
  text    = "ends the server: what is under way is finished first",
  changes = true,
  handle  = function()
    mu.console.shutdown()
    return "the server ends"
  end,
}
