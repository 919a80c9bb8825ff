-- console/promo.lua: the messages of the main menu, as games get them.
local messages = require "configs.me3_msg"

mu.section "promo" { text = "the messages of the main menu (configs/me3_msg.lua)" }

local TYPES = { [0] = "news", "ticker", [8] = "store" }

local function one_line(text)
  return text and text:gsub("<[^>]*>", ""):gsub("%s+", " ") or ""
end

local function shown(message)
  return TYPES[message.type] or message.type, one_line(message.title), one_line(message.text)
end

local NO_LIST = "configs/me3_msg.lua is not made with promo.messages: what it holds is only known when a game asks"

mu.command "promo list" {
  text   = "every message that is declared, and where",
  handle = function(caller)
    if not messages.preview then return nil, NO_LIST end
    local rows = {}
    for i, message in ipairs(messages.preview()) do
      local type, title, text = shown(message)
      rows[i] = { i, type, message.priority, message.until_date or "-", title, text, message.place }
    end
    return { columns = { "no", "type", "priority", "until", "title", "text", "declared at" }, rows = rows }
  end,
}

mu.command "promo preview" {
  text    = "what a player would see, what not and why, and where each message is declared",
  params  = "player: viewer",
  example = "promo preview nobody",
  handle  = function(caller, viewer)
    if not messages.preview then return nil, NO_LIST end
    local rows, seen = {}, 0
    for i, message in ipairs(messages.preview(not viewer.nobody and viewer or nil)) do
      local type, title, text = shown(message)
      if not message.hidden then seen = seen + 1 end
      rows[i] = { message.hidden or "shown", type, message.priority, title, text, message.image or "-",
                  message.place }
    end
    return {
      columns = { "state", "type", "priority", "title", "text", "image", "declared at" }, rows = rows,
      note = ("%s sees %d of %d"):format(viewer.nobody and "a game before login" or viewer.name, seen, #rows),
    }
  end,
}
