-- console/say.lua: a word from the operator, into the players' menus.
local messages = require "services.messages"
local sessions = require "services.sessions"

mu.section "say" { text = "messages to players" }

local MOST_TEXT = 1000

-- Numbers of their own, so that no two lines of a menu have the same.
local FIRST_NUMBER = 1000

mu.command "say" {
  text    = "shows a line of text to one player or to all, in the menu",
  params  = "audience: audience, text: rest",
  changes = true,
  example = "say all The server restarts in ten minutes.",
  handle  = function(caller, audience, text)
    if #text > MOST_TEXT then
      return nil, ("a message has at most %d bytes; this one has %d"):format(MOST_TEXT, #text)
    end
    local number, reached = FIRST_NUMBER + mu.time.unix() % 1000000, 0
    local function tell(player)
      if not player.session then return end
      messages.send(player.session, number, text)
      reached = reached + 1
    end
    if audience == "all" then
      for player in sessions.players() do tell(player) end
    else
      tell(audience)
    end
    return ("said to %d player%s"):format(reached, reached == 1 and "" or "s")
  end,
}
