-- rest.lua: the REST API as the dashboard uses it: tokens, accounts, saved data; and who may not.
local api   = require "plays.lib.api"
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local ROOT, start, asker = api.ROOT, api.server, api.asker
local ok, refused        = api.ok, api.refused

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

play.scene("right tokens are not counted, however many come at once; wrong ones are", function()
  local server = start "limits = { address_login_failures = 3 }"
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
