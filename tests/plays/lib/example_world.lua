-- lib/example_world.lua: runs in the server: the world that the examples of scripts/API.md run in. They run in the
-- handler of a command of their own, Example.run, which the server asks itself for when GET /examples is asked.
-- `example_list` is written by plays/examples.lua.
local list = require "example_list"

local t = mu.tdf

mu.protocol {
  components = { Example = { id = 0x7E57, commands = { run = 1 }, notifications = { Told = 1, Seen = 2 } } },
}

local example = mu.component "Example"

local world = {
  pet     = mu.record "example_pet" {
    name = mu.string { key = true }, legs = mu.u8 { index = true }, owners = mu.list(mu.string, 4),
  },
  hello   = mu.timer "example.hello" { handle = function(owner, word) mu.log.info("hello, %s", word) end },
  served  = mu.metric "example_served" { type = "counter", labels = { "dish" }, text = "served, by dish" },
  waiting = mu.metric "example_waiting" { type = "gauge", text = "who wait" },
  rating  = mu.ranking "example_rating",
  Told    = example.notification "Told" { body = t.struct { text = t.string "TEXT" } },
}

local opened                                     -- the newest session
mu.on("session_opened", function(session) opened = session end)

-- What has to be waited for is there before the example begins, and closed after it.
local LATER = {
  session = function()
    local client = assert(mu.client.connect { port = mu.listener_port "game" })
    client:request "Util.ping"
    return opened, client
  end,
  client  = function() return assert(mu.client.connect { port = mu.listener_port "game" }) end,
  watcher = function() return mu.inspect.watch "errors" end,
}

-- An expression has to hold; statements must not fail.
local function run(entry, request, caller)
  local env, open = { request = request, caller = caller }, {}
  setmetatable(env, { __index = function(_, name)
    local mine = world[name]
    if mine == nil then return _G[name] end
    return mine
  end })
  for name, make in pairs(LATER) do
    if entry.text:find("%f[%w]" .. name .. "%f[%W]") then
      local thing, closes = make()
      env[name], open[#open + 1] = thing, closes or thing
    end
  end
  local chunk, why = load("return " .. entry.text, "=example", "t", env)
  if not chunk then chunk, why = load(entry.text, "=example", "t", env) end
  if not chunk then return why end
  local results = table.pack(pcall(chunk))
  for _, thing in ipairs(open) do thing:close() end
  if not results[1] then return tostring(results[2]) end
  if results.n > 1 and not results[2] then
    return ("does not hold: %s, %s"):format(results[2], results[3])
  end
end

-- All examples that are `for_callers` or not: how many there are, and what failed.
local function run_all(for_callers, request, caller)
  local count, failures = 0, {}
  for _, entry in ipairs(list) do
    if (entry.name:find "^caller:" ~= nil) == for_callers then
      local why = run(entry, request, caller)
      count = count + 1
      if why then failures[#failures + 1] = ("%s: %s: %s"):format(entry.name, entry.text, why) end
    end
  end
  return count, failures
end

world.route = example.run {
  request  = t.struct { name = t.string "NAME" },
  response = t.struct { answer = t.string "ANSW", failures = t.list("FAIL", t.string) },
  handle   = function(_, request)
    local count, failures = run_all(false, request)
    return { answer = tostring(count), failures = failures }
  end,
}

mu.http.get("/examples", { handle = function()
  local client = assert(mu.client.connect { port = mu.listener_port "game" })
  local answer = assert(client:request("Example.run", { name = "all" }))
  client:close()
  return { text = table.concat(answer.failures or {}, "\n") .. "\n" .. answer.answer }
end })

mu.section "examples" { text = "examples of what the caller of a command can do" }
mu.command "examples run" { text = "runs them", handle = function(caller)
  local count, failures = run_all(true, nil, caller)
  if #failures > 0 then return nil, table.concat(failures, "\n") end
  return ("%d examples"):format(count)
end }

return world
