-- services/messages.lua: lines of text that appear in a game's main menu (reference 02 §8): the greeting of
-- configs/menu.lua, and what the operator says.
local config   = mu.config
local schema   = require "schema.messaging"
local network  = require "services.network"
local sessions = require "services.sessions"

local messaging = mu.component "Messaging"

local USER_SESSIONS, USER = 0x7802, 1            -- a player as an object: component, type, id
local DEFAULT_MESSAGE     = 1

local NotifyMessage = messaging.notification "NotifyMessage" { body = schema.ServerMessage }

local messages = {}

-- A line as the player of this session reads it: {server}, {version}, {name}, {ip}, {online}, {date}, {time}.
function messages.filled(line, session)
  local now = mu.time.unix()
  local values = {
    server = config.server.name, version = mu.version, name = session.player.name, ip = network.address(session),
    online = sessions.players_online(), date = os.date("!%Y-%m-%d", now), time = os.date("!%H:%M:%S", now),
  }
  return (line:gsub("{(%l+)}", values))
end

-- Shows one line to the player of this session. `number` tells several apart; the same one again replaces nothing.
function messages.send(session, number, text)
  local player = { USER_SESSIONS, USER, session.player.id }
  session:notify(NotifyMessage, {
    flags   = DEFAULT_MESSAGE, id = number, text = text .. "\n", source = player, time = mu.time.unix(),
    payload = {
      attributes = { B0000 = "160" }, flags = DEFAULT_MESSAGE, status = 0, tag = 0, target = player, type = 0,
    },
  })
end

return messages
