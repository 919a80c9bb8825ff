-- reload.lua: scripts change under a connection that stays open.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local function promo(title)
  return ([[
local promo = require "configs.promo"
return promo.messages { { type = "news", title = %q, text = "text", tracking_id = 7, until_date = "2099-12-31" } }
]]):format(title)
end

local function title(client)
  return client:asks("Util.fetchClientConfig", { id = "ME3_MSG" }).config.MSG_1_title
end

-- Writes the promo file and reloads. `fault`: where the log must say that something is wrong with it.
local function edit(server, text, fault)
  server:write("data/scripts/configs/me3_msg.lua", text)
  local taken, log = server:reload()
  play.equal(fault == nil, taken, "the reload")
  if fault then play.equal(play.text(fault), log, "the log") end
end

play.scene("a promo's new title arrives on an open connection; a syntax error keeps the old one", function()
  local server = play.server { files = { ["scripts/configs/me3_msg.lua"] = promo "Before" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  play.equal("Before", title(alice))
  edit(server, promo "After")
  play.equal("After", title(alice))
  edit(server, "return promo.messages { { title = ", "configs/me3_msg%.lua:1:")
  play.equal("After", title(alice))
  edit(server, "return 7 + nil", "configs/me3_msg%.lua:1:")
  play.equal("After", title(alice))
  alice:asks("Util.userSettingsLoadAll", {})     -- still logged in
  edit(server, promo "At last")
  play.equal("At last", title(alice))
end)

play.scene("nothing that is under way is lost by a reload", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:asks("Authentication.logout", {})
  alice:is_notified "UserSessions.UserRemoved"
  alice:sends("Authentication.login", { email = "alice@example.org", password = "hunter22" })
  server:signal "HUP"                            -- the password is being checked meanwhile
  for _ = 1, 20 do alice:sends "Util.ping" end
  alice:receives { kind = "response", name = "Authentication.login" }
  for _ = 1, 20 do alice:receives { kind = "response", name = "Util.ping" } end
  alice:asks("Util.userSettingsLoadAll", {})
end)

play.scene("a player keeps his place in everything through many reloads", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  for n = 2, 6 do
    play.equal(true, (server:reload()), "the reload")
    alice:asks("UserSessions.updateHardwareFlags", { flags = n % 2 })
    alice:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = { hardware_flags = n % 2 } })
  end
end)
