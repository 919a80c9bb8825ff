-- operator.lua: the console's sections about players, sessions, messages, the database and the audit log: what each
-- command does, what it says when it cannot, and that every change is on record.
local console = require "plays.lib.console"
local play    = require "plays.lib.play"
local steps   = require "plays.lib.steps"

local does, fails, audited = console.does, console.fails, console.audited

local function player_of(server, name)
  local client = play.client(server, name, { via = "blaze" })
  steps.create_account(client, name:lower() .. "@example.org", "hunter22")
  return client
end

-- Players ------------------------------------------------------------------------------------------------------------

play.scene("players list and show, by every name that an account has", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  does(server, "players list", alice.persona)
  does(server, "players list --online", "1 online")
  for _, name in ipairs { alice.persona, alice.persona:upper(), tostring(alice.id), "#" .. alice.id,
                          "ALICE@example.org" } do
    does(server, "players show " .. name, "alice@example.org")
  end
  play.equal(true, does(server, "players show 1"):find("online%s+session 1, 127%.0%.0%.1") ~= nil, "online")
  fails(server, "players show nobody", "there is no player 'nobody'")
  local prefix = alice.persona:sub(1, 4):upper()
  does(server, ("> require('services.accounts').names('%s', 9)[1]"):format(prefix), alice.persona)
  does(server, "> #require('services.accounts').names('zzz', 9)", "0")
  fails(server, "players shwo 1", "did you mean")
  alice:leaves()
  console.until_it_says(server, "players show 1", "online%s+no\n")
  does(server, "players list --online", "0 online")
end)

