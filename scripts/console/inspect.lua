-- console/inspect.lua: what the server does at this moment, and what it counts.
local format = require "console.format"

mu.section "inspect" { text = "slow handlers, tasks, timers, numbers" }

local function longest(entry)
  if entry.longest == 0 then return entry.waited or "-" end
  local part = format.span(entry.longest) .. (entry.waited and " in " .. entry.waited or " without a pause")
  return entry.where and ("%s at %s"):format(part, entry.where) or part
end

mu.command "slow" {
  section = "inspect",
  text    = "handlers that took inspect.slow_ms or longer, the last first",
  options = "last?: integer",
  example = "slow --last 5",
  handle  = function(caller, options)
    local rows = {}
    for i, entry in ipairs(mu.inspect.slow(format.count(options.last, 20, 128))) do
      rows[i] = { format.when(entry.at), format.span(entry.seconds), entry.what, entry.who or "-", longest(entry),
                  entry.error or "-" }
    end
    return { columns = { "at", "took", "handler", "for", "longest part", "ended with" }, rows = rows,
             note = ("from %d ms on (inspect.slow_ms)"):format(mu.config.inspect.slow_ms) }
  end,
}

mu.command "coroutines" {
  section = "inspect",
  text    = "handlers and background tasks that live: what they wait for, since when; --trace: where each stands",
  options = "trace?: boolean, limit?: integer",
  handle  = function(caller, options)
    local list = mu.inspect.tasks(format.count(options.limit, 50, 1000))
    if options.trace then
      local parts = {}
      for i, task in ipairs(list) do
        parts[i] = ("%s%s: %s%s\n%s"):format(task.what, task.who and " for " .. task.who or "", task.state,
                                             task.waits_for and " for " .. task.waits_for or "",
                                             task.trace or "  (not begun)")
      end
      return table.concat(parts, "\n")
    end
    local rows = {}
    for i, task in ipairs(list) do
      rows[i] = { task.what, task.who or "-", task.state, task.waits_for or "-", format.span(task.waited),
                  format.span(task.age), task.background and "background" or "handler", task.generation }
    end
    return { columns = { "what", "for", "state", "waits for", "since", "age", "kind", "generation" }, rows = rows }
  end,
}

local function owner_text(owner)
  local known, text = pcall(tostring, owner)
  return owner == nil and "-" or known and text or "gone"
end

mu.command "timers" {
  section = "inspect",
  text    = "named timers that run, the next one first",
  options = "limit?: integer",
  handle  = function(caller, options)
    local list, count = mu.inspect.timers(format.count(options.limit, 50, 1000))
    local rows = {}
    for i, timer in ipairs(list) do rows[i] = { timer.name, owner_text(timer.owner), format.span(timer.left) } end
    return { columns = { "timer", "owner", "runs in" }, rows = rows, note = ("%d in all"):format(count) }
  end,
}

mu.command "counters" {
  section = "inspect",
  text    = "what the server counts, as on /metrics; with a part of a name only those",
  params  = "part?: string",
  example = "counters blaze_route",
  handle  = function(caller, part)
    local rows, texts = {}, {}
    for line in mu.inspect.metrics():gmatch "[^\n]+" do
      local family, text = line:match "^# HELP (%S+) (.*)$"
      if family then texts[family] = text end
      local name, value = line:match "^(murelay_[^ ]*{.*}) (%S+)$"
      if not name then name, value = line:match "^([%w_]+) (%S+)$" end
      if name and not name:find("_bucket{", 1, true) and (not part or name:find(part, 1, true)) then
        local short = name:gsub("^murelay_", "")
        local of    = name:match "^[%w_]+"
        rows[#rows + 1] = { short, value, texts[of] or texts[of:gsub("_%l+$", "")] or "" }
      end
    end
    if #rows == 0 then return nil, ("no counter has '%s' in its name"):format(part) end
    return { columns = { "counter", "value", "what" }, rows = rows }
  end,
}
