-- configs/promo.lua: turns a list of messages (me3_msg.lua) into the map ME3_MSG that the game reads.
--
-- Before login the game gets what is for everybody. After login it asks again, and messages for one player, or with
-- {name} in their text, come along.
local config = mu.config

local TYPES     = { news = 0, ticker = 1, store = 8 }
local LANGUAGES = { "de", "es", "fr", "it", "ja", "pl", "ru" }
local KEYS      = { type = true, title = true, text = true, image = true, priority = true, tracking_id = true,
                    until_date = true, players = true }
local DAY       = 86400

local promo = {}

-- Reading a message --------------------------------------------------------------------------------------------------

-- Unix time of the end of a day "2027-03-10", counted in UTC (days since 1970 by the civil calendar).
local function end_of(date)
  local year, month, day = date:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  if not year then return nil end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if month < 1 or month > 12 or day < 1 or day > 31 then return nil end
  local y = month > 2 and year or year - 1
  local m = month > 2 and month - 3 or month + 9
  local days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 719469
  return (days + 1) * DAY
end

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

local function check(number, place, message)
  local where = ("%s: message %d: "):format(place, number)
  for key in pairs(message) do
    if not KEYS[key] then error(where .. ("there is no '%s'"):format(key), 0) end
  end
  if not (TYPES[message.type] or math.type(message.type) == "integer") then
    error(where .. "type must be \"news\", \"ticker\", \"store\" or a number", 0)
  end
  if not message.text then error(where .. "text is missing", 0) end
  if message.until_date and not end_of(message.until_date) then
    error(where .. "until_date must be a day like \"2027-03-10\"", 0)
  end
end

local function prepare(number, place, message)
  check(number, place, message)
  local names = message.players and {}
  for _, name in ipairs(message.players or {}) do names[name:lower()] = true end
  local prepared = {
    type = TYPES[message.type] or message.type, title = message.title and texts(message.title) or {},
    text = texts(message.text), image = message.image, priority = message.priority or 1,
    tracking_id = message.tracking_id, date = message.until_date, names = names,
    ends = message.until_date and end_of(message.until_date), place = place,
  }
  prepared.personal = names ~= nil or mentions_name(prepared)
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
  if message.date then map[key .. "endDate"] = message.date:gsub("^(%d+)%-(%d+)%-(%d+)$", "%3:%2:%1") end
  map[key .. "image"] = message.image
  put_texts(map, key .. "message", message.text, player)
  map[key .. "priority"] = tostring(message.priority)
  put_texts(map, key .. "title", message.title, player)
  map[key .. "trackingId"] = message.tracking_id and tostring(message.tracking_id)
  map[key .. "type"] = tostring(message.type)
end

local function is_for(message, player)
  if not message.personal then return true end
  return player ~= nil and (not message.names or message.names[player.name:lower()] == true)
end

-- Where a message is declared: "scripts/configs/me3_msg.lua:15", so that whoever sees it finds it.
local function place_of(file, lines, number)
  if not file then return "a list of messages" end
  return lines[number] and ("%s:%d"):format(file, lines[number]) or file
end

-- Why somebody does not see a message, or nil: he does. `player` may be nil: nobody has logged in yet.
local function hidden(message, player)
  if message.ends and config.promos.hide_expired and message.ends <= mu.time.unix() then
    return "over since " .. message.date
  end
  if is_for(message, player) then return nil end
  return player and "for other players" or "only after login"
end

-- The config source of a list of messages: see configs/init.lua.
function promo.messages(declared)
  local messages, personal = {}, false
  local file, lines = mu.inspect.entry_lines "messages"
  for number, message in ipairs(declared) do
    messages[number] = prepare(number, place_of(file, lines, number), message)
    personal = personal or messages[number].personal
  end

  local source = {}

  function source.personal(session)
    return personal and session.player ~= nil
  end

  -- Also says for how many seconds it stays right: until the next message ends.
  function source.render(session)
    local map, number, now, seconds = {}, 0, mu.time.unix(), nil
    for _, message in ipairs(messages) do
      local left = message.ends and config.promos.hide_expired and message.ends - now
      if (not left or left > 0) and is_for(message, session.player) then
        number = number + 1
        put(map, number, message, session.player)
        if left then seconds = math.min(seconds or left, left) end
      end
    end
    return map, seconds
  end

  -- What a player (nil: before login) is shown and what not, message by message, for the operator.
  function source.preview(player)
    local list = {}
    for number, message in ipairs(messages) do
      list[number] = {
        place = message.place, type = message.type, priority = message.priority, image = message.image,
        hidden = hidden(message, player), title = message.title.en and fill(message.title.en, player),
        text = message.text.en and fill(message.text.en, player), until_date = message.date,
      }
    end
    return list
  end

  return source
end

return promo
