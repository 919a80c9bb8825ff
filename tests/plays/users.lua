-- users.lua: looking people up, coming back after a lost connection, the network of a player.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

play.scene("looking people up, here or not", function()
  local server = play.server {}
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  alice:asks("UserSessions.lookupUser", { id = bob.id }, { flags = 2, user = { id = bob.id, name = bob.persona } })
  alice:asks("UserSessions.lookupUser", { name = bob.persona:upper() }, { flags = 2, user = { id = bob.id } })
  alice:asks("UserSessions.fetchExtendedData", { user_id = bob.id }, { data_map = { [0x70001] = 0 } })
  alice:is_refused("UserSessions.lookupUser", { id = 4711 }, "USER_ERR_USER_NOT_FOUND")
  alice:is_refused("UserSessions.lookupUser", { id = -1 }, "USER_ERR_USER_NOT_FOUND")
  alice:is_refused("UserSessions.lookupUser", {}, "USER_ERR_USER_NOT_FOUND")
  bob:asks("Authentication.logout", {})
  alice:asks("UserSessions.lookupUser", { id = bob.id }, { flags = 0, user = { id = bob.id, name = bob.persona } })
  alice:asks("UserSessions.lookupUsers", { kind = 0, users = { { id = alice.id }, { id = 4711 }, { id = bob.id } } },
    { users = { { flags = 2, user = { id = alice.id } }, { flags = 0, user = { id = bob.id } } } })
  alice:is_refused("UserSessions.fetchExtendedData", { user_id = bob.id }, "USER_ERR_USER_NOT_FOUND")
end)

play.scene("a lost connection is resumed by its key, or by the login token", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:comes_back()
  steps.hello(alice)
  for _ = 1, 2 do                                -- the key stays good
    alice:asks("UserSessions.resumeSession", { session_key = alice.key })
    steps.sees_itself(alice, alice.id)
    alice:asks("Util.userSettingsLoadAll", {})
    alice:comes_back()
    steps.hello(alice)
  end
  alice:asks("UserSessions.resumeSession", { session_key = alice.token })
  steps.sees_itself(alice, alice.id)
end)

play.scene("a key ends with its login", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:asks("Authentication.logout", {})
  alice:comes_back()
  alice:is_refused("UserSessions.resumeSession", { session_key = alice.key }, "USER_ERR_RESUMABLE_SESSION_NOT_FOUND")
  alice:is_refused("UserSessions.resumeSession", { session_key = "" }, "USER_ERR_RESUMABLE_SESSION_NOT_FOUND")
end)

local function network(external, internal)
  return {
    address   = { pair = { external = external, internal = internal } },
    latencies = { ["ea-sjc"] = 20, nowhere = 5 },
    qos       = { downstream_bits_per_second = 96000000, nat_type = 1, upstream_bits_per_second = 67200000 },
  }
end

play.scene("a player's address: his own word, else the one we see, else his router's", function()
  local server = play.server { set = { "public_address=198.51.100.7" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local function is_at(ip, port)
    alice:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
      user_id = alice.id,
      data = {
        address = { pair = { external = { ip = ip, port = port } } }, latencies = { 20 }, qos = { nat_type = 1 },
      },
    })
  end
  local inside = { ip = 0xC0A80105, port = 3659 }
  alice:asks("UserSessions.updateNetworkInfo", network({ ip = 0xCB007107, port = 4000 }, inside))
  is_at(0xCB007107, 4000)
  alice:asks("UserSessions.updateNetworkInfo", network({ ip = 0, port = 0 }, inside))
  is_at(0xC6336407, 3659)
  alice:asks("Util.setClientMetrics", { status = 2, flags = 0, router_address = 0xCB007108 })
  is_at(0xCB007108, 3659)
  alice:asks("Util.setClientMetrics", { status = 2, flags = 2, router_address = 0xCB007109 })
  alice:asks("Util.setClientMetrics", { status = 1, flags = 0, router_address = 0xCB007109 })
  alice:receives_nothing()
end)

play.scene("what nobody is logged in for is refused, and the unknown is answered", function()
  local alice = play.client(play.server {}, "Alice")
  for _, name in ipairs { "Util.postAuth", "Authentication.getAuthToken", "Authentication.listUserEntitlements2",
                          "UserSessions.updateNetworkInfo", "UserSessions.updateHardwareFlags",
                          "UserSessions.lookupUser", "Messaging.fetchMessages" } do
    alice:is_refused(name, {}, "ERR_AUTHENTICATION_REQUIRED")
  end
  for _, name in ipairs { "Clubs.createClub", "Stats.getStats" } do
    alice:calls(name)
    alice:receives { kind = "response", name = name, bytes = "" }
  end
end)

play.scene("a silent connection is closed, a suspended one is waited for", function()
  local server = play.server { set = { "limits.silence_seconds=20" } }
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  bob:is_refused("Util.suspendUserPing", { microseconds = 90000000 }, "UTIL_PING_SUSPENDED")
  server:passes(21)
  alice:is_disconnected()
  bob:asks("Util.ping")
end)
