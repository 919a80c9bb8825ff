-- lib/play.lua: plays: named clients against a real server, one readable file per scenario.
--
--   local play = require "plays.lib.play"
--
--   play.scene("a ping is answered", function()
--     local server = play.server {}
--     local alice  = play.client(server, "Alice", { via = "upgrade" })
--     alice:sends "Util.ping"
--     alice:receives { kind = "response", name = "Util.ping", body = { server_time = play.any } }
--   end)
--
-- A failed expectation ends the scene with one text that names client, message and field. Whatever a scene started ends
-- with it. The clients see the messages through the server's own schemas. The hostile modes of the runner change the
-- world around a scene, never the scene; mu.test.step() is where a reload may come between two steps.
local components = require "protocol.components"
local match      = require "plays.lib.match"

local RECEIVE_SECONDS = 60                       -- patience: only what never comes takes so long

local play = { any = match.any, text = match.text, where = match.where, exactly = match.exactly, show = match.show }

-- Scenes -------------------------------------------------------------------------------------------------------------

local clients = {}                               -- those of the running scene
local steps_off = false

function play.scene(name, act)
  mu.test.play(name, function()
    play.leave_all()
    clients, steps_off = {}, false
    act()
  end)
end

-- Every client of the running scene closes its connection.
function play.leave_all()
  for _, client in ipairs(clients) do client:leaves() end
end

function play.fails(format, ...)
  error(select("#", ...) > 0 and format:format(...) or format, 0)
end

function play.equal(expected, value, what)
  local difference = match.difference(expected, value, what or "value")
  if difference then play.fails(difference) end
end

-- Every door on a free loopback port.
local CONFIG = [[
return {
  listeners = {
    { name = "http",       address = "127.0.0.1", port = 0, protocols = { "http", "tls", "blaze", "ssl3" } },
    { name = "redirector", address = "127.0.0.1", port = 0, protocols = { "ssl3", "tls" }, prefer = "ssl3" },
    { name = "game",       address = "127.0.0.1", port = 0, protocols = { "blaze" } },
    { name = "telemetry",  address = "127.0.0.1", port = 0, telemetry = true },
  },
}
]]

-- A server process of its own: { config = text of a config.lua, set = { "a.b=c" }, files = { [path in data] = text } }.
-- It has the methods of mu.test.start_server's result, and ends with its scene.
function play.server(options)
  options = options or {}
  options.config = options.config or CONFIG
  return mu.test.start_server(options)
end

-- Asks again until fn gives something true, which it returns; for what is seen only by asking. `what`: for the failure.
function play.waits_for(what, fn)
  local till = mu.time.mono() + RECEIVE_SECONDS
  repeat
    local found = fn()
    if found then return found end
    mu.sleep(0.01)
  until mu.time.mono() > till
  play.fails("%s: not within %d s", what, RECEIVE_SECONDS)
end

-- As a power cut would: no warning, nothing flushed. server:restart() starts it again on what is left.
function play.kill(server)
  server:signal "KILL"
  server:wait()
end

-- Clients ------------------------------------------------------------------------------------------------------------

local client = {}
client.__index = client

local DOORS = { upgrade = "http", blaze = "game", ssl3 = "redirector", tls = "http" }

-- `how`: via = "upgrade" | "blaze" | "ssl3" | "tls"; door = name of the listener; headers of the upgrade.
function play.client(server, name, how)
  how = how or {}
  local via = how.via or "upgrade"
  local self = setmetatable({ name = name, server = server, how = how, via = via }, client)
  self:connects()
  clients[#clients + 1] = self
  return self
end

function client:connects()
  local link, why = mu.client.connect {
    host = "127.0.0.1", port = self.server:port(self.how.door or DOORS[self.via]), via = self.via,
    headers = self.how.headers,
  }
  if not link then self:fails("cannot connect by %s: %s", self.via, why) end
  self.link = link
end

function client:fails(format, ...)
  play.fails("%s: %s", self.name, format:format(...))
end

-- Runs fn without steps: for what leads up to a scene and is another play's matter, so that the reload mode does not
-- reload hundreds of times for it.
function play.without_steps(fn)
  local before = steps_off
  steps_off = true
  fn()
  steps_off = before
end

-- Sends a request and waits for nothing.
function client:sends(name, body)
  if not steps_off then mu.test.step() end
  return self.link:send(name, body or {})
end

-- Sends a request without a body by its numbers: for what no script answers.
function client:calls(name)
  local component, command = name:match "^(%w+)%.(%w+)$"
  local entry = components[component]
  self.link:raw((">I2I2I2I2I2I2"):pack(0, entry.id, entry.commands[command], 0, 0, 1))
end

function client:raw(bytes)
  self.link:raw(bytes)
end

-- The next message, which must be as expected.
function client:receives(expected)
  local message = self.link:receive(RECEIVE_SECONDS)
  if not message then self:fails("expected %s, but nothing came", play.show(expected)) end
  local difference = match.difference(expected, message, message.name or "message")
  if difference then self:fails("%s %s is not as expected:\n  %s", message.kind, message.name, difference) end
  return message.body
end

-- The next message, whatever it is.
function client:next()
  return self.link:receive(RECEIVE_SECONDS) or self:fails "expected a message, but nothing came"
end

-- Whatever the server had to tell this client stands before the answers to three pings: a look of which no clock knows.
function client:receives_nothing()
  for _ = 1, 3 do
    local number  = self.link:send("Util.ping", {})
    local message = self:next()
    if message.kind ~= "response" or message.number ~= number then
      self:fails("expected nothing, got %s", play.show(message))
    end
  end
end

-- Sends a request; the next message must be its answer. Returns the answer's body.
function client:asks(name, body, expected)
  self:sends(name, body)
  return self:receives { kind = "response", name = name, body = expected }
end

-- Sends a request that must be refused with this error.
function client:is_refused(name, body, fault, expected)
  self:sends(name, body)
  return self:receives { kind = "error", name = name, error = fault, body = expected }
end

function client:is_notified(name, expected)
  return self:receives { kind = "notification", name = name, body = expected }
end

-- The server must end the connection, after whatever is still on its way.
function client:is_disconnected()
  for _ = 1, 100 do
    if not self.link:receive(RECEIVE_SECONDS) then break end
  end
  if not self.link.closed then self:fails "expected the connection to end" end
end

function client:leaves()
  self.link:close()
end

function client:comes_back()
  self:leaves()
  self:connects()
end

return play
