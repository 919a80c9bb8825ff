-- rest.lua: the REST API as the dashboard uses it: tokens, accounts, saved data, boards, games; and who may not.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local ROOT = "a-long-random-text-for-tests"

local function start()
  local server = play.server { files = { ["config.lua"] = ([[
    return { super_admin = "root@example.org", api = { access_tokens = { ["%s"] = 1 } } }]]):format(ROOT) } }
  server:wait_log("root@example.org is super admin now")
  return server
end

-- One who asks: api(method, path, body) → status, JSON or text, headers.
local function asker(server, token)
  return function(method, path, body)
    local headers = { ["x-token"] = token, ["content-type"] = body and "application/json" or nil }
    local reply = mu.http_client.request(method, "http://127.0.0.1:" .. server:port "http" .. path,
      body and (type(body) == "string" and body or mu.json.encode(body)) or nil, { headers = headers })
    local is_json = (reply.headers["content-type"] or ""):find("json", 1, true)
    return reply.status, is_json and mu.json.decode(reply.body) or reply.body, reply.headers
  end
end

local function ok(ask, method, path, body, wanted)
  local status, got = ask(method, path, body)
  play.equal(200, status, method .. " " .. path .. ": " .. tostring(got))
  if wanted ~= nil then play.equal(wanted, got, method .. " " .. path) end
  return got
end

local function refused(ask, status, text, method, path, body)
  local got_status, got = ask(method, path, body)
  play.equal({ status, text }, { got_status, got }, method .. " " .. path)
end

play.scene("tokens: made, wrong, and codes that the game shows", function()
  local server = start()
  local anybody = asker(server)
  refused(anybody, 401, "Missing token", "GET", "/api/players/self")
  refused(asker(server, "nonsense"), 401, "Invalid token", "GET", "/api/players/self")
  local token = ok(anybody, "POST", "/api/auth/create",
    { username = "Alice Shepard", email = "Alice@Example.org", password = "hunter22" }).token
  local alice = asker(server, token)
  local self = ok(alice, "GET", "/api/players/self")
  play.equal({ "alice@example.org", "Alice Shepard", "Default" }, { self.email, self.display_name, self.role }, "self")
  refused(anybody, 400, "Provided email is in use", "POST", "/api/auth/create",
    { username = "B", email = "alice@example.org", password = "hunter22" })
  refused(anybody, 400, "Provided username is invalid", "POST", "/api/auth/create",
    { username = "", email = "b@example.org", password = "hunter22" })
  refused(anybody, 401, "Provided credentials are not valid", "POST", "/api/auth/login",
    { email = "alice@example.org", password = "wrong one" })
  refused(anybody, 401, "Provided credentials are not valid", "POST", "/api/auth/login",
    { email = "nobody@example.org", password = "wrong one" })
  ok(anybody, "POST", "/api/auth/login", { email = "alice@example.org", password = "hunter22" })

  local nobody = "No game with this account is in its main menu: start the game, log in, then try again"
  refused(anybody, 400, nobody, "POST", "/api/auth/request-code", { email = "alice@example.org" })
  refused(anybody, 400, nobody, "POST", "/api/auth/request-code", { email = "nobody@example.org" })
  local game = play.client(server, "Alice")
  steps.log_in(game, "alice@example.org", "hunter22")
  ok(anybody, "POST", "/api/auth/request-code", { email = "alice@example.org" }, "")
  local shown = game:is_notified("Messaging.NotifyMessage", { text = play.text "%[SYSTEM_TERMINAL%]" })
  local code = shown.text:match "FFFF66'>(%w%w%w%w%w)<"
  refused(anybody, 400, "The provided login code was incorrect", "POST", "/api/auth/exchange-code",
    { login_code = "AAAAA" == code and "BBBBB" or "AAAAA" })
  local second = ok(anybody, "POST", "/api/auth/exchange-code", { login_code = code }).token
  play.equal(self.id, ok(asker(server, second), "GET", "/api/players/self").id, "the code's account")
  refused(anybody, 400, "The provided login code was incorrect", "POST", "/api/auth/exchange-code",
    { login_code = code })
end)

