-- log.lua: what is written down: by level, and every packet of one session when asked for, but never a credential.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local WATCH_ALL = [[
mu.on("session_opened", function(session) session:watch(true) end)
return { started = function() end }
]]

play.scene("the setting log.level decides what is written", function()
  local server = play.server { set = { "log.level=debug" } }
  local alice  = play.client(server, "Alice", { via = "blaze" })
  alice:asks "Util.ping"
  alice:leaves()
  server:wait_log "debug blaze: session from 127.0.0.1 closed"
end)

play.scene("the packets of a watched session, with long names and without credentials", function()
  local server = play.server { files = { ["scripts/services/welcome.lua"] = WATCH_ALL } }
  local alice  = play.client(server, "Alice", { via = "blaze" })
  steps.create_account(alice, "alice@example.org", "hunter22")
  server:wait_log "-> request Authentication.createAccount"
  local log = server:log()
  play.equal(true, log:find("password PASS = (secret)", 1, true) ~= nil, "the password is marked")
  for _, secret in ipairs { "hunter22", alice.token } do
    play.equal(nil, (log:find(secret, 1, true)), "a credential in the log")
  end
  local answer = log:find("<- response Authentication.loginPersona", 1, true)
  local notified = log:find("<- notify UserSessions.UserAdded", 1, true)
  play.equal(true, answer < notified, "the answer stands before what it caused")
end)
