-- console/run.lua: runs one command of the console and shows what it gave.
--
-- The line has been read already: what is here has the right form. What is left: find what the words of scripts mean
-- (that may wait for the database), call the handler, show its result, and tell the audit log of what changes
-- something.
local things = require "console.things"
local value  = require "console.value"
local view   = require "console.view"

local run = {}

local FINE, FAILED = 0, 1                        -- exit codes
local LETTER       = "[^\x80-\xBF][\x80-\xBF]*"  -- of UTF-8

-- Results ------------------------------------------------------------------------------------------------------------

local several = {}                               -- the metatable of what run.values returns

-- For handlers that give any number of values, nil among them: `>`.
function run.values(...)
  return setmetatable(table.pack(...), several)
end

local function text_of(result, caller)
  if result == nil then return "done" end
  if type(result) == "string" then return result end
  if view.is(result) then return view.lines(result, caller.width, caller.colour) end
  return value.show(result, caller.width)
end

local function show_json(caller, result)
  if view.is(result) then result = view.objects(result) end
  caller:print(mu.json.encode(value.plain(result)))
end

local function show(caller, result, json)
  if getmetatable(result) ~= several then
    if json then return show_json(caller, result) end
    local text = text_of(result, caller)
    if text ~= "" then caller:print(text) end
    return
  end
  for i = 1, result.n do
    if json then show_json(caller, result[i]) else caller:print(value.show(result[i], caller.width)) end
  end
end

-- Arguments ----------------------------------------------------------------------------------------------------------

-- The nearest of what Tab would offer for the word's beginning, else of what it offers for nothing.
local function did_you_mean(parameter)
  if not parameter.complete then return "" end
  for letters = 2, 0, -1 do
    local beginning = parameter.value:match("^" .. LETTER:rep(letters)) or ""
    local good, known = mu.console.try(parameter.complete, beginning)
    local near = good and type(known) == "table" and mu.console.nearest(parameter.value, known)
    if near then return ("; did you mean '%s'?"):format(near) end
  end
  return ""
end

-- What a word stands for, or nil and a sentence.
local function find(parameter)
  if not parameter.find then return parameter.value end
  local found, reason = parameter.find(parameter.value)
  if found ~= nil then return found end
  reason = reason or ("there is no %s '%s'%s"):format(parameter.word:gsub("_", " "), parameter.value,
                                                      did_you_mean(parameter))
  return nil, reason
end

local function arguments_of(call)
  local arguments, options = { n = #call.params + 1 }, {}
  for i, parameter in ipairs(call.params) do
    local found, reason = find(parameter)
    if reason then return nil, reason end
    arguments[i], parameter.found = found, found
  end
  for _, option in ipairs(call.options) do
    local found, reason = find(option)
    if reason then return nil, reason end
    options[option.name] = found
  end
  arguments[arguments.n] = options
  return arguments
end

-- One command --------------------------------------------------------------------------------------------------------

-- Whom the words of a line mean, where they do not say it: an account's name behind its id.
local function meant(call)
  local names = {}
  for _, parameter in ipairs(call.params) do
    local name = type(parameter.found) == "table" and rawget(parameter.found, "name")
    if type(name) == "string" and name ~= parameter.value then names[#names + 1] = name end
  end
  return #names > 0 and (" [%s]"):format(table.concat(names, ", ")) or ""
end

local function record(caller, call, outcome)
  if not call.changes then return end
  local detail = call.line:sub(1 + #call.command):match "^%s*(.-)%s*$" .. meant(call)
  if outcome then detail = ("%s%s(%s)"):format(detail, detail ~= "" and " " or "", outcome) end
  if not call.audit then return mu.log.info("audit: %s: %s %s", caller.name, call.command, detail) end
  local good, reason = mu.console.try(call.audit, caller.name, call.command, detail)
  if not good then mu.log.error("console: the audit log could not be told of '%s': %s", call.line, tostring(reason)) end
end

local function perform(caller, call)
  local arguments, reason = arguments_of(call)
  if not arguments then return nil, reason end
  return call.handle(caller, table.unpack(arguments, 1, arguments.n))
end

-- A traceback without the console's own part at its end.
local function shortened(trace)
  local own = trace:find("\n[^\n]*%[C%]: in field 'try'") or trace:find "\n[^\n]*scripts/console/run%.lua"
  return (own and trace:sub(1, own - 1) or trace):gsub("\n[^\n]*scripts/console/lua%.lua[^\n]*$", "")
end

local function failed(caller, call, reason, trace)
  if type(reason) ~= "string" then reason = value.show(reason) end
  if trace then trace = shortened(trace) end
  record(caller, call, "failed: " .. reason:match "[^\n]*")
  if trace then mu.log.error("console: '%s' of %s failed: %s%s", call.line, caller.name, reason, trace) end
  caller:error(trace and reason .. trace or reason)
  return FAILED
end

-- Runs `call` for `caller`; returns the exit code.
function run.command(caller, call)
  if call.help then
    caller:print(require("console.manual").command(call.command, caller.width))
    return FINE
  end
  local good, result, reason = mu.console.try(perform, caller, call)
  if not good then return failed(caller, call, result, reason) end
  if result == nil and reason ~= nil then return failed(caller, call, reason) end
  record(caller, call)
  show(caller, result, call.json)
  return FINE
end

-- Completion ---------------------------------------------------------------------------------------------------------

-- The names below what stands before the last dot.
local function lua_names(caller, prefix)
  local path, names = prefix:match "^(.*[.:])" or "", {}
  local own = caller:environment()
  local where = path == "" and { own, _G } or nil
  if not where then
    local thing = nil
    for name in path:gmatch "[%w_]+" do
      if thing == nil then thing = rawget(own, name) or rawget(_G, name) else thing = thing[name] end
    end
    where = { thing }
  end
  for _, thing in ipairs(where) do
    for name in pairs(thing) do
      if type(name) == "string" then names[#names + 1] = path .. name end
    end
  end
  table.sort(names)
  return names
end

-- What could follow `prefix`: as `complete` of a word says, names of all that is declared, or names of Lua.
function run.complete(caller, complete, prefix, topic)
  local good, found
  if topic then
    found = {}
    good = mu.console.try(things.add_names, found, prefix)
  else
    good, found = mu.console.try(complete or lua_names, complete and prefix or caller, prefix)
  end
  return good and found or {}
end

return run
