-- saves/repair.lua: what editors of saved data leave out is put back, and what they need is there (reference 03 §6.4).
local parts = require "saves.parts"
local saves = require "services.saves"

local POWERS    = 17                             -- the place of the powers in a character …
local WORDS     = 11                             -- … and the words of each
local INVENTORY = 1342                           -- digits of a whole inventory
local CLASSES   = { "Adept", "Soldier", "Engineer", "Sentinel", "Infiltrator", "Vanguard" }

local repair = {}

-- Wheel and flag of the stored powers, by name.
local function known_powers(text)
  local known = {}
  for _, power in ipairs(parts.split(parts.split(text or "", ";")[POWERS] or "", ",")) do
    local word = parts.split(power, " ")
    if #word == WORDS then known[word[1]] = { wheel = word[10], flag = word[11] } end
  end
  return known
end

-- A power of ten words has lost its wheel, and its flag is the editor's guess.
local function whole_power(power, known)
  local word = parts.split(power, " ")
  if #word ~= WORDS - 1 then return power end
  local old  = known[word[1]]
  local flag = word[1]:find "^Consumable_" and "False" or "True"
  return table.concat(word, " ", 1, 9) .. " " .. (old and old.wheel or "0") .. " " .. (old and old.flag or flag)
end

-- A value as an editor sends it, made whole with what was stored before (nil: nothing was).
function repair.incoming(key, value, stored)
  if not key:find "^char%d+$" then return value end
  local list = parts.split(value, ";")
  if #list ~= 22 or list[POWERS] == "" then return value end
  local known, powers = known_powers(stored), parts.split(list[POWERS], ",")
  for i, power in ipairs(powers) do powers[i] = whole_power(power, known) end
  list[POWERS] = table.concat(powers, ",")
  return table.concat(list, ";")
end

-- Whether a class would have fewer promotions than before.
function repair.lowers_promotions(key, value, stored)
  if not stored or not key:find "^class%d$" then return false end
  local now, before = saves.parse(key, value).promotions, saves.parse(key, stored).promotions
  return now ~= nil and before ~= nil and now < before
end

-- Everything saved, as editors can work with it: all six classes, and an inventory of full length.
function repair.outgoing(saved)
  for number, name in ipairs(CLASSES) do
    local key = "class" .. number
    saved[key] = saved[key] or ("20;4;%s;1;0.0000;0"):format(name)
  end
  local list = saved.Base and parts.split(saved.Base, ";")
  if list and list[11] and #list[11] < INVENTORY then
    list[11] = list[11] .. ("0"):rep(INVENTORY - #list[11])
    saved.Base = table.concat(list, ";")
  end
  return saved
end

return repair
