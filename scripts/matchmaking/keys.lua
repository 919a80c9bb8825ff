-- matchmaking/keys.lua: the numbers by which searches and games find each other without looking at all of them.
--
-- Everything that must be equal (version, packs) and one value for each rule of the kind "choice" make one number. A
-- search that does not mind a rule has "any" in that place. So that it finds games by an equality index all the same, a
-- game is listed under one number for each set of rules a searcher may not mind: eight for three rules. Looking up
-- costs the same with ten games and with ten thousand, in both directions: a game that opens asks for the tickets that
-- have one of its eight numbers. Two different things may have the same number, once in 2^64: whoever uses a key looks
-- at the rules as well.
--
-- Only the first four rules of the kind "choice" are in the keys; more are looked at, never looked up.
local rules  = require "matchmaking.rules"
local search = require "matchmaking.search"

local MOST_CHOICES = 4
local MOST_COMBINATIONS = 16                     -- of the values of one search
local MOST_FREE    = 3                           -- games with this many free seats, or more, count as equally full
local MOST_MEMO    = 4096

local choices, packs = {}, {}
for _, rule in ipairs(rules.asked) do
  if rule.kind == "choice" and #choices < MOST_CHOICES then choices[#choices + 1] = rule end
  if rule.kind == "both" then packs[#packs + 1] = rule end
end

-- 64 bits of a text (FNV-1a, mixed once more), remembered: there are few different ones.
local memo, memo_count = {}, 0
local function number_of(text)
  local number = memo[text]
  if number then return number end
  number = -3750763034362895579
  for i = 1, #text do number = (number ~ text:byte(i)) * 1099511628211 end
  number = (number ~ number >> 32) * -4658895280553007687
  number = number ~ number >> 29
  if memo_count == MOST_MEMO then memo, memo_count = {}, 0 end
  memo[text], memo_count = number, memo_count + 1
  return number
end

local any = {}
for i in ipairs(choices) do any[i] = number_of("any " .. i) end

local keys = { MASKS = 1 << #choices, MOST_FREE = MOST_FREE, FIELD = {}, ANY = (1 << #choices) - 1 }
for mask = 0, keys.ANY do keys.FIELD[mask] = "key_" .. mask end

-- What tells one rule table from another: keys of different ones must not meet.
local names = { tostring(rules.same_version) }
for i, rule in ipairs(choices) do names[#names + 1] = i .. rule.rule .. "=" .. rule.attribute end
for _, rule in ipairs(packs) do names[#names + 1] = rule.rule .. "+" .. table.concat(rule.values, ",") end
keys.TABLE = number_of(table.concat(names, ";"))

local function exact(version, has)
  local bits = 0
  for i, rule in ipairs(packs) do
    if has(rule) then bits = bits | 1 << i end
  end
  return number_of(rules.same_version and version or "") ~ number_of("packs " .. bits)
end

-- The number of a game, and the numbers of its choices.
function keys.of_game(game)
  local attributes, numbers = game.attributes, {}
  local all = exact(game.version, function(rule) return search.has(rule, attributes) end)
  for i, rule in ipairs(choices) do
    numbers[i] = number_of(i .. (attributes[rule.attribute] or ""))
    all = all ~ numbers[i]
  end
  return all, numbers
end

-- The key of a game for each set of rules that a searcher does not mind: mask → key, from 0 on.
function keys.patterns(all, numbers)
  local list = { [0] = all }
  for i, number in ipairs(numbers) do
    local bit, swap = 1 << (i - 1), number ~ any[i]
    for mask = 0, bit - 1 do list[mask | bit] = list[mask] ~ swap end
  end
  return list
end

-- The one key of a ticket. Where several values suit, the ticket is looked at whatever the game has.
function keys.of_ticket(wanted)
  local key = exact(wanted.version, function(rule) return wanted.packs[rule.rule] end)
  for i, rule in ipairs(choices) do
    local values = wanted.choices[rule.rule]
    key = key ~ (values and not values[2] and number_of(i .. values[1]) or any[i])
  end
  return key
end

-- The mask of what a search does not mind, and the keys of all combinations of the values that suit it.
function keys.of_search(wanted)
  local mask = 0
  local list = { exact(wanted.version, function(rule) return wanted.packs[rule.rule] end) }
  for i, rule in ipairs(choices) do
    local values, longer = wanted.choices[rule.rule], {}
    if not values then mask = mask | 1 << (i - 1) end
    for _, key in ipairs(list) do
      if not values then longer[#longer + 1] = key ~ any[i] end
      for _, value in ipairs(values or {}) do
        if #longer < MOST_COMBINATIONS then longer[#longer + 1] = key ~ number_of(i .. value) end
      end
    end
    list = longer
  end
  return mask, list
end

return keys
