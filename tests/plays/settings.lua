-- settings.lua: what a game saves is there again, whatever happens to the server.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local CLASS = "20;4;Adept;20;10500000.0000;10"
local BASE  = "20;4;21474836;-1;0;0;0;50;180000;0;" .. ("fffffff"):rep(60)

local function is_stored(client, expected)
  client:asks("Util.userSettingsLoadAll", {}, { settings = play.exactly(expected) })
end

local function save(client, key, value, user_id)
  client:asks("Util.userSettingsSave", { key = key, value = value, user_id = user_id or 0 })
end

-- A save that changes his rating is told him a second later: so much passes here, so that it is not told later on.
local function is_rated(client, rating)
  client.server:passes(1)
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
    user_id = client.id, data = { data_map = { [0x70001] = rating } },
  })
end

play.scene("saved, reconnected, read back", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  is_stored(alice, {})
  save(alice, "class1", CLASS)
  is_rated(alice, 10 * 30)
  save(alice, "Base", "old")
  save(alice, "Base", BASE, alice.id)
  save(alice, "FaceCodes", "20;\xFF\xFE not UTF-8")
  alice:comes_back()
  alice.rating = play.any
  steps.silent_login(alice)
  is_stored(alice, { class1 = CLASS, Base = BASE, FaceCodes = "20;\xFF\xFE not UTF-8" })
  alice:asks("Util.userSettingsLoad", { key = "class1" }, play.exactly { key = "class1", value = CLASS })
  alice:asks("Util.deleteUserSettings", { key = "class1" })
  alice:is_refused("Util.userSettingsLoad", { key = "class1" }, "UTIL_USS_RECORD_NOT_FOUND")
  is_stored(alice, { Base = BASE, FaceCodes = "20;\xFF\xFE not UTF-8" })
end)

play.scene("killed with -9 right after the acknowledgement, started again, read back", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  for i = 1, 20 do alice:sends("Util.userSettingsSave", { key = "char" .. i, value = BASE }) end
  for _ = 1, 20 do alice:receives { kind = "response", name = "Util.userSettingsSave" } end
  play.kill(server)
  server:restart()
  alice:connects()
  alice.rating = play.any
  steps.silent_login(alice)
  local expected = {}
  for i = 1, 20 do expected["char" .. i] = BASE end
  is_stored(alice, expected)
end)

play.scene("nobody writes for somebody else", function()
  local server = play.server {}
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  local others = { key = "Base", value = "stolen", user_id = alice.id }
  bob:is_refused("Util.userSettingsSave", others, "ERR_AUTHORIZATION_REQUIRED")
  bob:is_refused("Util.userSettingsLoad", { key = "Base", user_id = alice.id }, "ERR_AUTHORIZATION_REQUIRED")
  bob:is_refused("Util.userSettingsLoadAll", { user_id = alice.id }, "ERR_AUTHORIZATION_REQUIRED")
  bob:is_refused("Util.deleteUserSettings", { key = "Base", user_id = alice.id }, "ERR_AUTHORIZATION_REQUIRED")
  is_stored(alice, {})
  local carol = play.client(server, "Carol")
  carol:is_refused("Util.userSettingsSave", { key = "Base", value = "x" }, "ERR_AUTHENTICATION_REQUIRED")
end)

play.scene("limits on what is kept", function()
  local server = play.server { set = { "limits.setting_keys=16" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local function refused(key, value, fault)
    alice:is_refused("Util.userSettingsSave", { key = key, value = value }, fault)
  end
  refused("Base", ("x"):rep(65537), "ERR_STRING_TOO_LONG")
  refused(("k"):rep(33), "x", "ERR_STRING_TOO_LONG")
  refused("", "x", "UTIL_USS_RECORD_NOT_FOUND")
  refused("no key; no", "x", "UTIL_USS_RECORD_NOT_FOUND")
  save(alice, "Base", ("x"):rep(65536))
  for i = 1, 15 do save(alice, "key" .. i, "1") end
  refused("key16", "1", "UTIL_USS_TOO_MANY_KEYS")
  save(alice, "key15", "2")                      -- an old key may always change
  for i = 1, 7 do save(alice, "key" .. i, ("x"):rep(65500)) end
  refused("key8", ("x"):rep(65536), "UTIL_USS_TOO_MANY_KEYS")
end)

play.scene("the N7 rating follows what was saved", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  save(alice, "class1", CLASS)
  is_rated(alice, 10 * 30)
  save(alice, "char0", "20;4;AdeptHumanMale;Shepard;0;45;0;47;45;9;9;0;0;0;0;0;;;7,136;;True;False")
  is_rated(alice, 10 * 30 + 20)
end)
