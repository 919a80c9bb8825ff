-- services/games_kits.lua: what a player's saves say of the match he has just played (reference 04 §2.9, 4.4).
--
-- A client configuration that counts for us has, behind the 745 accomplishment counters of the game, one that rises
-- with every extraction and one for each kit that rises when it is played. Without it the saves end before them, and
-- nothing can be said. Pure: saved texts in, tables out.
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

local function words(text, separator)
  local list = {}
  for word in text:gmatch("[^" .. separator .. "]+") do list[#list + 1] = word end
  return list
end

local function integers(text, separator)
  local list = {}
  for _, word in ipairs(words(text, separator)) do list[#list + 1] = math.tointeger(tonumber(word)) end
  return list
end

-- The kit of a saved character, and what it carries: { weapons = {ids}, weapon_mods = {{ weapon, mods = {ids} }},
-- powers = {{ name, id, rank }} }.
function kits.character(saved)
  local fields = {}
  for field in (saved .. ";"):gmatch "([^;]*);" do fields[#fields + 1] = field end
  local mods, powers = {}, {}
  for _, entry in ipairs(words(fields[20] or "", ",")) do
    local ids = integers(entry, " ")
    if ids[1] then mods[#mods + 1] = { weapon = ids[1], mods = { table.unpack(ids, 2) } } end
  end
  for _, entry in ipairs(words(fields[17] or "", ",")) do
    local parts = words(entry, " ")
    powers[#powers + 1] = { name = parts[1], id = math.tointeger(tonumber(parts[2])), rank = tonumber(parts[3]) }
  end
  return fields[3], { weapons = integers(fields[19] or "", ","), weapon_mods = mods, powers = powers }
end

return kits
