-- mods.lua: mods change what the scripts do, in the order of the config, and leave nothing behind.
local play = require "plays.lib.play"

local LOUD = [[
return mu.mod {
  name = %q, version = %q, text = "marks the answer to a ping", requires = { %s },
  setup = function(mod)
    mod.override("util.ping", function(super, session, request)
      local answer = super(session, request)
      local before = answer.server_time > 1e6 and 0 or answer.server_time   -- the time itself counts as nothing
      answer.server_time = before * 10 + %d
      return answer
    end)
  end,
}
]]

-- A mod that appends a digit to what a ping is answered.
local function digit(name, number, version, requires)
  return LOUD:format(name, version or "1.0", requires or '"server 0.1"', number)
end

local function files(list)
  local all = {}
  for name, text in pairs(list) do all["scripts/mods/" .. name .. "/mod.lua"] = text end
  return all
end

local function config(text)
  return "return { mods = { " .. text .. " } }"
end

local function ping(client)
  return client:asks("Util.ping").server_time
end

local function switch(server, text, faults)
  server:write("data/config.lua", config(text))
  local taken, log = server:reload()
  play.equal(faults == nil, taken, "the reload with " .. text)
  for _, fault in ipairs(faults or {}) do play.equal(play.text(fault), log, "the log") end
end

play.scene("overrides are called in the order of the config, the last one first", function()
  local server = play.server {
    files = files { one = digit("one", 1), two = digit("two", 2), three = digit("three", 3) },
  }
  local alice  = play.client(server, "Alice", { via = "blaze" })
  play.equal(play.where(function(time) return time > 1e6 end), ping(alice), "no mod is on")
  switch(server, '"one"')
  play.equal(1, ping(alice), "one")
  switch(server, '"one", "two", "three"')
  play.equal(123, ping(alice), "one is asked by two, two by three")
  switch(server, '"three", "one"')
  play.equal(31, ping(alice), "another order")
  switch(server, "")
  play.equal(play.where(function(time) return time > 1e6 end), ping(alice), "all are off again")
end)

play.scene("everything that is wrong with mods is said at once, with the mod's name", function()
  local server = play.server { files = files {
    nothing  = 'return mu.mod { name = "nothing", version = "1", text = "", setup = function(mod)\n'
      .. 'mod.override("util.pnig", function() end) end }',
    syntax   = "return mu.mod {",
    other    = 'return mu.mod { name = "another", version = "1", text = "", setup = function() end }',
    keys     = 'return mu.mod { name = "keys", version = "1", test = "", setup = function() end }',
    needs    = digit("needs", 1, "1.0", '"one 1.10"'),
    alone    = digit("alone", 1, "1.0", '"absent"'),
    future   = digit("future", 1, "1.0", '"server 99.1"'),
    one      = digit("one", 1, "1.9.9"),
    endpoint = 'return mu.mod { name = "endpoint", version = "1", text = "", setup = function(mod)\n'
      .. 'mod.override("GET /api/serve", function() end) end }',
    returns  = "return 7",
    hollow   = 'local m = mu.mod { name = "hollow", version = "1", text = "", setup = function() end }\n'
      .. "m.name = nil  return m",
  } }
  local alice = play.client(server, "Alice", { via = "blaze" })
  server:write("data/config.lua", [[
return {
  mods = { "nothing", "syntax", "other", "keys", "one", "needs", "alone", "future", "endpoint", "returns", "on",
           "one", "hollow" },
}
]])
  local taken, log = server:reload()
  play.equal(false, taken, "the reload")
  for _, fault in ipairs {
    'mods/nothing/mod%.lua:2: mod nothing: there is no "util%.pnig" to override; did you mean \'util%.ping\'%?',
    "mods/syntax/mod%.lua:1: unexpected symbol", "mod other: its folder is other, its name is another",
    "mods/keys/mod%.lua:1: mu%.mod: it has no field 'test'; did you mean 'text'%?",
    "mod needs: it requires one 1%.10, and this is 1%.9%.9",
    "mod alone: it requires the mod absent, which is not there",
    "mod future: it requires server 99%.1", "did you mean 'GET /api/server'",
    "mod returns: mod%.lua must return mu%.mod", "its folder is hollow, its name is missing",
    "config%.lua:2: mods: there is no mod 'on'", "config%.lua:%d: mods: 'one' is listed twice",
  } do play.equal(play.text(fault), log, "the log") end
  ping(alice)
  switch(server, '"needs", "one"', { "it requires the mod one: put that before it" })
end)

