-- looking.lua: what the log tells of slow, stuck and failing handlers; roles on routes, and who is super admin.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

-- Commands nobody uses, answered by scripts that are slow, stuck, broken, or not for everybody.
local ODD_ONES = [[
local groups = mu.component "Playgroups"

groups.createPlaygroup {                         -- until both have told: who watches the loop, and who scripts
  handle = function()
    local log
    repeat
      for _ = 1, 100000 do end
      log = mu.log.recent()
    until log:find("has not turned for", 1, true) and log:find("has run for 200 ms", 1, true)
  end,
}
groups.joinPlaygroup { handle = function() local nothing = nil; return nothing.field end }
groups.leavePlaygroup { role = "admin", handle = function() end }
groups.setMemberAttributes { role = "super_admin", handle = function() end }
]]

local FILES = { ["scripts/http/content.lua"] = ODD_ONES }

play.scene("a loop that stands still is told, with who holds it and where", function()
  local server = play.server { files = FILES, set = { "inspect.stall_ms=200", "limits.burst_ms=30000" } }
  local eve    = play.client(server, "Eve", { via = "blaze" })
  eve:calls "Playgroups.createPlaygroup"
  eve:receives { kind = "response" }
  server:wait_log "error loop: the loop has not turned for"
  server:wait_log "the loop turns again; it had stood still for"
  server:wait_log "Playgroups.createPlaygroup has run for 200 ms without a pause"
  play.equal(true, server:log():find("session %d+ from 127%.0%.0%.1, generation 1 .-\n      .-content%.lua:%d+") ~= nil,
    "the session, the scripts and the traceback")
  eve:asks "Util.ping"
end)

play.scene("an error that repeats is written a few times, then counted", function()
  local server = play.server { files = FILES }
  local eve    = play.client(server, "Eve", { via = "blaze" })
  for _ = 1, 40 do
    eve:calls "Playgroups.joinPlaygroup"
    eve:receives { kind = "error", error = "ERR_SYSTEM" }
  end
  local _, count = server:log():gsub("Playgroups%.joinPlaygroup failed", "")
  play.equal(5, count, "lines in the log")
end)

local BOSS = "boss@example.org"

local function registered(server, name, email)
  local client = play.client(server, name)
  steps.create_account(client, email, "hunter22")
  return client
end

play.scene("roles on routes; a stranger does not become super admin by registering the address", function()
  local server = play.server { files = FILES, set = { "super_admin=Boss@Example.org" } }
  server:wait_log("boss@example.org is super admin now and has no password")
  local eve = play.client(server, "Eve")
  eve:calls "Playgroups.leavePlaygroup"
  eve:receives { kind = "error", error = "ERR_AUTHENTICATION_REQUIRED" }
  eve:is_refused("Authentication.createAccount", { email = BOSS, password = "hunter22" }, "AUTH_ERR_EXISTS")
  steps.create_account(eve, "eve@example.org", "hunter22")
  for _, command in ipairs { "leavePlaygroup", "setMemberAttributes" } do
    eve:calls("Playgroups." .. command)
    eve:receives { kind = "error", error = "ERR_AUTHORIZATION_REQUIRED" }
  end
  eve:is_refused("Authentication.login", { email = BOSS, password = "hunter22" }, "AUTH_ERR_INVALID_PASSWORD")
end)

play.scene("an account that was there before becomes super admin without its old password", function()
  local server = play.server { files = FILES }
  local eve    = registered(server, "Eve", BOSS)
  server:write("data/config.lua", ("return { super_admin = %q }"):format(BOSS))
  server:reload()
  server:wait_log "boss@example.org is super admin now"
  eve:is_disconnected()
  eve:comes_back()
  steps.hello(eve)
  eve:is_refused("Authentication.login", { email = BOSS, password = "hunter22" }, "AUTH_ERR_INVALID_PASSWORD")
  eve:is_refused("Authentication.silentLogin", { token = eve.token, persona_id = eve.id, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN")
end)
