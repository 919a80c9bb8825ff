-- metrics.lua: what scripts count stands on /metrics and outlives a reload.
local play = require "plays.lib.play"

local CONFIG = [[
return { listeners = {
  { name = "http",    address = "127.0.0.1", port = 0, protocols = { "http" } },
  { name = "metrics", address = "127.0.0.1", port = 0, metrics = true },
} }
]]

-- A script of the operator's that counts breakfasts, served at GET /serve/{dish}.
local COUNTS = [[
local served  = mu.metric "breakfasts_served" %s
local waiting = mu.metric "guests_waiting" { type = "gauge", text = "guests who wait" }
mu.http.get("/serve/{dish}", { handle = function(request)
  waiting:set(waiting:value() + 1)
  local ok, why = pcall(served.add, served, tonumber(request.query.n), { dish = request.params.dish })
  return { text = ok and tostring(served:value { dish = request.params.dish }) or why }
end })
return { started = function() end }
]]
local BY_DISH = COUNTS:format '{ type = "counter", labels = { "dish" }, text = "breakfasts" }'

local function get(server, door, path)
  return mu.http_client.get(("http://127.0.0.1:%d%s"):format(server:port(door), path)).body
end

local function shows(server, line, shown)
  local page = get(server, "metrics", "/metrics")
  play.equal(shown ~= false, page:find("\n" .. line .. "\n", 1, true) ~= nil, line)
end

local FILE = "data/scripts/services/welcome.lua"

play.scene("what a script counts stands on the page and outlives a reload", function()
  local server = play.server { config = CONFIG, files = { ["scripts/services/welcome.lua"] = BY_DISH } }
  shows(server, "# TYPE murelay_breakfasts_served counter")
  shows(server, "murelay_guests_waiting 0")
  play.equal("1", get(server, "http", "/serve/eggs"))
  play.equal("3", get(server, "http", "/serve/eggs?n=2"))
  play.equal(play.text "never goes down", get(server, "http", "/serve/eggs?n=-1"))
  play.equal("1.5", get(server, "http", "/serve/ham?n=1.5"))
  play.equal(true, (server:reload()), "the reload")
  shows(server, 'murelay_breakfasts_served_total{dish="eggs"} 3')
  shows(server, 'murelay_breakfasts_served_total{dish="ham"} 1.5')
  shows(server, "murelay_guests_waiting 4")
  play.equal("4", get(server, "http", "/serve/eggs"))

  server:write(FILE, COUNTS:format '{ type = "counter", labels = { "dish", "chef" }, text = "breakfasts" }')
  play.equal(true, (server:reload()), "the reload with another label")
  shows(server, 'murelay_breakfasts_served_total{dish="eggs"} 4', false)
  play.equal(play.text "needs the label 'chef'", get(server, "http", "/serve/eggs"))
  shows(server, "murelay_guests_waiting 6")
end)

play.scene("a faulty declaration is refused with its line", function()
  local server = play.server { config = CONFIG }
  local function refused(declaration, sentence)
    server:write(FILE, "\nlocal m = mu.metric " .. declaration .. "\nreturn { started = function() end }")
    local taken, log = server:reload()
    play.equal(false, taken, declaration)
    play.equal(play.text("services/welcome%.lua:2: .*" .. sentence), log, declaration)
  end
  local rest = ' { type = "counter", text = "x" }'
  refused('"reloads"' .. rest, "the server itself has a metric murelay_reloads")
  refused('"net_open"' .. rest, "the server itself has a metric")
  refused('"limits_refused"' .. rest, "is declared twice")
  refused('"x_total"' .. rest, "the ending _total")
  refused('"X"' .. rest, "a name has 1 to")
  refused('"x" { type = "counter" }', "text says in")
  refused('"x" { type = "rate", text = "x" }', "type must be")
  refused('"x" { type = "gauge", text = "x", label = {} }', "there is no key 'label'; did you mean 'labels'")
  refused('"x" { type = "gauge", text = "x", labels = { "le" } }', "a label has")
  refused('"x" { type = "gauge", text = "x", labels = { "a", "a" } }', "'a' twice")
  refused('"x" { type = "gauge", text = "x" } m:set(1)', "while scripts load")
end)
