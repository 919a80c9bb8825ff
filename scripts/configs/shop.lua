-- configs/shop.lua: turns the catalogue of me3_dime.lua into the XML that the game reads.
local xml = require "configs.xml"

local GAME = {
  name = "string", store = "integer", category = "integer", group = "string", money_catalog = "integer",
  points_catalog = "integer", currency = "string", checkout = "string", success = "string", failure = "string",
}
local PACK     = { id = "integer", name = "string", offer = "string", tag = "string" }
local OPTIONAL = { item = "string", sold = "boolean", advertised = "boolean" }
local THE_GAME = "0"                             -- its index among the catalogue's games

local shop = {}

local function check(where, row, needed, optional)
  for key, value in pairs(row) do
    local wanted = needed[key] or optional[key]
    if not wanted then error(("%s: there is no '%s'"):format(where, key), 0) end
    if math.type(value) ~= wanted and type(value) ~= wanted then
      error(("%s: %s must be %s %s"):format(where, key, wanted == "integer" and "an" or "a", wanted), 0)
    end
  end
  for key in pairs(needed) do
    if row[key] == nil then error(("%s: %s is missing"):format(where, key), 0) end
  end
end

local function check_packs(packs)
  local seen = {}
  for number, pack in ipairs(packs) do
    local where = ("pack %d of configs/me3_dime.lua"):format(number)
    check(where, pack, PACK, OPTIONAL)
    if pack.id < 0 or pack.id > 0xFFFFFFFF then error(where .. ": id must be a number of 32 bits", 0) end
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

-- The text of a catalogue { game = …, packs = { … } }.
function shop.text(catalogue)
  check("game of configs/me3_dime.lua", catalogue.game, GAME, {})
  check_packs(catalogue.packs)
  local packs = {}
  for i, pack in ipairs(catalogue.packs) do packs[i] = pack_element(pack) end
  return xml.document(xml.block("dime", {
    xml.line("configFormatVersion", "1"),
    xml.line("fileVersion", "1"),
    xml.block("games", { game_element(catalogue.game), xml.line("primaryGameIndex", THE_GAME) }),
    xml.block("content", { xml.block("consumables", packs) }),
  }, {
    { "xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance" },
    { "xsi:noNamespaceSchemaLocation", "dimecfg.xsd" },
  }))
end

-- The config source of a catalogue: see configs/init.lua.
function shop.catalogue(catalogue)
  local map = { Config = shop.text(catalogue) }
  return { render = function() return map end }
end

return shop
