-- config.lua: the settings: every mistake is told with its place, what cannot change live says so, `config …` of the
-- console.
local play = require "plays.lib.play"

local function refused(server, config, sentences)
  server:write("data/config.lua", config)
  local taken, log = server:reload()
  play.equal(false, taken, "the reload")
  for _, sentence in ipairs(sentences) do play.equal(play.text(sentence), log, sentence) end
end

play.scene("each mistake in config.lua is told, with its line and what was probably meant", function()
  local server = play.server {}
  refused(server, [[
return {
  sever = { name = "x" },
  public_adress = "x",
  server = {
    nam = "x",
    compatibility = 8,
  },
  limits = { burst_ms = 2, http_head_seconds = 1.5 },
  log = { level = "loud" },
  accounts = { password_min = "4" },
  client = { job_throttle = { 1, 2 } },
  trusted_proxies = { "::1", 7 },
  listeners = {
    { name = "x", adress = "127.0.0.1", port = 70000 },
  },
  [1] = true,
}
]], {
    "data/config%.lua:2: sever: there is no such setting; did you mean 'server'%?",
    "data/config%.lua:3: public_adress: there is no such setting; did you mean 'public_address'%?",
    "data/config%.lua:5: server%.nam: there is no such setting; did you mean 'server%.name'%?",
    "data/config%.lua:6: server%.compatibility: must be a string, got number",
    "data/config%.lua:8: limits%.burst_ms: must be at least 5",
    "data/config%.lua:8: limits%.http_head_seconds: must be an integer, got number",
    "data/config%.lua:9: log%.level: must be one of: debug, info, warn, error",
    "data/config%.lua:10: accounts%.password_min: must be an integer, got string",
    "data/config%.lua:11: client%.job_throttle: must have a length of at least 3",
    "data/config%.lua:12: trusted_proxies%[2%]: must be a string, got a number",
    "data/config%.lua:13: listeners%[1%]%.adress: there is no such setting; did you mean 'address'%?",
    "data/config%.lua:13: listeners%[1%]%.port: must be at most 65535",
    "config: has a value without a name",
  })
  refused(server, "return {\n  server = ,\n}", { "data/config%.lua:2: unexpected symbol" })
  refused(server, "return 7", { "data/config%.lua: must return a table" })
  refused(server, "return { x = nothing.there }", { "data/config%.lua:1: attempt to index a nil value" })
  server:write("data/config.lua", "return { server = { name = 'Citadel' } }")
  play.equal(true, (server:reload()), "the reload of what is in order")
end)

play.scene("each mistake in a declaration is told", function()
  local server = play.server {}
  server:write("data/scripts/settings.lua", mu.test.read "scripts/settings.lua" .. [[
mu.settings { ["a.one"] = { type = "integer", defualt = 1 }, ["a.two"] = { type = "integr" }, ["a.three"] = 7,
  ["a.four"] = { type = "integer", default = "4" }, ["limits.burst_ms"] = { type = "integer" }, ["a b"] = {} }
]])
  local taken, log = server:reload()
  play.equal(false, taken, "the reload")
  for _, sentence in ipairs {
    "'a%.one' has no 'defualt'; did you mean 'default'", "'a%.two' needs a type", "'a%.three' must be a table",
    "the default of 'a%.four' is no integer", "'limits%.burst_ms' is declared twice", "a key must be a path",
  } do
    play.equal(play.text("settings%.lua:%d+: mu%.settings: " .. sentence), log, sentence)
  end
end)

local SHOWS = [[
mu.http.get("/colour", { handle = function() return { text = mu.config.door.colour } end })
return { started = function() end }
]]

local function with_colour(default)
  return mu.test.read "scripts/settings.lua" .. ([[
mu.settings { ["door.colour"] = { type = "string", default = %q, live = false, text = "The colour of the doors." } }
]]):format(default)
end

