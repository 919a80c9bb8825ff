-- components/messaging.lua: the inbox of the main menu.
local messaging = mu.component "Messaging"
local schema    = require "schema.messaging"
local mail      = require "services.mail"
local menu      = require "services.menu"
local messages  = require "services.messages"

-- The answer is how many messages follow; they follow as notifications.
messaging.fetchMessages {
  login    = true,
  request  = schema.MessageFilter,
  response = schema.MessageCount,
  handle   = function(session)
    local lines, waits = menu.lines(session), mail.take(session.player)
    if not session.player then return { count = 0 } end          -- he has logged out meanwhile
    for number, line in ipairs(lines) do messages.send(session, number, messages.filled(line, session)) end
    for _, one in ipairs(waits) do messages.send(session, one.number, messages.filled(one.text, session)) end
    return { count = #lines + #waits }
  end,
}

-- Nothing is stored: there is nothing to purge, to mark as read or to list, and nobody writes to anybody.
local function none() return { count = 0 } end

messaging.purgeMessages { login = true, request = schema.MessageFilter, response = schema.MessageCount, handle = none }
messaging.touchMessages { login = true, request = schema.MessageFilter, response = schema.MessageCount, handle = none }
messaging.getMessages   { login = true, request = schema.MessageFilter, handle = function() end }
messaging.sendMessage   { login = true, request = schema.ClientMessage, handle = function() end }
