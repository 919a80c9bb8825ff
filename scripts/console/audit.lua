-- console/audit.lua: who changed what. Every command with `changes = true` leaves an entry, also one that failed.
local audit  = require "services.audit"
local format = require "console.format"

mu.section "audit" { text = "who changed what" }

mu.console.audit(audit.record)

mu.command "audit" {
  text    = "the last changes, the newest first",
  options = "last?: integer",
  example = "audit --last 50",
  handle  = function(caller, options)
    local rows = {}
    for i, entry in ipairs(audit.last(format.count(options.last, 20, 1000))) do
      rows[i] = { format.when(entry.at), entry.who, entry.what, entry.detail,
                  ("%d %s"):format(entry.generation, entry.hash:sub(1, 8)) }
    end
    return { columns = { "at", "who", "what", "with", "generation" }, rows = rows }
  end,
}
