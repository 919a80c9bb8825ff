-- watch.lua: the console's looks into a server that runs: watch, errors, slow, coroutines, timers, counters; and that
-- none of them ever shows a credential.
local console = require "plays.lib.console"
local play    = require "plays.lib.play"
local steps   = require "plays.lib.steps"

local does, fails, watches = console.does, console.fails, console.watches

local function contains(text, part)
  if not text:find(part, 1, true) then play.fails("expected %q in:\n%s", part, text) end
end

local function lacks(text, part)
  if text:find(part, 1, true) then play.fails("%q must not be in:\n%s", part, text) end
end

local function frame(component, command, body)
  return (">I2I2I2I2I2I2"):pack(#body, component, command, 0, 0, 1) .. body
end

-- "PASS = <length> text": a string field of a login.
local function field(tag, length, text)
  local a, b, c, d = (tag .. "    "):byte(1, 4)
  local packed = (a - 32) << 18 | (b - 32) << 12 | (c - 32) << 6 | (d - 32)
  return (">I3I1B"):pack(packed, 1, length) .. text
end

local function player_of(server, name)
  local client = play.client(server, name, { via = "blaze" })
  steps.create_account(client, name:lower() .. "@example.org", "hunter22")
  return client
end

play.scene("watch packets of all, of one player, and the log, all at once; nothing secret in any", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  local bob    = player_of(server, "Bob")
  local all    = watches(server, "watch packets")
  local one    = watches(server, "watch packets from", alice.persona)
  local log    = watches(server, "watch log")
  alice:asks("Util.userSettingsSave", { key = "Base", value = "precious" })
  bob:asks "Util.ping"
  alice:leaves()
  alice:connects()
  steps.log_in(alice, "alice@example.org", "hunter22")
  alice:asks "Authentication.getAuthToken"
  local packets, own, lines = all(), one(), log()
  contains(packets, "-> request Util.userSettingsSave #")
  contains(packets, '\n  key KEY = "Base"\n')
  contains(packets, '\n  value DATA = "precious"')
  contains(packets, "<- response Util.ping #")
  contains(packets, "password PASS = (secret)")
  contains(own, "-> request Util.userSettingsSave #")
  lacks(own, "Util.ping")
  if mu.test.mode ~= "reload" then               -- there the watch that goes on finds her on it
    contains(own, ("-- %s is on session 3 now --"):format(alice.persona))
  end
  contains(own, "<- response Authentication.getAuthToken")
  contains(lines, "has logged in on session 3")
  for _, text in ipairs { packets, own, lines } do
    for _, secret in ipairs { "hunter22", alice.token, alice.key } do lacks(text, secret) end
  end
end)

play.scene("watch the packets and log lines of a player who is yet to come", function()
  local server = play.server {}
  local alice  = player_of(server, "Alice")
  alice:leaves()
  console.until_it_says(server, "players show 1", "online%s+no\n")
  local packets, lines = watches(server, "watch packets from", "1"), watches(server, "watch log from", "1")
  local bob = player_of(server, "Bob")
  alice:connects()
  steps.log_in(alice, "alice@example.org", "hunter22")
  alice:asks "Util.ping"
  bob:asks "Util.ping"
  local text, log = packets(), lines()
  contains(text, "session 3 from 127.0.0.1 -> request Util.ping")
  lacks(text, "session 2 ")
  contains(log, alice.persona .. " (1) has logged in on session 3")
  lacks(log, bob.persona)
end)

-- Another client reloads meanwhile, again and again; in the mode that reloads between all steps it does so by itself.
local function while_it_reloads(server, times, step)
  local done = mu.test.mode == "reload"
  if not done then
    mu.spawn(function()
      for _ = 1, times do server:ctl "reload" end
      done = true
    end)
  end
  local steps_made = 0
  repeat
    step()
    steps_made = steps_made + 1
    mu.sleep(0.002)
  until done and steps_made >= 4
  return steps_made
end

play.scene("a reload takes nothing away from who watches", function()
  local server  = play.server {}
  local bob     = player_of(server, "Bob")
  local packets = watches(server, "watch packets")
  local asked   = while_it_reloads(server, 3, function() bob:asks "Util.ping" end)
  local text    = packets()
  play.equal(asked, select(2, text:gsub("<%- response Util%.ping #", "")), "pings that were seen")
  contains(text, " goes on with this --")
end)

play.scene("errors: what was refused, with its bytes, by which door and why", function()
  local server = play.server {}
  local eve    = play.client(server, "Eve", { via = "blaze" })
  does(server, "errors show", "no input has been refused")
  eve:raw(frame(9, 1, "\x8e\x6a\x64\x01\x20ME3"))
  eve:receives { kind = "error", error = "ERR_SYSTEM" }
  local shown = does(server, "errors show", "#1 ")
  contains(shown, "body of Util.fetchClientConfig refused: length_exceeds_data")
  contains(shown, "from session 1 from 127.0.0.1, door game")
  contains(shown, "at byte 4 in CFID")
  contains(shown, "8 bytes in all; it broke at byte 4 (0x4)")
  contains(shown, "000000  8e 6a 64 01>20 4d 45 33")
  eve:raw((">I2I2I2I2I2I2"):pack(0, 9, 2, 0, 0xF000, 1))
  eve:is_disconnected()
  contains(does(server, "errors show"), "frame refused: bad_frame_type")
  local door = play.client(server, "Nobody", { via = "blaze", door = "redirector" })
  door:raw "\x16\x03\x00\x00\x06\x01\x00\x00\x02\x03\x00"
  door:is_disconnected()
  contains(does(server, "errors show"), "ssl3 refused: ")
  contains(does(server, "errors show"), "from 127.0.0.1, door redirector")
  door:connects()
  door:raw "EHLO example.org\r\n"
  door:is_disconnected()
  contains(does(server, "errors show"), "nothing that is served at this door begins so")
  local reply = mu.http_client.get(("http://127.0.0.1:%d/api/server"):format(server:port "http"),
    { headers = { ["x-token"] = "sesame" } })
  play.equal(200, reply.status, "a request of HTTP")
  does(server, "errors list --last 5", "bad_frame_type" and "message type")
  does(server, "errors show 1", "Util.fetchClientConfig")
  fails(server, "errors show 99", "there is no refused input 99")
  does(server, "errors handlers")
end)

play.scene("errors of a login hide what was in it, wherever it broke", function()
  local server = play.server {}
  local eve    = play.client(server, "Eve", { via = "blaze" })
  local seen   = watches(server, "watch errors")
  local mail, pass = field("MAIL", 17, "eve@example.org\0"), field("PASS", 9, "hunter22\0")
  for _, body in ipairs {
    mail .. field("PASS", 60, "hunter22\0"), mail .. field("PASS", 8, "hunter22"), mail .. pass .. "\xFF\xFF",
    field("PSSS", 61, "hunter22\0"), field("AUTH", 60, "hunter22\0") .. mail,
  } do
    eve:raw(frame(1, 40, body))
    eve:receives { kind = "error" }
  end
  local list, watched = {}, seen()
  for number = 1, 5 do list[number] = does(server, "errors show " .. number, "Authentication.login") end
  contains(watched, "body of Authentication.login refused")
  for _, text in ipairs { table.concat(list), watched, does(server, "errors list"), server:log() } do
    lacks(text, "hunter22")
    lacks(text, "68 75 6e 74")                   -- "hunt" in hex
  end
end)

local SLOW = [[
local groups = mu.component "Playgroups"

local gate   = mu.record "gate" { id = mu.u32 { key = true } }

groups.createPlaygroup { handle = function() mu.sleep(0.3) end }
groups.leavePlaygroup  { handle = function() error "on purpose" end }
groups.destroyPlaygroup { handle = function() gate.create { id = 1 } end }
groups.joinPlaygroup {
  handle = function()
    repeat mu.sleep(0.02) until gate.get(1)
  end,
}
]]

play.scene("slow, coroutines, timers, counters, failures", function()
  local server = play.server { files = { ["scripts/http/content.lua"] = SLOW }, set = { "inspect.slow_ms=200" } }
  local eve    = player_of(server, "Eve")
  local bob    = play.client(server, "Bob", { via = "blaze" })
  does(server, "slow", "from 200 ms on")
  eve:calls "Playgroups.createPlaygroup"
  eve:receives { kind = "response" }
  local slow = does(server, "slow --last 20", "Playgroups.createPlaygroup")
  contains(slow, "session 1 from 127.0.0.1")
  play.equal(true, slow:find("ms in mu%.sleep at data/scripts/http/content%.lua:5") ~= nil, slow)
  eve:calls "Playgroups.joinPlaygroup"
  local tasks = console.until_it_says(server, "coroutines", "Playgroups%.joinPlaygroup")
  contains(tasks, "mu.sleep")
  contains(does(server, "coroutines --trace"), "data/scripts/http/content.lua:10")
  contains(does(server, "timers"), "session.silence")
  contains(does(server, "counters route_requests"), 'blaze_route_requests_total{route="Playgroups.createPlaygroup"}')
  fails(server, "counters weather", "no counter has 'weather' in its name")
  bob:calls "Playgroups.destroyPlaygroup"
  bob:receives { kind = "response" }
  eve:receives { kind = "response" }
  for _ = 1, 3 do
    eve:calls "Playgroups.leavePlaygroup"
    eve:receives { kind = "error" }
  end
  local failures = does(server, "errors handlers", "on purpose")
  play.equal(true, failures:find("%s3%s+Playgroups%.leavePlaygroup") ~= nil, failures)
  contains(does(server, "errors handlers --trace"), "content.lua:6")
  lacks(does(server, "audit"), "slow")
end)
