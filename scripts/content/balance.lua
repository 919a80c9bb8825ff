-- content/balance.lua: words for balance scripts (balance/*.lua), which change what the game's live configuration says
-- of weapons, powers, enemies and the store. Example: balance/example.lua.
--
-- Each call is one change, merged over the base in the order of the calls (files by name); the last one wins, and
-- `content why <section.key>` on the console names it. An edit inside a list changes what the base has: it needs one.
local names = require "content.names"

local STORE = "sfxgamempcontent.sfxgawreinforcementmanager"
local WAVES = "sfxgamempcontent.sfxdifficultyhandlermp"
local PACK_KEYS = { cost = "CreditCost", per_player = "PerPlayerMax", ends = "ExpirationTime" }

local balance = {}

local function wrong(text, ...)
  error(("%s: %s"):format(mu.content.place(), text:format(...)), 0)
end

-- Values -------------------------------------------------------------------------------------------------------------

local word = {}

-- A bare word inside a value: balance.word "Rarity_Rare". Other strings inside a value are quoted.
function balance.word(text) return setmetatable({ text = text }, word) end

local function number(value)
  return math.type(value) == "integer" and ("%d"):format(value) or ("%.7g"):format(value)
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = tostring(key) end
  table.sort(keys)
  return keys
end

local function literal(value)
  local kind = type(value)
  if kind == "number" then return number(value) end
  if kind == "boolean" then return value and "TRUE" or "FALSE" end
  if kind == "string" then return ('"%s"'):format(value) end
  if getmetatable(value) == word then return value.text end
  if kind ~= "table" then wrong("a value cannot be a %s", kind) end
  local parts = {}
  if #value > 0 then
    for i, item in ipairs(value) do parts[i] = literal(item) end
  else
    for _, key in ipairs(sorted_keys(value)) do
      parts[#parts + 1] = ("%s=%s"):format(key, literal(value[key]))
    end
  end
  return ("(%s)"):format(table.concat(parts, ","))
end

-- A whole value: a string stays as it is written, { 40, 55 } is a range over the levels of a weapon or power.
local function whole(value)
  if type(value) == "string" then return value end
  if type(value) == "table" and #value == 2 and type(value[1]) == "number" and type(value[2]) == "number" then
    return ("(X=%s,Y=%s)"):format(number(value[1]), number(value[2]))
  end
  return literal(value)
end

-- What is set inside a value: plain texts take the form, quoted or bare, of what they replace.
local function settings(values)
  local result = {}
  for key, value in pairs(values) do
    result[tostring(key)] = type(value) == "string" and value or { literal(value) }
  end
  return result
end

local function texts(list)
  local result = {}
  for i, value in ipairs(list) do result[i] = whole(value) end
  return result
end

local function conditions(where)
  local result = {}
  for key, value in pairs(where) do result[key] = tostring(value) end
  return result
end

-- Any section --------------------------------------------------------------------------------------------------------

local section = {}
section.__index = section

-- balance.section("biogame", "sfxgame.sfxscoremanager"): the file by its short name, or its whole path.
function balance.section(file, name)
  return setmetatable({ file = file, name = name:lower() }, section)
end

local function say(self, op, property, values, steps)
  mu.content.change { op = op, file = self.file, section = self.name, property = property:lower(), values = values,
    steps = steps }
end

function section:set(property, value) say(self, "set", property, { whole(value) }) end
function section:list(property, values) say(self, "list", property, texts(values)) end
function section:add(property, ...) say(self, "add", property, texts { ... }) end
function section:remove(property, ...) say(self, "remove", property, texts { ... }) end
function section:reset(property) say(self, "reset", property) end
function section:keep(property) say(self, "keep", property) end    -- as the installed game has it

-- Sets keys inside values: steps lead there, { Key = value } only into those that are so, "Key" into a key.
--   :edit("packlist", { { PackName = "silver" }, "Pools", { PoolName = "gold" } }, { Weight = 10 })
function section:edit(property, steps, values)
  local way = {}
  for i, step in ipairs(steps) do way[i] = type(step) == "table" and conditions(step) or step end
  say(self, "edit", property, settings(values), way)
end

-- Weapons and powers -------------------------------------------------------------------------------------------------

-- The section of a short name ("assaultrifle_mattock", "mattock"), or of a whole one, which has a dot.
local function find_section(list, name, what)
  local wanted, found, all = name:lower(), nil, {}
  if wanted:find(".", 1, true) then return wanted end
  for start, ends in pairs(list) do
    for ending in ends:gmatch "%S+" do
      all[#all + 1] = ending
      all[#all + 1] = ending:match "([^_]+)$"
      if ending == wanted then return start .. ending end
      if ending:sub(-#wanted - 1) == "_" .. wanted then
        if found then wrong("there are several %ss called '%s'; use more of the name", what, name) end
        found = start .. ending
      end
    end
  end
  if found then return found end
  local near = mu.content.nearest(wanted, all)
  wrong("there is no %s '%s'%s; content/names.lua lists them, and anything else goes by the whole name of its section",
    what, name, near and (", did you mean '%s'?"):format(near) or "")
end

local function set_all(file, name, values)
  local target = balance.section(file, name)
  for _, property in ipairs(sorted_keys(values)) do target:set(property, values[property]) end
end

-- balance.weapon("mattock", { damage = { 130, 160 }, magsize = { 16, 16 } })
function balance.weapon(name, values) set_all("bioweapon", find_section(names.weapons, name, "weapon"), values) end

function balance.enemy_weapon(name, values)
  set_all("bioai", find_section(names.enemy_weapons, name, "enemies' weapon"), values)
end

function balance.power(name, values) set_all("biogame", find_section(names.powers, name, "power"), values) end

-- Enemies ------------------------------------------------------------------------------------------------------------

-- balance.enemy("Phantom", { levels = { 3, 4 }, MaxHealth = { 1800, 2000 } }): stats as the base names them; without
-- levels for all four difficulties.
function balance.enemy(category, stats)
  local target = balance.section("biodifficulty", WAVES)
  for _, level in ipairs(stats.levels or { 1, 2, 3, 4 }) do
    for _, stat in ipairs(sorted_keys(stats)) do
      if stat ~= "levels" then
        target:edit(("level%ddifficultydata"):format(level),
          { { Category = category }, "CategoryData", { StatName = stat } },
          { StatRange = { X = stats[stat][1], Y = stats[stat][2] or stats[stat][1] } })
      end
    end
  end
end

-- The store ----------------------------------------------------------------------------------------------------------

-- balance.pack("bronze", { cost = 4000 }): also per_player, ends (Unix seconds), or the game's own keys.
function balance.pack(name, values)
  local set = {}
  for key, value in pairs(values) do set[PACK_KEYS[key] or key] = value end
  balance.section("biogame", STORE):edit("storeinfoarray", { { PackName = name } }, set)
end

-- balance.odds("silver", { goldchar = 5, silverchar = 95 }): the weights of the pools its cards are drawn from.
function balance.odds(pack, weights)
  local target = balance.section("biogame", STORE)
  for _, pool in ipairs(sorted_keys(weights)) do
    target:edit("packlist", { { PackName = pack }, "Pools", { PoolName = pool } }, { Weight = weights[pool] })
  end
end

return balance
