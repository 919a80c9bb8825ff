-- console/server.lua: the server as a process: how it is, and its end.
local config   = mu.config
local format   = require "console.format"
local games    = require "services.games"
local sessions = require "services.sessions"

mu.section "server" { text = "this server as a program" }

local function doors()
  local parts = {}
  for _, listener in ipairs(config.listeners) do
    local udp  = listener.tunnel or listener.qos
    local port = (udp and mu.relay.port or mu.listener_port)(listener.name)
    if port then parts[#parts + 1] = ("%s %d"):format(listener.name, port) end
  end
  return #parts > 0 and table.concat(parts, ", ") or "none is open"
end

-- One thread runs all logic: at 100 % players wait.
local function load_of_loop()
  local load = mu.inspect.load()
  if not load then return "not watched (inspect.stall_ms)" end
  return ("%.1f %% of the last %s; the longest turn took %.0f ms"):format(100 * load.busy / load.seconds,
    format.span(load.seconds), 1000 * load.longest_turn)
end

mu.command "status" {
  section = "server",
  text    = "version, uptime, scripts, doors, who is here, memory, load",
  handle  = function()
    local p = mu.console.process()
    return format.sheet {
      { "version",        p.version },
      { "uptime",         format.span(p.uptime) },
      { "process",        p.pid },
      { "data folder",    p.data },
      { "scripts",        ("generation %d, %s"):format(p.generation, p.hash) },
      { "reloads",        p.reloads },
      { "generations",    p.generations },
      { "doors",          doors() },
      { "connections",    (select(2, sessions.list(0))) },
      { "players online", sessions.players_online() },
      { "games",          games.kind.count() },
      { "tasks",          p.tasks },
      { "failed tasks",   p.failed_tasks },
      { "killed tasks",   p.killed_tasks },
      { "memory",         format.bytes(p.memory) },
      { "… of scripts",   format.bytes(p.scripts_memory) },
      { "load of the loop", load_of_loop() },
      { "processor time", ("%.1f s, %.1f %% of one core"):format(p.cpu, 100 * p.cpu / math.max(p.uptime, 0.001)) },
    }
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
