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

local function check(number, message)
  local where = ("message %d of configs/me3_msg.lua: "):format(number)
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

local function prepare(number, message)
  check(number, message)
  local names = message.players and {}
  for _, name in ipairs(message.players or {}) do names[name:lower()] = true end
  local prepared = {
    type = TYPES[message.type] or message.type, title = message.title and texts(message.title) or {},
    text = texts(message.text), image = message.image, priority = message.priority or 1,
    tracking_id = message.tracking_id, date = message.until_date, names = names,
    ends = message.until_date and end_of(message.until_date),
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

-- The config source of a list of messages: see configs/init.lua.
function promo.messages(list)
  local messages, personal = {}, false
  for number, message in ipairs(list) do
    messages[number] = prepare(number, message)
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

  return source
end

return promo