play.scene("accounts: one's own, those below, and nobody above", function()
  local server  = start()
  local anybody = asker(server)
  local function account(name)
    local token = ok(anybody, "POST", "/api/auth/create",
      { username = name, email = name .. "@example.org", password = "hunter22" }).token
    local ask = asker(server, token)
    return ask, ok(ask, "GET", "/api/players/self").id
  end
  local root = asker(server, ROOT)
  local alice, alice_id = account "alice"
  local bob, bob_id     = account "bob"
  local _, carol_id     = account "carol"
  play.equal("SuperAdmin", ok(root, "GET", "/api/players/self").role, "root")
  refused(alice, 403, "Missing required role", "GET", "/api/players")
  refused(alice, 403, "Missing required role", "PUT", "/api/players/1/role", { role = "Admin" })
  ok(root, "PUT", "/api/players/" .. alice_id .. "/role", { role = "Admin" }, "")
  local page = ok(alice, "GET", "/api/players?offset=1&count=2")
  play.equal({ 2, 4, 2, false }, { #page.players, page.total_items, page.total_pages, page.more }, "page")
  play.equal(carol_id, page.players[2].id, "the last")
  play.equal({ 1, 4 }, { #ok(alice, "GET", "/api/players?count=0").players,
                         #ok(alice, "GET", "/api/players?count=100000").players }, "a count is bounded")
  refused(alice, 400, "count must be a whole number", "GET", "/api/players?count=ten")
  refused(alice, 400, "offset goes from 0 to 4294967295", "GET", "/api/players?offset=-1")
  refused(alice, 400, "id must be a whole number", "GET", "/api/players/abc")
  refused(alice, 404, "Unable to find requested player", "GET", "/api/players/4711")
  refused(alice, 403, "Invalid permission", "PUT", "/api/players/1/password", { password = "hunter23" })
  refused(alice, 403, "Invalid permission", "DELETE", "/api/players/" .. alice_id)
  refused(root, 403, "Nobody changes his own role", "PUT", "/api/players/1/role", { role = "Default" })
  refused(root, 403, "Only the setting super_admin makes a super admin", "PUT", "/api/players/" .. bob_id .. "/role",
    { role = "SuperAdmin" })
  refused(root, 422, "role must be one of Default, Admin, SuperAdmin", "PUT", "/api/players/" .. bob_id .. "/role",
    { role = "King" })

  ok(alice, "PUT", "/api/players/" .. bob_id .. "/details", { username = "Robert", email = "robert@example.org" }, "")
  local robert = ok(alice, "GET", "/api/players/" .. bob_id)
  play.equal({ "Robert", "robert@example.org" }, { robert.display_name, robert.email }, "details")
  refused(alice, 400, "Email address already in use", "PUT", "/api/players/" .. bob_id .. "/details",
    { username = "Robert", email = "carol@example.org" })
  refused(bob, 401, "Invalid password", "PUT", "/api/players/self/password",
    { current_password = "wrong one", new_password = "hunter23" })
  refused(bob, 401, "Invalid password", "DELETE", "/api/players/self", { password = "wrong one" })
  ok(bob, "DELETE", "/api/players/self", { password = "hunter22" }, "")
  refused(bob, 401, "Invalid token", "GET", "/api/players/self")
  ok(alice, "DELETE", "/api/players/" .. carol_id, nil, "")
  refused(alice, 404, "Unable to find requested player", "GET", "/api/players/" .. carol_id)
end)

play.scene("saved data: read, written, repaired, and the game that is sent away", function()
  local server = start()
  local root   = asker(server, ROOT)
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local own  = asker(server, alice.token)
  local data = "/api/players/" .. alice.id .. "/data"
  local power = "Singularity 179 6.0000 1 0 2 0 3 0 4 True"
  local hero  = "20;4;AdeptHumanMale;Jane;0;45;0;47;45;9;9;0;0;0;0;0;%s;;7,136;136 36 37,7 33;True;True"
  alice:asks("Util.userSettingsSave", { key = "char0", value = hero:format(power), user_id = 0 })
  alice:asks("Util.userSettingsSave", { key = "class1", value = "20;4;Adept;20;0.0000;9", user_id = 0 })
  server:passes(1)                               -- then she is told of her rating
  alice:is_notified "UserSessions.UserSessionExtendedDataUpdate"
  local all = ok(own, "GET", data)
  play.equal({ "20;4;Adept;20;0.0000;9", "20;4;Vanguard;1;0.0000;0" }, { all.class1, all.class6 }, "classes")
  refused(own, 403, "Missing required role", "PUT", data .. "/class1", { value = "x" })
  refused(own, 403, "Invalid permission", "GET", "/api/players/1/data")
  ok(root, "PUT", data .. "/class1", { value = "20;4;Adept;20;0.0000;9" }, "")       -- the same: nothing happens
  alice:asks("Util.ping", {})
  -- As the dashboard's editor writes it: no wheel, and the wrong flag.
  ok(root, "PUT", data .. "/char0",
    { value = hero:format "Singularity 179 5.0000 1 0 2 0 3 0 False,Consumable_Ammo 86 1.0000 0 0 0 0 0 0 True" }, "")
  alice:is_disconnected()
  play.equal(hero:format "Singularity 179 5.0000 1 0 2 0 3 0 4 True,Consumable_Ammo 86 1.0000 0 0 0 0 0 0 0 False",
    ok(own, "GET", data .. "/char0").value, "repaired")
  ok(root, "PUT", data, { class1 = "20;4;Adept;20;0.0000;3", FaceCodes = "20;" }, "")
  refused(root, 400, "A key has letters, digits and underscores, at most 32", "PUT", data .. "/a%20b", { value = "x" })
  refused(root, 415, "Expected request with `Content-Type: application/json`", "PUT", data .. "/a")
  refused(root, 400, "The body is no JSON", "PUT", data .. "/a", "{")
  refused(root, 422, "value is missing", "PUT", data .. "/a", "{}")
  refused(root, 422, "value must be a text", "PUT", data .. "/a", "{\"value\":7}")
  ok(root, "DELETE", data .. "/FaceCodes", nil, {})
  refused(root, 404, "Unable to find data", "GET", data .. "/FaceCodes")
  server:passes(1)                               -- the boards count a second later
  play.waits_for("the rating", function()
    local _, place = root("GET", "/api/leaderboard/n7/" .. alice.id)
    return type(place) == "table" and place.value == 110
  end)
  ok(root, "GET", "/api/leaderboard/n7/" .. alice.id, nil,
    { player_id = alice.id, player_name = alice.persona, value = 110, rank = 1 })
  play.equal(1, ok(root, "GET", "/api/leaderboard/n7?offset=0&count=1").total, "board")
  refused(root, 404, "Player not found", "GET", "/api/leaderboard/cp/" .. alice.id)
  refused(root, 400, "There is no board of this name", "GET", "/api/leaderboard/xp")
  play.equal(5000, ok(root, "GET", "/api/players/" .. alice.id .. "/galaxy_at_war").group_e, "war")
end)

play.scene("many values at once are all kept, or none", function()
  local server = start()
  local root   = asker(server, ROOT)
  local token  = ok(asker(server), "POST", "/api/auth/create",
    { username = "Alice", email = "alice@example.org", password = "hunter22" }).token
  local own    = asker(server, token)
  local data   = "/api/players/" .. ok(own, "GET", "/api/players/self").id .. "/data"
  ok(root, "PUT", data, { Base = "a", class1 = "b" }, "")
  refused(root, 400, "a b: A key has letters, digits and underscores, at most 32", "PUT", data,
    { Base = "x", class1 = "y", ["a b"] = "z" })
  local many = {}
  for i = 1, 254 do many["char" .. i] = "x" end
  refused(root, 409, "This player has no room for more", "PUT", data, many)
  if mu.test.mode ~= "bytes" then                -- where half a megabyte takes its time
    local long = { Base = "x" }
    for i = 1, 9 do long["char" .. i] = ("x"):rep(65536) end
    refused(root, 409, "This player has no room for more", "PUT", data, long)
    long = { Base = ("x"):rep(65537), class1 = "y" }
    refused(root, 413, "Base: This value is too long to be kept", "PUT", data, long)
  end
  local kept = ok(root, "GET", data)
  play.equal({ "a", "b", nil }, { kept.Base, kept.class1, kept.char1 }, "nothing was changed")
  refused(root, 400, "Another account is called 'alice'", "PUT", "/api/players/self/details",
    { username = "alice", email = "other@example.org" })
  play.equal("root@example.org", ok(root, "GET", "/api/players/self").email, "nothing was changed")
end)

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

play.scene("right tokens are not counted, however many come at once; wrong ones are", function()
  local server = play.server { files = { ["config.lua"] = ([[
    return { super_admin = "root@example.org", api = { access_tokens = { ["%s"] = 1 } },
             limits = { address_login_failures = 3 } }]]):format(ROOT) } }
  server:wait_log("root@example.org is super admin now", 10)
  local root, right = asker(server, ROOT), 0
  local running = 20
  for _ = 1, running do
    mu.spawn(function()
      if root("GET", "/api/players/self") == 200 then right = right + 1 end
      running = running - 1
    end)
  end
  while running > 0 do mu.sleep(0.01) end
  play.equal(20, right, "twenty at once")
  local wrong, tries = asker(server, "nonsense"), 0
  local status, said
  repeat                                         -- one of them comes back every 20 seconds: however long it takes
    status, said = wrong("GET", "/api/players/self")
    tries = tries + 1
  until status ~= 401 or tries == 50
  play.equal({ 429, "Too many wrong tokens, try again in a minute", true }, { status, said, tries >= 4 }, "wrong ones")
  ok(root, "GET", "/api/players/self")
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

play.scene("what holds at once: boards without who has gone, passwords, the super admin's address", function()
  local server = start()
  local root   = asker(server, ROOT)
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  for client, promotions in pairs { [alice] = 9, [bob] = 5 } do
    steps.create_account(client, client.name:lower() .. "@example.org", "hunter22")
    client:asks("Util.userSettingsSave",
      { key = "class1", value = "20;4;Adept;20;0.0000;" .. promotions, user_id = 0 })
    client:leaves()                              -- before the boards have counted
  end
  local function place_of(client, wanted)
    server:passes(1)
    play.waits_for(client.name .. "'s place", function()
      local status, entry = root("GET", "/api/leaderboard/n7/" .. client.id)
      local got = status == 200 and { entry.value, entry.rank } or status
      return mu.json.encode { got } == mu.json.encode { wanted }
    end)
  end
  place_of(alice, { 270, 1 })
  place_of(bob, { 150, 2 })
  ok(root, "DELETE", "/api/players/" .. alice.id, nil, "")
  place_of(bob, { 150, 1 })
  play.equal(1, ok(root, "GET", "/api/leaderboard/n7").total, "places")
  ok(root, "DELETE", "/api/players/" .. bob.id .. "/data/class1", nil, {})
  place_of(bob, 404)

  bob:connects()
  steps.log_in(bob, "bob@example.org", "hunter22")
  local own = asker(server, ok(asker(server), "POST", "/api/auth/login",
    { email = "bob@example.org", password = "hunter22" }).token)
  ok(root, "PUT", "/api/players/self/details", { username = "Root", email = "elsewhere@example.org" }, "")
  refused(own, 400, "Email address already in use", "PUT", "/api/players/self/details",
    { username = "Bob", email = "root@example.org" })
  ok(root, "PUT", "/api/players/" .. bob.id .. "/password", { password = "hunter23" }, "")
  bob:is_disconnected()
  refused(own, 401, "Invalid token", "GET", "/api/players/self")
end)
