-- tools/docs/chapters.lua: the chapters of scripts/API.md on what scripts declare, in order.
local lists = require "tools.docs.lists"

local function cell(text)
  return (tostring(text):gsub("|", "\\|"):gsub("\n", " "))
end

local function row(...)
  local cells = {}
  for i = 1, select("#", ...) do cells[i] = cell((select(i, ...))) end
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function heading(out, title, text, ...)
  out[#out + 1] = ("\n## %s\n\n%s"):format(title, text)
  if select("#", ...) == 0 then return end
  out[#out + 1] = "\n" .. row(...)
  out[#out + 1] = "|" .. ("---|"):rep(select("#", ...))
end

local function code(text)
  return text ~= "" and text ~= nil and "`" .. text .. "`" or ""
end

local function place(entry)
  return entry.file and entry.file:gsub("^scripts/", "") or ""
end

local function events(out)
  heading(out, "Events", "`mu.on(\"name\", function(…) … end)` hears of them; `mu.event` declares more.",
    "event", "arguments", "", "declared in")
  for _, event in ipairs(lists.of "events") do
    out[#out + 1] = row(code(event.name), code(event.params), event.text, place(event))
  end
end

local function guards(out)
  heading(out, "Guards", "A field of a route; the guard runs before the handler and may answer in its place. "
    .. "`mu.guard` declares more.", "guard", "declared in")
  for _, guard in ipairs(lists.of "guards") do out[#out + 1] = row(code(guard.name), place(guard)) end
end

local function field_of_record(field)
  local text = field.name .. ": " .. (field.list and field.of .. "[]" or
    field.map and ("map of %s by %s"):format(field.of, field.by) or field.ref and field.of or field.type)
  local flags = {}
  for _, flag in ipairs { "key", "index", "builtin" } do
    if field[flag] then flags[#flags + 1] = flag == "builtin" and "read-only" or flag end
  end
  return #flags > 0 and ("%s (%s)"):format(text, table.concat(flags, ", ")) or text
end

local function records(out)
  heading(out, "Records", "Live data that outlives a request and a reload.", "kind", "fields")
  for _, kind in ipairs(lists.of "records") do
    local fields = {}
    table.sort(kind.fields, function(a, b) return a.name < b.name end)
    for i, field in ipairs(kind.fields) do fields[i] = field_of_record(field) end
    out[#out + 1] = row(code(kind.name), table.concat(fields, "; "))
  end
end

local function routes(out)
  heading(out, "Routes", "Commands that scripts answer; the messages are below.",
    "command", "number", "request", "response", "error", "guards", "answered in")
  for _, route in ipairs(lists.of "routes") do
    out[#out + 1] = row(code(route.name), ("%d.%d"):format(route.component, route.command), code(route.request),
      code(route.response), code(route.error), table.concat(route.guards, ", "), place(route))
  end
  out[#out + 1] = "\n### Messages\n\nField: type (tag). A field that is empty may be left out."
  for _, struct in ipairs(lists.of "structs") do
    local fields = {}
    table.sort(struct.fields, function(a, b) return a.name < b.name end)
    for i, field in ipairs(struct.fields) do
      fields[i] = ("`%s`: %s (%s)"):format(field.name, field.type:gsub("schema%.", ""), field.tag)
    end
    out[#out + 1] = ("\n**%s** %s"):format(struct.name, table.concat(fields, ", "))
  end
end

local function notifications(out)
  heading(out, "Notifications", "Sent with `session:notify` and `mu.notify`.", "notification", "number", "body")
  for _, note in ipairs(lists.of "notifications") do
    out[#out + 1] = row(code(note.name), ("%d.%d"):format(note.component, note.id), code(note.body))
  end
end

local function endpoints(out)
  heading(out, "HTTP", "What listeners that speak http answer.", "endpoint", "longest body", "answered in")
  for _, endpoint in ipairs(lists.of "endpoints") do
    out[#out + 1] = row(code(endpoint.name), ("%d bytes"):format(endpoint.max_body), place(endpoint))
  end
end

local function parameters(command)
  local out = {}
  for _, param in ipairs(command.params) do
    out[#out + 1] = (param.optional and "[%s]" or "<%s>"):format(param.name)
  end
  for _, option in ipairs(command.options) do
    out[#out + 1] = option.type == "boolean" and ("[--%s]"):format(option.name)
      or ("[--%s %s]"):format(option.name, option.type)
  end
  return #out > 0 and " " .. table.concat(out, " ") or ""
end

local function console(out)
  heading(out, "Console", "`./mu console`, or one command with `murelay ctl`. Those that change something stand in the "
    .. "audit log.", "command", "", "example")
  local commands = mu.console.commands()
  table.sort(commands, function(a, b) return a.name < b.name end)
  for _, command in ipairs(commands) do
    out[#out + 1] = row(code(command.name .. parameters(command)),
      command.text .. (command.changes and " (changes)" or ""), code(command.example))
  end
end

-- A value as config.lua would have it, in one line; what is long is cut.
local function literal(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local out = {}
  for _, item in ipairs(value) do out[#out + 1] = literal(item) end
  for _, key in ipairs(lists.sorted_keys(value)) do
    if type(key) == "string" then out[#out + 1] = ("[%q] = %s"):format(key, literal(value[key])) end
  end
  return #out > 0 and "{ " .. table.concat(out, ", ") .. " }" or "{}"
end

local function range(setting)
  local sized = setting.type == "string" and " bytes" or setting.type == "list" and " entries" or ""
  if setting.values then return table.concat(setting.values, ", ") end
  if setting.min and setting.max then return ("%s to %s%s"):format(setting.min, setting.max, sized) end
  return setting.max and ("at most %s%s"):format(setting.max, sized) or ""
end

local function settings(out)
  heading(out, "Settings", "Keys of `config.lua`. A reload takes them over, but for those that say "
    .. "*at the next start*.",
    "key", "type", "by default", "range", "")
  for _, setting in ipairs(lists.of("settings", "path")) do
    local default = setting.default ~= nil and literal(setting.default) or ""
    out[#out + 1] = row(code(setting.path), setting.type, code(default), range(setting),
      (setting.text or "") .. (setting.live and "" or " *At the next start.*"))
  end
end

local function metrics(out)
  heading(out, "Metrics", "On listeners with `metrics = true`. `mu.metric` declares more; a counter's samples end in "
    .. "`_total`.", "name", "type", "labels", "")
  for _, metric in ipairs(lists.of "metrics") do
    out[#out + 1] = row(code(metric.name), metric.type, metric.labels, metric.text)
  end
end

return { events, guards, records, routes, notifications, endpoints, console, settings, metrics }
