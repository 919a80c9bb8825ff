-- configs/promo.lua: turns a list of messages (me3_msg.lua) into the map ME3_MSG that the game reads.
--
-- Before login the game gets what is for everybody. After login it asks again, and messages for one player, or with
-- {name} in their text, come along.
local audience = require "services.audience"
local config   = mu.config
local schedule = require "services.schedule"

local TYPES     = { news = 0, ticker = 1, store = 8 }
local LANGUAGES = { "de", "es", "fr", "it", "ja", "pl", "ru" }
local KEYS      = { type = true, title = true, text = true, image = true, priority = true, tracking_id = true }

local promo = { LANGUAGES = LANGUAGES }

-- Reading a message --------------------------------------------------------------------------------------------------

local function texts(value)
  if type(value) == "table" then return value end
  return { en = value }
end

local function mentions_name(message)
  for _, field in ipairs { message.title, message.text } do
    for _, text in pairs(field) do
      if text:find("{name}", 1, true) then return true end
    end
  end
  return false
end

local function text_fault(key, value)
  if type(value) == "string" then return nil end
  if type(value) ~= "table" then return key .. " must be a text, or one for each language" end
  for language, text in pairs(value) do
    local known = language == "en"
    for _, code in ipairs(LANGUAGES) do known = known or code == language end
    if not known then return ("%s: the game has no language '%s'"):format(key, tostring(language)) end
    if type(text) ~= "string" then return ("%s: what is said in '%s' must be a text"):format(key, language) end
  end
  if not value.en then return key .. ": the English one is missing; it is shown where another one is" end
end

local function number_fault(message)
  for _, key in ipairs { "priority", "tracking_id" } do
    local value = message[key]
    if value ~= nil and (math.type(value) ~= "integer" or value < 0 or value > 0xFFFFFFFF) then
      return key .. " must be a whole number"
    end
  end
end

-- What is wrong with a message, in a sentence; nil: nothing.
function promo.fault(message)
  for key in pairs(message) do
    if not (KEYS[key] or schedule.KEYS[key] or audience.KEYS[key]) then return ("there is no '%s'"):format(key) end
  end
  if not (TYPES[message.type] or math.type(message.type) == "integer") then
    return "type must be \"news\", \"ticker\", \"store\" or a number"
  end
  if not message.text then return "text is missing" end
  local fault = text_fault("text", message.text) or message.title and text_fault("title", message.title)
                or number_fault(message)
  if fault then return fault end
  if message.image ~= nil and not (type(message.image) == "string" and message.image:match "^[%w._/-]+$") then
    return "image must be the name of a picture below assets/content/"
  end
  local times, wrong = schedule.read(message)
  if not times then return wrong end
  local meant
  meant, wrong = audience.read(message)
  if meant == nil then return wrong end
end

local function prepare(number, place, message)
  local fault = promo.fault(message)
  if fault then error(("%s: message %d: %s"):format(place, number, fault), 0) end
  local prepared = {
    type = TYPES[message.type] or message.type, title = message.title and texts(message.title) or {},
    text = texts(message.text), image = message.image, priority = message.priority or 1,
    tracking_id = message.tracking_id, date = message.until_date, from = message.from_date,
    times = schedule.read(message), audience = audience.read(message), place = place,
  }
  prepared.personal = prepared.audience and true or mentions_name(prepared)
  return prepared
end

-- Writing it ---------------------------------------------------------------------------------------------------------

local function fill(text, player)
  return (text:gsub("{(%l+)}", { server = config.server.name, name = player and player.name }))
end

local function put_texts(map, key, list, player)
  local english = list.en
  if not english then return end
  map[key] = fill(english, player)
  for _, language in ipairs(LANGUAGES) do
    map[key .. "_" .. language] = fill(list[language] or english, player)
  end
end

local function put(map, number, message, player)
  local key = ("MSG_%d_"):format(number)
  if message.date then map[key .. "endDate"] = message.date:gsub("^(%d+)%-(%d+)%-(%d+).*$", "%3:%2:%1") end
  map[key .. "image"] = message.image
  put_texts(map, key .. "message", message.text, player)
  map[key .. "priority"] = tostring(message.priority)
  put_texts(map, key .. "title", message.title, player)
  map[key .. "trackingId"] = message.tracking_id and tostring(message.tracking_id)
  map[key .. "type"] = tostring(message.type)
end

-- Where a message is declared: "scripts/configs/me3_msg.lua:15", so that whoever sees it finds it.
local function place_of(file, lines, number)
  if not file then return "a list of messages" end
  return lines[number] and ("%s:%d"):format(file, lines[number]) or file
end

-- Why somebody does not see a message, or nil: he does; and the seconds until that may change, or nil. `player` may be
-- nil: nobody has logged in yet.
local function hidden(message, player, now)
  local on, seconds = schedule.is_on(message.times, now)
  if not on and seconds then return "not before " .. message.from, seconds end
  if not on and config.promos.hide_expired then return "over since " .. message.date end
  if message.personal and not player then return "only after login", seconds end
  return audience.misses(message.audience, player and audience.of(player)), seconds
end

-- The config source of prepared messages: see configs/init.lua.
local function source_of(messages)
  local source, personal = {}, false
  for _, message in ipairs(messages) do personal = personal or message.personal end

  function source.personal(session)
    return personal and session.player ~= nil
  end

  -- Adds what this session is to see to `map`, behind the `number` messages that are there; says for how many seconds
  -- that stays right.
  function source.add(map, number, session)
    local now, seconds = mu.time.unix(), nil
    for _, message in ipairs(messages) do
      local reason, left = hidden(message, session.player, now)
      if left then seconds = math.min(seconds or left, left) end
      if not reason then
        number = number + 1
        put(map, number, message, session.player)
      end
    end
    return seconds
  end

  function source.render(session)
    local map = {}
    return map, source.add(map, 0, session)
  end

  -- What a player (nil: before login) is shown and what not, message by message, for the operator.
  function source.preview(player)
    local list, now = {}, mu.time.unix()
    for number, message in ipairs(messages) do
      list[number] = {
        place = message.place, type = message.type, priority = message.priority, image = message.image,
        hidden = hidden(message, player, now), title = message.title.en and fill(message.title.en, player),
        text = message.text.en and fill(message.text.en, player), until_date = message.date,
        from_date = message.from,
      }
    end
    return list
  end

  return source
end

-- Of messages that a file declares.
function promo.messages(declared)
  local messages = {}
  local file, lines = mu.inspect.entry_lines "messages"
  for number, message in ipairs(declared) do
    messages[number] = prepare(number, place_of(file, lines, number), message)
  end
  return source_of(messages)
end

-- Of messages that were added while the server ran: list of { place =, fields = }. One that has become wrong (another
-- version of the server) is left out and named in the log.
function promo.added(list)
  local messages = {}
  for number, item in ipairs(list) do
    local fine, message = pcall(prepare, number, item.place, item.fields)
    if fine then messages[#messages + 1] = message else mu.log.warn("%s", message) end
  end
  return source_of(messages)
end

return promo
