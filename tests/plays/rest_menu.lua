-- rest_menu.lua: the REST API around the menu: what everybody may see, the shop, messages and mail, the dashboard's own
-- pages.
local api   = require "plays.lib.api"
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local ROOT, start, asker = api.ROOT, api.server, api.asker
local ok, refused        = api.ok, api.refused

play.scene("what is for everybody, and what other pages may ask", function()
  local server  = start()
  local anybody = asker(server)
  play.equal(false, ok(anybody, "GET", "/api/server/dashboard").disable_registration, "dashboard")
  refused(anybody, 403, "Missing required access", "GET", "/api/games")
  local games = ok(asker(server, ROOT), "GET", "/api/games")
  play.equal({ 0, 0, false }, { #games.games, games.total_items, games.more }, "games")
  refused(asker(server, ROOT), 404, "Game not found", "GET", "/api/games/7")
  refused(anybody, 401, "Missing token", "GET", "/api/server/log")
  local log = ok(asker(server, ROOT), "GET", "/api/server/log")
  play.equal(true, log:find("is ready: generation 1", 1, true) ~= nil, "log")
  ok(asker(server, ROOT), "DELETE", "/api/server/log", nil, "")
  log = ok(asker(server, ROOT), "GET", "/api/server/log")
  play.equal({ nil, true }, { log:find("is ready", 1, true), log:find("api empties the log", 1, true) ~= nil }, "log")
  local described = ok(anybody, "GET", "/api/openapi.json")
  play.equal("admin", described.paths["/api/players/{id}/data/{key}"].put["x-role"], "openapi")
  play.equal({ "email", "password" }, described.paths["/api/auth/login"].post.requestBody.content["application/json"]
    .schema.required, "openapi")
  local status, _, headers = anybody("OPTIONS", "/api/players/self")
  play.equal({ 204, "*" }, { status, headers["access-control-allow-headers"] }, "preflight")
  _, _, headers = anybody("GET", "/api/players/self")
  play.equal("*", headers["access-control-allow-origin"], "CORS on errors")
  for _, method in ipairs { "GET", "POST", "PUT", "DELETE", "PATCH" } do
    status, _, headers = anybody(method, "/api/nothing")
    play.equal({ 404, "*" }, { status, headers["access-control-allow-origin"] }, method .. " of an unknown path")
  end
  status, _, headers = anybody("GET", "/api/server")
  play.equal({ 200, "*" }, { status, headers["access-control-allow-origin"] }, "a dashboard from elsewhere")
  for _, path in ipairs { "/api/server", "/api/server/telemetry", "/api/auth/login", "/api/nothing" } do
    play.equal(204, (anybody("OPTIONS", path)), "preflight of " .. path)
  end

  -- A page with a token that is good no longer can still see what is for everybody, and log in.
  local late = asker(server, "nonsense")
  ok(late, "GET", "/api/server/dashboard")
  ok(late, "GET", "/api/leaderboard/n7")
  refused(late, 401, "Provided credentials are not valid", "POST", "/api/auth/login",
    { email = "nobody@example.org", password = "wrong one" })
  refused(late, 401, "Invalid token", "GET", "/api/games")
end)

play.scene("packs of the shop; an endpoint for a role that does not exist", function()
  local server = start()
  local root   = asker(server, ROOT)
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  refused(asker(server, alice.token), 403, "Missing required role", "GET", "/api/packs")
  local function sells(name)
    return alice:asks("Util.fetchClientConfig", { id = "ME3_DIME" }).config.Config:find(name, 1, true) ~= nil
  end
  local pack = { id = 4711, name = "Friday pack", offer = "OFFER:4711", tag = "FRIDAY" }
  local before = #ok(root, "GET", "/api/packs")
  ok(root, "POST", "/api/packs", pack, { id = 4711 })
  play.equal({ true, before + 1 }, { sells "Friday pack", #ok(root, "GET", "/api/packs") }, "added")
  play.equal(422, (root("POST", "/api/packs", pack)), "there already")
  play.equal(422, (root("POST", "/api/packs", { id = 4712, name = "x" })), "half a pack")
  pack.id, pack.name, pack.levels = nil, "Saturday pack", { 100, false }
  ok(root, "PUT", "/api/packs/4711", pack, "")
  play.equal({ false, false }, { sells "Friday pack", sells "Saturday pack" }, "not for her")
  local seen = ok(root, "GET", "/api/packs?player=" .. alice.id)
  play.equal({ "Saturday pack", "for other levels" }, { seen[#seen].fields.name, seen[#seen].hidden }, "preview")
  local in_file = ok(root, "GET", "/api/packs")[1]
  local status, text = root("DELETE", "/api/packs/" .. in_file.fields.id)
  play.equal({ 422, true }, { status, text:find("scripts/configs/me3_dime.lua:%d+") ~= nil }, text)
  ok(root, "DELETE", "/api/packs/4711", nil, "")
  play.equal(404, (root("DELETE", "/api/packs/4711")), "gone")

  server:write("data/scripts/configs/menu.lua", [[
    require("http.api.api").get("/api/own", { text = "Mine.", role = "king", handle = function() end })
    return {}]])
  local done, why = server:reload()
  local sentence = "menu.lua:1: GET /api/own: there is no role 'king': default, admin, super_admin"
  play.equal({ false, true }, { done, why:find(sentence, 1, true) ~= nil }, why)
end)

play.scene("a dashboard's build: its pages, its files, and nothing beside them", function()
  local server = play.server { files = {
    ["assets/dashboard/index.html"] = "<p>the page</p>", ["assets/dashboard/_app/immutable/a.js"] = "x",
  } }
  local function gets(path, status, body, cache)
    local reply = mu.http_client.get("http://127.0.0.1:" .. server:port "http" .. path)
    play.equal({ status, body }, { reply.status, reply.body }, path)
    if cache then play.equal(cache, reply.headers["cache-control"], path) end
  end
  for _, path in ipairs { "/", "/players/17/inventory", "/login" } do gets(path, 200, "<p>the page</p>", "no-cache") end
  gets("/_app/immutable/a.js", 200, "x", "public, max-age=31536000, immutable")
  gets("/_app/immutable/b.js", 404, "There is no such file")
  gets("/..%2f..%2fmu.db", 404, "There is no such file")
  gets("/../config.lua", 404, "There is no such file")
  gets("/api/nothing", 404, "There is no such endpoint")
end)

play.scene("messages of the main menu, and mail", function()
  local server = start()
  local root   = asker(server, ROOT)
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  refused(asker(server, alice.token), 403, "Missing required role", "GET", "/api/promos")
  local function said()
    local list = {}
    for name, value in pairs(alice:asks("Util.fetchClientConfig", { id = "ME3_MSG" }).config) do
      if name:find "_message$" then list[#list + 1] = value end
    end
    return table.concat(list, " ")
  end
  local id = ok(root, "POST", "/api/promos", { type = "news", text = { en = "Double credits on Friday" } }).id
  play.equal(true, said():find("Double credits on Friday", 1, true) ~= nil, "shown")
  ok(root, "PUT", "/api/promos/" .. id, { type = "news", text = { en = "Triple credits on Friday" } }, "")
  play.equal(true, said():find("Triple credits on Friday", 1, true) ~= nil, "shown")
  local status, text = root("PUT", "/api/promos/f1", { type = "news", text = { en = "x" } })
  play.equal({ 422, true }, { status, text:find("scripts/configs/me3_msg.lua:%d+") ~= nil }, text)
  play.equal(422, (root("POST", "/api/promos", { type = "news", txt = "x" })), "an unknown field")
  play.equal(2, #ok(root, "GET", "/api/promos?player=" .. alice.id), "list")
  ok(root, "DELETE", "/api/promos/" .. id, nil, "")
  play.equal(404, (root("DELETE", "/api/promos/" .. id)), "gone")
  play.equal(nil, said():find("credits", 1, true), "not shown")
  ok(root, "POST", "/api/mail", { player_id = alice.id, text = "Hello {name} of {server}" }, { reached = 1 })
  alice:is_notified("Messaging.NotifyMessage", { text = "Hello " .. alice.persona .. " of Mu Relay\n" })
  refused(root, 404, "Unable to find requested player", "POST", "/api/mail", { player_id = 4711, text = "x" })
end)
