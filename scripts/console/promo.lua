-- console/promo.lua: the messages of the main menu, as games get them; adding some, and changing those that were added.
local format = require "console.format"
local offers = require "console.offers"
local promos = require "services.promos"

mu.section "promo" { text = "the messages of the main menu: configs/me3_msg.lua, and what is added here" }

local TYPES   = { [0] = "news", "ticker", [8] = "store" }
local NUMBERS = { news = "news", ticker = "ticker", store = "store" }
local PLAIN   = { image = "image", priority = "priority", tracking = "tracking_id" }
local OPTIONS = "title?: string, language?: string, image?: string, priority?: integer, tracking?: integer, "
  .. "anyway?: boolean, " .. offers.OPTIONS

local function one_line(text)
  return text and text:gsub("<[^>]*>", ""):gsub("%s+", " ") or ""
end

local function shown(message)
  return TYPES[message.type] or message.type, one_line(message.title), one_line(message.text)
end

mu.command "promo list" {
  text   = "every message, and where it is declared or who added it",
  handle = function()
    local rows = {}
    for i, message in ipairs(promos.preview()) do
      local type, title, text = shown(message)
      rows[i] = { message.id, type, message.priority, message.from_date or "-", message.until_date or "-", title, text,
                  message.place }
    end
    return { columns = { "id", "type", "priority", "from", "until", "title", "text", "declared at" }, rows = rows }
  end,
}

mu.command "promo preview" {
  text    = "what a player would see, what not and why, where each message is declared, and whether its picture works",
  params  = "player: viewer",
  example = "promo preview nobody",
  handle  = function(caller, viewer)
    local rows, seen = {}, 0
    for i, message in ipairs(promos.preview(not viewer.nobody and viewer or nil)) do
      local type, title, text = shown(message)
      local image = message.image or "-"
      if message.image then
        local picture, why = mu.content.picture(message.image)
        if not picture then image = ("%s (%s)"):format(image, why) end
      end
      if not message.hidden then seen = seen + 1 end
      rows[i] = { message.hidden or "shown", type, message.priority, title, text, image, message.id, message.place }
    end
    return {
      columns = { "state", "type", "priority", "title", "text", "image", "id", "declared at" }, rows = rows,
      note = ("%s sees %d of %d"):format(viewer.nobody and "a game before login" or viewer.name, seen, #rows),
    }
  end,
}

local function type_of(word) return NUMBERS[word] or math.tointeger(tonumber(word)) or word end

-- Options onto fields ------------------------------------------------------------------------------------------------

-- Texts in one language: what is said without one is English.
local function put_text(fields, key, text, language)
  local texts = type(fields[key]) == "table" and fields[key] or { en = fields[key] }
  texts[language or "en"] = text
  fields[key] = texts
end

local function apply(fields, text, options)
  if text and text ~= "" then put_text(fields, "text", text, options.language) end
  if options.title then put_text(fields, "title", options.title, options.language) end
  offers.apply(fields, options, PLAIN)
end

mu.command "promo add" {
  text    = "adds a message (type news, ticker or store); lists are a,b; levels are from-to; --language is that of its "
         .. "texts; --anyway takes a picture that is not there",
  params  = "type: string, text: rest",
  options = OPTIONS,
  changes = true,
  example = "promo add news --title \"Weekend\" --until 2027-03-10 --countries DE,AT Double credits on all maps.",
  handle  = function(caller, type, text, options)
    local fields = { type = type_of(type) }
    if options.language and options.language ~= "en" then put_text(fields, "text", text, "en") end
    apply(fields, text, options)
    local id, fault = promos.add(fields, caller.name, options.anyway)
    if not id then return nil, fault end
    return ("added as %d"):format(id)
  end,
}

mu.command "promo edit" {
  text    = "changes an added message: its text when one is given, and what the options say; --clear takes fields away",
  params  = "id: string, text?: rest",
  options = OPTIONS .. ", type?: string",
  changes = true,
  example = "promo edit 3 --language de --title \"Wochenende\" Doppelte Credits auf allen Karten.",
  handle  = function(caller, id, text, options)
    local done, fault = promos.edit(id, function(fields)
      if options.type then fields.type = type_of(options.type) end
      apply(fields, text, options)
    end, caller.name, options.anyway)
    if not done then return nil, fault end
  end,
}

mu.command "promo remove" {
  text    = "removes an added message",
  params  = "id: string",
  changes = true,
  example = "promo remove 3",
  handle  = function(caller, id)
    local done, fault = promos.remove(id)
    if not done then return nil, fault end
  end,
}

mu.command "promo show" {
  text    = "an added message with all its fields",
  params  = "id: string",
  example = "promo show 3",
  handle  = function(caller, id)
    local entry = promos.find(id)
    if not entry then return nil, ("there is no message '%s'; `promo list` shows their ids"):format(id) end
    if entry.file then return ("message %s is declared at %s"):format(id, entry.file) end
    return format.sheet { { "added by", entry.who }, { "changed", format.when(entry.changed) },
                          { "revision", entry.revision }, { "fields", mu.json.encode(entry.fields) } }
  end,
}