play.scene("a mod adds commands, endpoints, events, settings and checks, and reaches functions of files", function()
  local server = play.server { files = {
    ["scripts/mods/rich/settings.lua"] = 'mu.settings { ["mods.rich.word"] = { type = "string", default = "none" } }',
    ["scripts/mods/rich/texts.lua"] = 'return { hello = "hello" }',
    ["scripts/mods/rich/mod.lua"] = [[
local texts = require "mods.rich.texts"
return mu.mod {
  name = "rich", version = "2.1", text = "adds things",
  setup = function(mod)
    local t       = mu.tdf
    local groups  = mu.component "Playgroups"
    local greeted = mu.event "greeted" { params = "word: string", text = "somebody was greeted" }
    groups.createPlaygroup {
      response = t.struct { text = t.string "TEXT" },
      handle   = function() greeted(mod.config.word) return { text = texts.hello } end,
    }
    mu.on("greeted", function(word) mu.log.info("greeted with %s", word) end)
    mu.http.get("/rich", { handle = function() return { text = mod.config.word } end })
    mod.override("GET /api/server", function(super, request)
      local answer = super(request)
      answer.json.server.name = "Rich"
      return answer
    end)
    mod.override("services.menu.lines", function(super, session) return { "of the mod" } end)
    mu.check("the word of rich", function() assert(mod.config.word ~= "forbidden", "that word is forbidden") end)
    mu.http.get("/rich/mods", { handle = function() return { json = mu.mods() } end })
    mu.section "rich" { text = "what the mod adds" }
    mu.command "rich say" { text = "says its word", handle = function() return mod.config.word end }
    mod.override("console mods list", function(super, caller) return super(caller) end)
    mu.http.get("/rich/commands", { handle = function() return { json = mu.console.commands() } end })
  end,
}
]] } }
  local base = "http://127.0.0.1:" .. server:port "http"
  local function get(path) return mu.http_client.get(base .. path).body end
  switch(server, '"rich", rich = { word = "xyz" }')
  play.equal("xyz", get "/rich", "the endpoint")
  play.equal("Rich", mu.json.decode(get "/api/server").server.name, "the endpoint that is there already")
  local alice = play.client(server, "Alice", { via = "blaze" })
  alice:calls "Playgroups.createPlaygroup"
  play.equal("response", alice:next().kind, "the command")
  server:wait_log "greeted with xyz"
  local found = {}
  for _, mod in ipairs(mu.json.decode(get "/rich/mods")) do found[mod.name] = mod end
  local overrides = { "GET /api/server", "services.menu.lines", "console mods list" }
  play.equal({ enabled = true, version = "2.1", overrides = overrides }, found.rich, "rich")
  play.equal({ enabled = false }, found.weekend_banner, "one that is off")
  play.equal(play.text '"rich say"', get "/rich/commands", "the console command")
  switch(server, '"rich", rich = { word = "forbidden" }', { "check 'the word of rich' failed: .*forbidden" })
  switch(server, '"rich", rich = { wrd = "x" }',
    { "mods%.rich%.wrd: there is no such setting; did you mean 'mods%.rich%.word'" })
  switch(server, 'rich = { word = "off" }')      -- switched off, its settings stay
  play.equal(404, mu.http_client.get(base .. "/rich").status, "the endpoint, switched off")
end)
