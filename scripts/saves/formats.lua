-- saves/formats.lua: what stands in the texts that a game saves, place by place (reference 03 §8, 04 §4).
local parts = require "saves.parts"

local integer, number, flag = parts.integer, parts.number, parts.flag

local formats = {}

-- The inventory: two hexadecimal digits an item; item n stands at the n-th pair, counted from 0. Pairs that are none
-- read as 0. Its length is what the game made it.
local Inventory = {}
Inventory.__index = {
  text = function(self) return table.concat(self.pairs) end,
  -- How many, or which level; 0 for what is not there.
  get  = function(self, item) return tonumber(self.pairs[item + 1] or "0", 16) or 0 end,
  set  = function(self, item, count)
    if not self.pairs[item + 1] then error(("the inventory has no item %s"):format(item), 2) end
    if not math.tointeger(count) or count < 0 or count > 255 then error("an item's count goes from 0 to 255", 2) end
    self.pairs[item + 1] = ("%02x"):format(count)
  end,
  count = function(self) return #self.pairs end,
}

local inventory = {}
function inventory.open(text)
  local list = {}
  for i = 1, #text, 2 do list[#list + 1] = text:sub(i, i + 1) end
  return setmetatable({ pairs = list }, Inventory)
end

formats.Base = parts.record("Base", ";", {
  { "version", integer }, { "dev_version", integer }, { "credits", integer }, { "next_pack", integer },
  { "pack_copies", integer }, { "credits_spent", integer }, { "currency_spent", integer }, { "games_played", integer },
  { "seconds_played", integer }, { "last_level_up", integer }, { "inventory", inventory },
})

formats.Class = parts.record("class", ";", {
  { "version", integer }, { "dev_version", integer }, "name", { "level", integer }, { "experience", number },
  { "promotions", integer },
})

-- The web editor of another server leaves the wheel out: ten words instead of eleven.
local function without_wheel(list, places)
  if #list ~= 10 then return list end
  local moved = {}
  for name, place in pairs(places) do moved[name] = place end
  moved.wheel, moved.talent = nil, 10
  return list, moved
end

local Power = parts.record("power", " ", {
  { "name", parts.word }, { "id", integer }, { "rank", number },
  { "evolution_4a", integer }, { "evolution_4b", integer },
  { "evolution_5a", integer }, { "evolution_5b", integer }, { "evolution_6a", integer }, { "evolution_6b", integer },
  { "wheel", integer }, { "talent", flag },
}, without_wheel)

local FIELDS = 22
local NAME   = 4

-- A character's own name may hold the separator: what is too much belongs to it.
local function with_long_name(list)
  local extra = #list - FIELDS
  if extra <= 0 then return list end
  local name = table.concat(list, ";", NAME, NAME + extra)
  table.move(list, NAME + extra + 1, #list, NAME + 1)
  list[NAME] = name
  for i = #list, FIELDS + 1, -1 do list[i] = nil end
  return list
end

local integers = parts.list("list of ids", ",", integer)

formats.Character = parts.record("character", ";", {
  { "version", integer }, { "dev_version", integer }, { "kit", parts.word }, "name",
  { "tint_1", integer }, { "tint_2", integer },
  { "pattern", integer }, { "pattern_color", integer }, { "phong", integer }, { "emissive", integer },
  { "skin_tone", integer }, { "seconds_played", integer }, { "year", integer }, { "month", integer },
  { "day", integer }, { "seconds", integer }, { "powers", parts.list("powers", ",", Power) }, "hotkeys",
  { "weapons", integers },
  { "weapon_mods", parts.list("weapon mods", ",", parts.list("mods of a weapon", " ", integer)) },
  { "deployed", flag }, { "leveled_up", flag },
}, with_long_name)

-- Counters of challenges. The first number is the version of the list, so counters[1] is the second.
formats.Counters   = parts.list("counters", ",", integer, 1)
formats.Timestamps = parts.list("timestamps", ",", integer)

-- What is marked as new in the inventory.
formats.NewItem = parts.record("new items", ";", {
  { "version", integer }, { "dev_version", integer }, { "items", parts.list("list of items", " ", integer) },
})

-- Faces of characters; nobody knows how they are written.
formats.FaceCodes = parts.record("face codes", ";", { { "version", integer }, "codes" })

formats.Whole = parts.record("number", ";", { { "value", integer } })

return formats
