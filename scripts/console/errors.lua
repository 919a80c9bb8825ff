-- console/errors.lua: what went wrong: inputs that were refused, handlers that failed.
local format = require "console.format"

mu.section "errors" { text = "inputs that were refused, handlers that failed" }

local MOST = 64

local function from(entry)
  return entry.who or entry.peer or "-"
end

mu.command "errors list" {
  text    = "the last inputs that a decoder refused",
  options = "last?: integer",
  handle  = function(caller, options)
    local rows = {}
    for i, entry in ipairs(mu.inspect.malformed(format.count(options.last, 20, MOST))) do
      rows[i] = { entry.number, format.when(entry.at), entry.decoder, entry.what or "-", from(entry),
                  entry.door or "-", entry.text }
    end
    return { columns = { "no", "at", "decoder", "of", "from", "door", "why" }, rows = rows }
  end,
}

mu.command "errors show" {
  text    = "one refused input with its bytes; the last one unless its number is given",
  params  = "number?: integer",
  example = "errors show",
  handle  = function(caller, number)
    for _, entry in ipairs(mu.inspect.malformed(MOST)) do
      if not number or entry.number == number then return entry.shown end
    end
    if number then return nil, ("there is no refused input %d among the last %d"):format(number, MOST) end
    return "no input has been refused since the server started"
  end,
}

mu.command "errors handlers" {
  text    = "the last failures of handlers; --trace with their tracebacks",
  options = "last?: integer, trace?: boolean",
  handle  = function(caller, options)
    local list = mu.inspect.failures(format.count(options.last, 10, 32))
    if options.trace then
      local parts = {}
      for i, entry in ipairs(list) do
        parts[i] = ("%s  %s (%s), %d times\n  %s\n%s"):format(format.when(entry.last), entry.what, from(entry),
                                                              entry.count, entry.text, entry.trace or "")
      end
      return #parts > 0 and table.concat(parts, "\n") or "no handler has failed"
    end
    local rows = {}
    for i, entry in ipairs(list) do
      rows[i] = { format.when(entry.last), entry.count, entry.what, from(entry), entry.text }
    end
    return { columns = { "last", "times", "handler", "for", "error" }, rows = rows }
  end,
}