play.scene("what cannot change while the server runs keeps its value until the next start", function()
  local server = play.server { files = {
    ["scripts/settings.lua"] = with_colour "red", ["scripts/services/welcome.lua"] = SHOWS,
  } }
  local function colour()
    return mu.http_client.get(("http://127.0.0.1:%d/colour"):format(server:port "http")).body
  end
  play.equal("red", colour())
  server:write("data/config.lua", "return { door = { colour = 'blue' } }")
  local mark = server:mark()
  play.equal(true, (server:reload()), "the reload")
  server:wait_log("door.colour changes at the next start; until then it is \"red\"", mark)
  play.equal("red", colour())
  play.equal(play.text "\nat the next start: door%.colour", server:ctl("reload").out, "what reload says")
  play.equal(play.text "at the next start: door%.colour", server:ctl("config diff").out, "what config diff says")
  server:stop()
  server:restart()
  play.equal("blue", colour())
end)

local function says(server, line, expected, code)
  local got = server:ctl(line)
  local text = (got.out or "") .. (got.err or "")
  play.equal(code or 0, got.code, line .. ": " .. text)
  for _, part in ipairs(expected) do play.equal(play.text(part), text, line) end
end

play.scene("config show, diff, check, set and unset", function()
  local server = play.server {}
  says(server, "config show server.name", { "The name players see", "Mu Relay", "by default", "at a reload" })
  says(server, "config show limits", { "limits%.burst_ms +1000 +by default", "limits%.memory_mib" })
  says(server, "config show sever.name", { "there is no such setting; did you mean 'server%.name'" }, 1)
  says(server, "config set limits.burst_ms soon", { "'soon' is not a value" }, 1)
  says(server, "config set limits.burst_ms {}", { "limits%.burst_ms: must be an integer, got table" }, 1)
  says(server, "config set limits.burst_ms 1", { "limits%.burst_ms: must be at least 5" }, 1)
  says(server, "config set limits.burst_ms {", { "'{' is not a value" }, 1)
  says(server, "config unset server.name", { "was not set by `config set`" }, 1)

  says(server, "config set limits.burst_ms 1500", { "limits%.burst_ms is 1500 %(config%.set%.lua%)" })
  says(server, "config set server.name The Citadel's \"own\"", { "server%.name is" })
  says(server, "config set client.job_throttle { 1, 2, 3 }", { "client%.job_throttle is { 1, 2, 3 }" })
  says(server, "config diff",
       { "limits%.burst_ms +1500 +1000 +data/config%.set%.lua:%d", "The Citadel's", "{ 1, 2, 3 }" })
  says(server, "> mu.config.limits.burst_ms", { "1500" })
  says(server, "config unset limits.burst_ms", { "as config%.lua or the default says" })
  says(server, "> mu.config.limits.burst_ms", { "1000" })
  says(server, "> mu.config.server.name", { "Citadel's \\\"own\\\"" })
  says(server, "audit", { "config set", "config unset" })

  server:write("data/config.lua", "return { api = { access_tokens = { hunter22hunter22hunter22hunter22 = 1 } } }")
  says(server, "reload", { "running" })
  for _, line in ipairs { "config show api", "config diff", "config show api.access_tokens" } do
    says(server, line, { "%(secret%)" })
    play.equal(nil, server:ctl(line).out:find "hunter22", line)
  end
  says(server, "config set api.access_tokens {}", { "write it into config%.lua" }, 1)

  server:write("data/config.lua", "return { server = { name = 7 } }")
  says(server, "config check", { "data/config%.lua:1: server%.name: must be a string" }, 1)
  says(server, "config set log.level warn", { "data/config%.lua:1: server%.name: must be a string" }, 1)
  server:write("data/config.lua", "return {}")
  says(server, "config check", { "fine" })
  says(server, "config show log.level", { "by default" })         -- what was refused has not stayed in the file
  server:stop()
  server:restart()
  says(server, "> mu.config.server.name", { "Citadel's \\\"own\\\"" })
end)
