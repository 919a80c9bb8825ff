-- bad_input.lua: what is no request gets its named error or the end of the connection, and harms nobody else.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local function frame(component, command, body, length)
  return (">I2I2I2I2I2I2"):pack(length or #body, component, command, 0, 0, 1) .. body
end

local PING    = frame(9, 2, "")
local GARBAGE = ("\xDE\xAD\xBE\xEF"):rep(64)

-- `bytes` at a door end the connection or are answered with an error; a second player there notices nothing.
local function at_a_door(door, what, bytes, outcome)
  play.scene(("%s: %s"):format(door, what), function()
    local server = play.server {}
    local bob    = play.client(server, "Bob", { via = door })
    local eve    = play.client(server, "Eve", { via = door })
    eve:raw(bytes)
    outcome(eve)
    bob:asks "Util.ping"
    play.equal(true, server:running(), "the server runs")
  end)
end

local function ends(client) client:is_disconnected() end

local function is_an_error(client)
  client:receives { kind = "error", error = "ERR_SYSTEM" }
  client:asks "Util.ping"
end

for _, door in ipairs { "blaze", "upgrade", "ssl3", "tls" } do
  at_a_door(door, "a frame of a type that does not exist", (">I2I2I2I2I2I2"):pack(0, 9, 2, 0, 0xF000, 1), ends)
  at_a_door(door, "a frame far too large", (">I2I2I2I2I2I2I2"):pack(0xFFFF, 9, 11, 0, 0x0010, 1, 0xFFFF), ends)
  at_a_door(door, "a body that is no TDF", frame(9, 1, GARBAGE), is_an_error)
  at_a_door(door, "a body cut short", frame(9, 1, "\x8e\x6a\x64\x01\x20ME3"), is_an_error)
  at_a_door(door, "a string without its end", frame(9, 1, "\x8e\x6a\x64\x01\x03ABC"), is_an_error)
  at_a_door(door, "a length of two to the sixty-fourth", frame(9, 1, "\x8e\x6a\x64\x01" .. ("\xFF"):rep(9) .. "\x01"),
    is_an_error)
  at_a_door(door, "groups a thousand deep", frame(9, 7, ("\x8e\x48\x74\x03"):rep(1000)), is_an_error)
end

-- An unknown command's body is nobody's business, whatever it holds.
play.scene("garbage for a command that nobody answers", function()
  local alice = play.client(play.server {}, "Alice", { via = "blaze" })
  alice:raw(frame(0x4BCD, 0x1234, GARBAGE))
  alice:receives { kind = "response", number = 1 }
  alice:asks "Util.ping"
end)

play.scene("a byte at a time", function()
  local alice = play.client(play.server {}, "Alice", { via = "blaze" })
  local body  = "\x8e\x6a\x64\x01\x09ME3_DATA\0"
  for byte in frame(9, 1, body):gmatch "." do
    alice:raw(byte)
    mu.sleep(0.001)
  end
  alice:receives { kind = "response", name = "Util.fetchClientConfig", number = 1,
                   body = { config = { MULTIPLAYER_PROTOCOL_VERSION = "3" } } }
end)

play.scene("a thousand requests at once are answered in order", function()
  local alice = play.client(play.server {}, "Alice", { via = "blaze" })
  local first = alice:sends "Util.ping"
  play.without_steps(function()                  -- at once: no reload between two of them
    for _ = 2, 1000 do alice:sends "Util.ping" end
  end)
  for n = 0, 999 do alice:receives { kind = "response", name = "Util.ping", number = first + n } end
end)

play.scene("a frame that never ends holds nobody up", function()
  local server = play.server {}
  local eve    = play.client(server, "Eve", { via = "blaze" })
  eve:raw(PING:sub(1, 7))
  local alice  = play.client(server, "Alice", { via = "blaze" })
  steps.create_account(alice, "alice@example.org", "hunter22")
  eve:raw(PING:sub(8))
  eve:receives { kind = "response", name = "Util.ping" }
end)

-- HTTP that we do not take. (What is no HTTP at all: tests/unit of net/.)
play.scene("http: too large a body, too long a header", function()
  local server = play.server {}
  local base   = "http://127.0.0.1:" .. server:port "http"
  play.equal({ status = 413 }, mu.http_client.post(base .. "/api/server/telemetry", ("x"):rep(100000)), "the body")
  local long = { headers = { ["x-long"] = ("x"):rep(20000) } }
  play.equal({ status = 431 }, mu.http_client.get(base .. "/api/server", long), "the header")
  play.equal({ status = 200 }, mu.http_client.get(base .. "/api/server"), "others")
end)
