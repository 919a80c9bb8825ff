-- components/messaging.lua: the inbox of the main menu.
local messaging = mu.component "Messaging"
local config    = mu.config
local schema    = require "schema.messaging"
local lines     = require "configs.menu"
local network   = require "services.network"
local sessions  = require "services.sessions"

local USER_SESSIONS, USER = 0x7802, 1            -- a player as an object: component, type, id
local DEFAULT_MESSAGE     = 1

local NotifyMessage = messaging.notification "NotifyMessage" { body = schema.ServerMessage }

local function filled(line, session)
  local now = mu.time.unix()
  local values = {
    server = config.server.name, version = mu.version, name = session.player.name, ip = network.address(session),
    online = sessions.players_online(), date = os.date("!%Y-%m-%d", now), time = os.date("!%H:%M:%S", now),
  }
  return (line:gsub("{(%l+)}", values)) .. "\n"
end

local function message(number, line, session)
  local player = { USER_SESSIONS, USER, session.player.id }
  return {
    flags   = DEFAULT_MESSAGE, id = number, text = filled(line, session), source = player, time = mu.time.unix(),
    payload = {
      attributes = { B0000 = "160" }, flags = DEFAULT_MESSAGE, status = 0, tag = 0, target = player, type = 0,
    },
  }
end

-- The answer is how many messages follow; they follow as notifications.
messaging.fetchMessages {
  login    = true,
  request  = schema.MessageFilter,
  response = schema.MessageCount,
  handle   = function(session)
    for number, line in ipairs(lines) do session:notify(NotifyMessage, message(number, line, session)) end
    return { count = #lines }
  end,
}

-- Nothing is stored: there is nothing to purge, to mark as read or to list, and nobody writes to anybody.
local function none() return { count = 0 } end

messaging.purgeMessages { login = true, request = schema.MessageFilter, response = schema.MessageCount, handle = none }
messaging.touchMessages { login = true, request = schema.MessageFilter, response = schema.MessageCount, handle = none }
messaging.getMessages   { login = true, request = schema.MessageFilter, handle = function() end }
messaging.sendMessage   { login = true, request = schema.ClientMessage, handle = function() end }
