-- lib/tunnel.lua: the tunnel of a player's machine, as the Pocket Relay client has it: by UDP or inside HTTP.
--
--   local socket = tunnel.udp(server, client)          initiated, with client.association as its token
--   socket:says(1, "hello")                            to whoever has index 1
--   socket:hears(0, "hello")                           from whoever has index 0
local play = require "plays.lib.play"

local INITIATE <const>, INITIATED, FORWARD, KEEP_ALIVE, NUDGE = 0, 1, 2, 3, 0xFF
local NO_ID      = 0xFFFFFFFF
local SECONDS    = 60                            -- patience, not a measure

local tunnel = { KEEP_ALIVE = KEEP_ALIVE, NUDGE = NUDGE, FORWARD = FORWARD }

-- A port that is free now, and that the system gives to nobody by itself. For a server that is to have the same one
-- after a restart.
function tunnel.free_port()
  for _ = 1, 100 do
    local port = math.random(20000, 32000)
    local fine, socket = pcall(mu.test.udp, port)
    if fine then
      socket:close()
      return port
    end
  end
  play.fails "no port is free"
end

-- A config with every door and one for tunnels.
function tunnel.config(port, more)
  return ([[
return {
  listeners = {
    { name = "http",      address = "127.0.0.1", port = 0, protocols = { "http", "blaze" } },
    { name = "telemetry", address = "127.0.0.1", port = 0, telemetry = true },
    { name = "tunnel",    address = "127.0.0.1", port = %d, tunnel = true },
    %s
  },
}
]]):format(port or 0, more or "")
end

-- The look-up of a client: its association token, and the port it is told.
function tunnel.look_up(server)
  local found = mu.http_client.get(("http://127.0.0.1:%d/api/server"):format(server:port "http")).body
  local answer = mu.json.decode(found)
  return answer.association, answer.tunnel_port
end

-- UDP ----------------------------------------------------------------------------------------------------------------

local udp = {}
udp.__index = udp

function tunnel.udp(server, token, port)
  local self = setmetatable({ socket = mu.test.udp(), port = port or server:port "tunnel", token = token }, udp)
  self:initiates()
  return self
end

function udp:raw(bytes) self.socket:send(bytes, self.port) end

-- The next message: type, id, body.
function udp:next(seconds)
  local bytes = self.socket:receive(seconds or SECONDS)
  if not bytes then return nil end
  local version, id, kind = (">BI4B"):unpack(bytes)
  play.equal(1, version, "version")
  return kind, id, bytes:sub(7)
end

-- The next message that is no keep-alive; those are answered on the way, as every client does.
function udp:next_but_keep_alive(seconds)
  local kind, id, body
  repeat
    kind, id, body = self:next(seconds)
    if kind == KEEP_ALIVE then self:keeps_alive(id) end
  until kind ~= KEEP_ALIVE
  return kind, id, body
end

function udp:initiates()
  self:raw((">BI4Bs2"):pack(1, NO_ID, INITIATE, self.token))
  local kind, id, body
  repeat kind, id, body = self:next() until kind ~= KEEP_ALIVE and kind ~= FORWARD
  play.equal(INITIATED, kind, "the answer to Initiate")
  play.equal(id, (">I4"):unpack(body), "the id in the body")
  self.id = id
end

function udp:datagram(index, payload) return (">BI4BBs2"):pack(1, self.id, FORWARD, index, payload) end

function udp:says(index, payload) self:raw(self:datagram(index, payload)) end

function udp:keeps_alive(id) self:raw((">BI4B"):pack(1, id or self.id, KEEP_ALIVE)) end

function udp:hears(index, payload)
  local kind, id, body = self:next_but_keep_alive()
  play.equal(FORWARD, kind, "what came for " .. payload)
  local from, text = (">Bs2"):unpack(body)
  play.equal({ index, payload, self.id }, { from, text, id }, "sender, payload and id")
end

function udp:hears_nothing(seconds)
  local kind, _, body = self:next_but_keep_alive(seconds or 0.1)
  if kind then play.fails("expected nothing, got a message of type %d: %s", kind, body) end
end

-- The same tunnel from another port, as after a router has given its machine a new one.
function udp:moves()
  self.socket:close()
  self.socket = mu.test.udp()
end

-- HTTP ---------------------------------------------------------------------------------------------------------------

local http = {}
http.__index = http

function tunnel.http(server, token, room)
  local self = setmetatable({ socket = mu.test.tcp(server:port "http", room), bytes = "" }, http)
  self.socket:send("GET /api/server/tunnel HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: tunnel\r\n" ..
                   "x-association: " .. token .. "\r\n\r\n")
  local head
  repeat
    self:more()
    head = self.bytes:match "^(.-\r\n\r\n)"
  until head
  self.bytes = self.bytes:sub(#head + 1)
  play.equal(play.text "^HTTP/1.1 101 ", head, "the answer of the tunnel's door")
  play.equal(play.text "\r\nupgrade: tunnel\r\n", head:lower(), "the answer of the tunnel's door")
  return self
end

function http:more(seconds)
  local bytes = self.socket:receive(seconds or SECONDS)
  if not bytes or bytes == "" then return false end
  self.bytes = self.bytes .. bytes
  return true
end

-- The next frame: index, payload; nil when none comes. As shipped clients read it: nothing before five bytes are there.
function http:next(seconds)
  while true do
    if #self.bytes >= 5 then
      local index, length = (">BI2"):unpack(self.bytes)
      if #self.bytes >= 3 + length then
        local payload = self.bytes:sub(4, 3 + length)
        self.bytes = self.bytes:sub(4 + length)
        return index, payload
      end
    end
    if not self:more(seconds) then return nil end
  end
end

function http:says(index, payload) self.socket:send((">Bs2"):pack(index, payload)) end

function http:hears(index, payload)
  local from, text
  repeat from, text = self:next() until from ~= 255
  play.equal({ index, payload }, { from, text }, "sender and payload")
end

return tunnel
