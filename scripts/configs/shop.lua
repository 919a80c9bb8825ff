-- configs/shop.lua: turns the catalogue of me3_dime.lua into the XML that the game reads.
local audience = require "services.audience"
local schedule = require "services.schedule"
local xml      = require "configs.xml"

local GAME = {
  name = "string", store = "integer", category = "integer", group = "string", money_catalog = "integer",
  points_catalog = "integer", currency = "string", checkout = "string", success = "string", failure = "string",
}
local PACK     = { id = "integer", name = "string", offer = "string", tag = "string" }
local OPTIONAL = { item = "string", sold = "boolean", advertised = "boolean" }
local THE_GAME = "0"                             -- its index among the catalogue's games

local shop = {}

-- What is wrong with a row, in a sentence; nil: nothing.
local function fault_of(row, needed, optional)
  for key, value in pairs(row) do
    local wanted = needed[key] or optional[key]
    if not (wanted or optional == OPTIONAL and (schedule.KEYS[key] or audience.KEYS[key])) then
      return ("there is no '%s'"):format(key)
    end
    if wanted and math.type(value) ~= wanted and type(value) ~= wanted then
      return ("%s must be %s %s"):format(key, wanted == "integer" and "an" or "a", wanted)
    end
  end
  for key in pairs(needed) do
    if row[key] == nil then return key .. " is missing" end
  end
end

-- The same of a pack.
function shop.fault(pack)
  local fault = fault_of(pack, PACK, OPTIONAL)
  if fault then return fault end
  if pack.id < 0 or pack.id > 0xFFFFFFFF then return "id must be a number of 32 bits" end
  for _, key in ipairs { "name", "offer", "tag", "item" } do
    if pack[key] and not utf8.len(pack[key]) then return key .. " is no UTF-8" end
  end
  local times, wrong = schedule.read(pack)
  if not times then return wrong end
  local meant
  meant, wrong = audience.read(pack)
  if meant == nil then return wrong end
end

local function check_packs(packs)
  local seen = {}
  for number, pack in ipairs(packs) do
    local where = ("pack %d of configs/me3_dime.lua"):format(number)
    local fault = shop.fault(pack)
    if fault then error(("%s: %s"):format(where, fault), 0) end
    if seen[pack.id] then error(("%s: pack %d has the same id"):format(where, seen[pack.id]), 0) end
    seen[pack.id] = number
  end
end

local function flag(value) return value == false and "false" or "true" end

local function game_element(game)
  return xml.block("game", {
    xml.line("index", THE_GAME),
    xml.line("name", game.name),
    xml.block("pc", {
      xml.line("storeId", game.store),
      xml.line("catalogIdRealCurrency", game.money_catalog),
      xml.line("catalogIdVirtualCurrency", game.points_catalog),
      xml.line("categoryId", game.category),
      xml.line("groupName", game.group),
      xml.line("lockboxURL", game.checkout),
      xml.line("successURL", game.success),
      xml.line("failURL", game.failure),
      xml.line("virtualCurrency", game.currency),
    }),
  })
end

local function pack_element(pack)
  return xml.line("consumable", {
    xml.line("uniqueId", ("0x%X"):format(pack.id)),
    xml.line("name", pack.name),
    xml.line("gameIndex", THE_GAME),
    xml.line "metaData",
    xml.line("pc", {
      xml.line("offerId", pack.offer),
      xml.line("purchaseable", flag(pack.sold)),
      xml.line("advertise", flag(pack.advertised)),
      xml.line("itemId", pack.item or pack.offer),
      xml.line("entitlementTag", pack.tag),
      xml.line("useVirtualCurrency", "true"),
      xml.line("groupNameIndex", "0"),
    }),
    xml.line("dimeVersion", "0"),
  })
end

local function document(game, elements)
  return xml.document(xml.block("dime", {
    xml.line("configFormatVersion", "1"),
    xml.line("fileVersion", "1"),
    xml.block("games", { game_element(game), xml.line("primaryGameIndex", THE_GAME) }),
    xml.block("content", { xml.block("consumables", elements) }),
  }, {
    { "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance" },
    { "xsi:noNamespaceSchemaLocation", "dimecfg.xsd" },
  }))
end

-- The text of a catalogue { game = …, packs = { … } } with all its packs.
function shop.text(catalogue)
  local fault = fault_of(catalogue.game, GAME, {})
  if fault then error("game of configs/me3_dime.lua: " .. fault, 0) end
  check_packs(catalogue.packs)
  local elements = {}
  for i, pack in ipairs(catalogue.packs) do elements[i] = pack_element(pack) end
  return document(catalogue.game, elements)
end

-- A pack made ready for shop.catalogue's source.build: it must be fine (shop.fault).
function shop.prepare(pack, place)
  local meant = audience.read(pack)
  return { fields = pack, place = place, element = pack_element(pack), times = schedule.read(pack), audience = meant,
           personal = meant and true }
end

-- Why somebody does not see a pack, or nil: he does; and the seconds until that may change. As for messages.
function shop.hidden(pack, player, now)
  local on, seconds = schedule.is_on(pack.times, now)
  if not on and seconds then return "not before " .. pack.fields.from_date, seconds end
  if not on then return "over since " .. pack.fields.until_date end
  return audience.misses(pack.audience, player and audience.of(player)), seconds
end

-- The config source of a catalogue: see configs/init.lua.
function shop.catalogue(catalogue)
  shop.text(catalogue)                           -- all of it is checked, whoever sees it
  local source, personal = { packs = {} }, false
  local file, lines = mu.inspect.entry_lines "packs"
  for i, pack in ipairs(catalogue.packs) do
    local place = file and lines[i] and ("%s:%d"):format(file, lines[i]) or file or "a catalogue"
    source.packs[i] = shop.prepare(pack, place)
    personal = personal or source.packs[i].personal
  end

  function source.personal(session)
    return personal and session.player ~= nil
  end

  -- With `added` prepared packs behind those of the file.
  function source.build(session, added)
    local elements, seconds, now = {}, nil, mu.time.unix()
    for _, list in ipairs { source.packs, added } do
      for _, pack in ipairs(list) do
        local reason, left = shop.hidden(pack, session.player, now)
        if left then seconds = math.min(seconds or left, left) end
        if not reason then elements[#elements + 1] = pack.element end
      end
    end
    return { Config = document(catalogue.game, elements) }, seconds
  end

  function source.render(session)
    return source.build(session, {})
  end

  return source
end

return shop