play.scene("players password: the old one and old logins are void, at once and for good", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  fails(server, "players password " .. alice.persona .. " abc", "a password has 4 to 64 characters")
  does(server, "players password " .. alice.persona .. " secret77", "has a new password")
  alice:comes_back()
  steps.hello(alice)
  alice:is_refused("Authentication.login", { email = "alice@example.org", password = "hunter22" },
    "AUTH_ERR_INVALID_PASSWORD")
  alice:is_refused("Authentication.silentLogin", { token = alice.token, persona_id = alice.id, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN")
  play.kill(server)                              -- what was answered is on disk
  server:restart()
  alice:comes_back()
  steps.log_in(alice, "alice@example.org", "secret77")
  local random = does(server, "players password alice@example.org"):match "has a new password: (%x+)\n"
  alice:comes_back()
  steps.log_in(alice, "alice@example.org", random)
  audited(server, "players password", "(hidden)")
  for _, secret in ipairs { "secret77", random } do
    play.equal(nil, (audited(server):find(secret, 1, true)), "a password in the audit log")
    play.equal(nil, (server:log():find(secret, 1, true)), "a password in the log")
  end
end)

play.scene("players role: what an account may do changes at once", function()
  local server = play.server { set = { "super_admin=boss@example.org" } }
  player_of(server, "Alice")
  does(server, "players role 2 admin", "is admin now")
  does(server, "players show 2", "admin")
  fails(server, "players role 2 super_admin", "only the setting super_admin makes a super admin")
  fails(server, "players role boss@example.org default", "super admin by the setting super_admin")
  fails(server, "players role 2 king", "there is no role 'king'")
  audited(server, "players role", "2 admin [", "(failed: only the setting", "server  super admin")
end)

play.scene("players rename: durable, unique, and nothing that is no name", function()
  local server = play.server {}
  local alice, bob = player_of(server, "Alice"), player_of(server, "Bob")
  does(server, "players rename " .. alice.persona .. " Liara T'Soni", "is called Liara T'Soni now")
  does(server, "players list --online", "Liara T'Soni")
  fails(server, "players rename " .. bob.persona .. " liara t'soni", "another account is called 'liara t'soni'")
  fails(server, "players rename 2 " .. ("x"):rep(33), "a name has 1 to 32 characters")
  fails(server, "players rename 2 17", "a name is not a number")
  fails(server, "players rename 2 a@b", "a name has no @")
  fails(server, "players rename 2 \xFF\xFE", "UTF-8")
  play.kill(server)
  server:restart()
  alice:comes_back()
  alice.persona = "Liara T'Soni"
  steps.log_in(alice, "alice@example.org", "hunter22")
  audited(server, "players rename", "Liara T'Soni")
end)

play.scene("players delete: only with --yes, with all that was saved, for ever", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  local gone   = alice.persona
  alice:asks("Util.userSettingsSave", { key = "Base", value = "x" })
  fails(server, "players delete 1", "this removes " .. alice.persona)
  alice:asks "Util.ping"
  does(server, "players delete 1 --yes", "has been removed")
  alice:is_disconnected()
  fails(server, "players show 1", "there is no player '1'")
  alice:comes_back()
  steps.hello(alice)
  alice:is_refused("Authentication.silentLogin", { token = alice.token, persona_id = 1, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN")
  steps.create_account(alice, "alice@example.org", "hunter22")
  play.equal(2, alice.id, "an id is never used again")
  audited(server, "players delete", ("1 --yes [%s]"):format(gone), ("1 [%s] (failed: this removes"):format(gone))
end)

play.scene("what was ended on its way is on record, too", function()
  local server = play.server { set = { "limits.burst_ms=100" } }
  fails(server, "> while true do end", "it ran for more than 100 ms")
  local stop = console.watches(server, ">", "mu.sleep(30)", "mu.sleep")
  stop()
  console.until_it_says(server, "audit --last 1000", "mu%.sleep%(30%) %(ended: cancelled%)")
  audited(server, "mu.sleep(30) (ended: cancelled)", "while true do end (ended: ", "limits.burst_ms")
end)

-- Sessions -----------------------------------------------------------------------------------------------------------

play.scene("sessions list, show and kick", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  local eve    = play.client(server, "Eve", { via = "upgrade" })
  eve:asks "Util.ping"
  local list = does(server, "sessions list", "2 in all")
  play.equal(true, list:find("1  " .. alice.persona, 1, true) ~= nil, "Alice in the list")
  does(server, "sessions list --limit 1", "1 of 2")
  does(server, "sessions show " .. alice.persona, "game, plain")
  does(server, "sessions show 2", "http, plain")
  fails(server, "sessions show 99", "there is no session '99'")
  does(server, "sessions kick 2 loitering")
  eve:is_disconnected()
  does(server, "sessions kick " .. alice.persona, alice.persona .. " has been disconnected")
  alice:is_disconnected()
  does(server, "sessions list", "0 in all")
  audited(server, "sessions kick", "2 loitering")
end)

-- The menu -----------------------------------------------------------------------------------------------------------

local PROMOS = [[
local promo = require "configs.promo"

return promo.messages {
  { type = "news", title = "All", text = "for everybody" },
  -- { a comment, which counts nothing }
  {
    type = "store", title = "Two", text = "for {name} { and nobody else }",
    players = { "Tali" },
  },
  { type = "ticker", title = "Old", text = "long ago", until_date = "2020-01-01" },
}
]]

play.scene("promo list and preview: who sees what, why not, and where it is declared", function()
  local server = play.server { files = { ["scripts/configs/me3_msg.lua"] = PROMOS } }
  player_of(server, "Alice")
  does(server, "players rename 1 Tali")
  player_of(server, "Bob")
  local list = does(server, "promo list")
  for _, place in ipairs { "me3_msg.lua:4", "me3_msg.lua:6", "me3_msg.lua:10" } do
    play.equal(true, list:find("data/scripts/configs/" .. place, 1, true) ~= nil, place .. " in " .. list)
  end
  local sees = does(server, "promo preview Tali", "Tali sees 2 of 3")
  play.equal(true, sees:find("for Tali { and nobody else }", 1, true) ~= nil, "the name is filled in")
  play.equal(true, sees:find("over since 2020%-01%-01%s+ticker") ~= nil, "what is over")
  does(server, "promo preview 2", "for other players")
  does(server, "promo preview nobody", "only after login")
  fails(server, "promo preview somebody", "there is no viewer 'somebody'")
end)

play.scene("say: to one, to all, to nobody", function()
  local server = play.server {}
  local alice, bob = player_of(server, "Alice"), player_of(server, "Bob")
  does(server, "say " .. alice.persona .. " Hello there.", "said to 1 player")
  alice:is_notified("Messaging.NotifyMessage", { text = "Hello there.\n" })
  does(server, "say all The server restarts soon.", "said to 2 players")
  alice:is_notified("Messaging.NotifyMessage", { text = "The server restarts soon.\n" })
  bob:is_notified("Messaging.NotifyMessage", { text = "The server restarts soon.\n" })
  fails(server, "say nobody Hello", "there is no audience 'nobody'")
  fails(server, "say all " .. ("x"):rep(1001), "a message has at most 1000 bytes")
  audited(server, "say", "all The server restarts soon.")
end)

-- The database -------------------------------------------------------------------------------------------------------

play.scene("backup, check, vacuum; the audit log names scripts and thins itself", function()
  local server = play.server { set = { "audit.entries=100" } }
  player_of(server, "Alice")
  does(server, "backup first.db", "backups/first.db")
  fails(server, "backup first.db", "there is a backup named first.db already")
  fails(server, "backup ../elsewhere.db", "a name has 1 to 100 letters")
  does(server, "backup", "copied to backups/murelay-")
  does(server, "db check", "in order")
  does(server, "db vacuum", "rebuilt")
  local log = audited(server, "backup", "first.db", "db vacuum")
  play.equal(nil, (log:find("db check", 1, true)), "what changes nothing is not on record")
  play.equal(true, log:find("%f[%d]%d+ %x%x%x%x%x%x%x%x\n") ~= nil, "number and hash of the scripts in " .. log)
  does(server, "> for i = 1, 120 do require('services.audit').record('me', 'test', tostring(i)) end")
  local rows = server:ctl "audit --last 1000".out
  local _, count = rows:gsub("\n%d%d%d%d%-", "")
  play.equal(true, count <= 101 and count >= 100, count .. " entries are kept")
  local db = does(server, "audit --last 1 --json")
  play.equal(true, db:find('"who"', 1, true) ~= nil, db)
end)
