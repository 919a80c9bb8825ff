-- order.lua: the answer first, then what its handler caused; requests of one session one after another; nobody waits
-- for somebody else (reference 01 §2.6, 02 rule 13, 04 §1.2).
local play = require "plays.lib.play"

-- Commands of a component that this game never uses, answered by handlers that take their time.
local HANDLERS = [[
local gate = mu.record "gate" { id = mu.u32 { key = true } }
mu.guard "gated" (function(session, request, number)
  mu.log.info "in hand"
  repeat mu.sleep(0.005) until gate.get(number)
end)

local groups  = mu.component "Playgroups"
local Joined  = groups.notification "NotifyJoinPlaygroup" {}
local Changed = groups.notification "NotifyLeaderChange" {}
local Ended   = groups.notification "NotifyDestroyPlaygroup" {}

groups.createPlaygroup { handle = function(session)
  session:notify(Joined)
  mu.spawn(function() session:notify(Changed) end)
  mu.sleep(0.02)
  session:notify(Ended)
end }

groups.joinPlaygroup { gated = 1, handle = function(session) session:notify(Joined) end }

local seen = mu.record "seen" { session = mu.ref "session" }
mu.on("session_opened", function(session) seen.create { session = session } end)

groups.leavePlaygroup { handle = function(session)
  local all = {}
  for one in seen.all() do all[#all + 1] = one.session end
  mu.notify(all, Changed)
end }

groups.destroyPlaygroup { handle = function(session) session:notify(Ended); mu.sleep(0.02); error "on purpose" end }

groups.setMemberAttributes { handle = function() gate.create { id = 1 } end }

groups.lookupPlaygroupInfo { handle = function() return mu.fail "AUTH_ERR_INVALID_USER" end }

groups.kickPlaygroupMember { handle = function() return { leader = 1 } end }
]]

local function server_with_groups()
  return play.server { files = { ["scripts/http/content.lua"] = HANDLERS } }
end

local function answers(client, name) client:receives { kind = "response", name = "Playgroups." .. name } end
local function hears(client, name) client:receives { kind = "notification", name = "Playgroups." .. name } end

-- joinPlaygroup goes on from here.
local function opens_the_gate(client)
  client:calls "Playgroups.setMemberAttributes"
  answers(client, "setMemberAttributes")
end

play.scene("the answer comes first, then what the handler told, in its order", function()
  local alice = play.client(server_with_groups(), "Alice", { via = "blaze" })
  alice:calls "Playgroups.createPlaygroup"
  answers(alice, "createPlaygroup")
  hears(alice, "NotifyJoinPlaygroup")
  hears(alice, "NotifyLeaderChange")
  hears(alice, "NotifyDestroyPlaygroup")
end)

play.scene("requests of one session wait for each other, those of others do not", function()
  local server = server_with_groups()
  local alice  = play.client(server, "Alice", { via = "blaze" })
  local bob    = play.client(server, "Bob", { via = "blaze" })
  alice:calls "Playgroups.joinPlaygroup"
  alice:sends "Util.ping"
  server:wait_log "in hand"
  bob:asks "Util.ping"                           -- while Alice's first request waits
  opens_the_gate(bob)
  answers(alice, "joinPlaygroup")
  hears(alice, "NotifyJoinPlaygroup")
  alice:receives { kind = "response", name = "Util.ping" }
end)

play.scene("somebody else's notification waits for the answer in hand", function()
  local server = server_with_groups()
  local alice  = play.client(server, "Alice", { via = "blaze" })
  local bob    = play.client(server, "Bob", { via = "blaze" })
  alice:asks "Util.ping"
  alice:calls "Playgroups.joinPlaygroup"
  server:wait_log "in hand"
  bob:calls "Playgroups.leavePlaygroup"          -- tells everybody
  answers(bob, "leavePlaygroup")
  hears(bob, "NotifyLeaderChange")
  opens_the_gate(bob)
  answers(alice, "joinPlaygroup")
  alice:receives { kind = "notification", name = play.text "^Playgroups%.Notify" }
  alice:receives { kind = "notification", name = play.text "^Playgroups%.Notify" }
end)

play.scene("a handler that fails has answered first all the same", function()
  local server = server_with_groups()
  local alice  = play.client(server, "Alice", { via = "blaze" })
  alice:calls "Playgroups.destroyPlaygroup"
  alice:receives { kind = "error", name = "Playgroups.destroyPlaygroup", error = "ERR_SYSTEM" }
  hears(alice, "NotifyDestroyPlaygroup")
  server:wait_log "on purpose"
end)

play.scene("an error of another component, a body nobody declared: the script is at fault, not the client", function()
  local server = server_with_groups()
  local alice  = play.client(server, "Alice", { via = "blaze" })
  alice:calls "Playgroups.lookupPlaygroupInfo"
  alice:receives { kind = "error", error = "ERR_SYSTEM" }
  server:wait_log "AUTH_ERR_INVALID_USER is an error of another component"
  alice:calls "Playgroups.kickPlaygroupMember"
  alice:receives { kind = "error", error = "ERR_SYSTEM" }
  server:wait_log "declares no 'response'"
end)

play.scene("who has left is told nothing, and nobody minds", function()
  local server = server_with_groups()
  local alice  = play.client(server, "Alice", { via = "blaze" })
  local bob    = play.client(server, "Bob", { via = "blaze" })
  alice:calls "Playgroups.joinPlaygroup"
  server:wait_log "in hand"
  alice:leaves()
  bob:calls "Playgroups.leavePlaygroup"
  answers(bob, "leavePlaygroup")
  hears(bob, "NotifyLeaderChange")
  opens_the_gate(bob)
  play.waits_for("the end of Alice's request", function()
    return not server:ctl("coroutines").out:find("joinPlaygroup", 1, true)
  end)
  bob:asks "Util.ping"
  play.equal(nil, server:log():match "[^\n]* error [^\n]*", "the log")
end)
