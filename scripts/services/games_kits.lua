-- services/games_kits.lua: what a player's saves say of the match he has just played (reference 04 §2.9, 4.4).
--
-- A client configuration that counts for us has, behind the 745 accomplishment counters of the game, one that rises
-- with every extraction and one for each kit that rises when it is played. Without it the saves end before them, and
-- nothing can be said. Pure: saved texts in, tables out.
local saves = require "services.saves"

local FIRST  = 745                               -- the number of the extraction counter
local VALUES = 67                                -- it and those of the kits

local kits = {}

-- In the order of their counters, from 746 on. Some begin with another word than their class.
local NAMES = {}
for name in ([[
  AdeptHumanMale AdeptHumanFemale AdeptAsari AdeptDrell AdeptAsariCommando AdeptHumanMaleCerberus AdeptN7 AdeptVolus
  AdeptKrogan AdeptBatarian AdeptCollector
  SoldierHumanMale SoldierHumanFemale SoldierKrogan SoldierTurian SoldierHumanMaleBF3 SoldierBatarian SoldierVorcha
  SoldierN7 N7SoldierTurian SoldierGeth SoldierMQuarian SoldierGethDestroyer
  EngineerHumanMale EngineerHumanFemale EngineerQuarian EngineerSalarian EngineerGeth EngineerQuarianMale EngineerN7
  EngineerVolus EngineerTurian EngineerVorcha EngineerMerc
  SentinelHumanMale SentinelHumanFemale SentinelTurian SentinelKrogan SentinelBatarian SentinelVorcha SentinelN7
  SentinelVolus SentinelAsari SentinelKroganWarlord
  InfiltratorHumanMale InfiltratorHumanFemale InfiltratorSalarian InfiltratorQuarian InfiltratorGeth
  InfiltratorQuarianMale InfiltratorN7 N7InfiltratorTurian InfiltratorDrell InfiltratorAsari InfiltratorFembot
  InfiltratorHumanFemaleBF3
  VanguardHumanMale VanguardHumanFemale VanguardDrell VanguardAsari VanguardKrogan VanguardHumanMaleCerberus
  VanguardN7 VanguardVolus VanguardBatarian VanguardTurianFemale
]]):gmatch "%S+" do NAMES[#NAMES + 1] = name end

kits.NAMES = NAMES

-- The counters that matter, of a saved list Progress: text of at most 67 numbers. What is missing counts 0.
function kits.counters(progress)
  local list, at = {}, -1                        -- the first element is the list's version
  for text in (progress .. ","):gmatch "([^,]*)," do
    if at >= FIRST then list[#list + 1] = math.max(0, math.min(math.tointeger(tonumber(text)) or 0, 0xFFFFFFFF)) end
    at = at + 1
    if #list == VALUES then break end
  end
  return table.concat(list, ",")
end

local function numbers(text)
  local list = {}
  for number in text:gmatch "%d+" do list[#list + 1] = tonumber(number) end
  return list
end

-- What rose from one text of kits.counters to a later one: whether the player got away, and the kit he played, or nil.
function kits.played(before, after)
  local old, new = numbers(before), numbers(after)
  local kit
  for i = 2, #new do
    if new[i] > (old[i] or 0) then kit = kit or NAMES[i - 1] end
  end
  return (new[1] or 0) > (old[1] or 0), kit
end

-- A list of a saved value as a plain table.
local function plain(list)
  local copy = {}
  for i = 1, list and #list or 0 do copy[#copy + 1] = list[i] end
  return copy
end

-- Which of two evolutions each of the last three ranks took.
local function choices(power)
  local list = {}
  for i = 4, 6 do
    list[#list + 1] = { a = (power[("evolution_%da"):format(i)] or 0) ~= 0,
                        b = (power[("evolution_%db"):format(i)] or 0) ~= 0 }
  end
  return list
end

-- The kit of a saved character, and what it carries: { weapons = {ids}, weapon_mods = {{ weapon, mods = {ids} }},
-- powers = {{ name, id, rank, choices = {{ a, b }}, wheel, talent }} }.
function kits.character(saved)
  local character, mods, powers = saves.parse("char0", saved), {}, {}
  for _, entry in ipairs(plain(character.weapon_mods)) do
    local ids = plain(entry)
    if ids[1] then mods[#mods + 1] = { weapon = ids[1], mods = { table.unpack(ids, 2) } } end
  end
  for i, power in ipairs(plain(character.powers)) do
    powers[i] = { name = power.name, id = power.id, rank = power.rank, choices = choices(power), wheel = power.wheel,
                  talent = power.talent }
  end
  return character.kit, { weapons = plain(character.weapons), weapon_mods = mods, powers = powers }
end

return kits
