-- matchmaking/keys.lua: the numbers by which searches and games find each other without looking at all of them.
--
-- Everything that must be equal (version, packs) and one value for each rule of the kind "choice" make one number. A
-- search that does not mind a rule has "any" in that place. So that it finds games by an equality index all the same, a
-- game is listed under one number for each set of rules a searcher may not mind: eight for three rules. Looking up
-- costs the same with ten games and with ten thousand, in both directions: a game that opens asks for the tickets that
-- have one of its eight numbers. What a game needs of its players makes its number another one; a search is for the
-- numbers of all games whose needs its player meets. Two different things may have the same number, once in 2^64:
-- whoever uses a key looks at the rules as well.
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

-- Numbers for what a game needs, and for what a player with a ticket has, by bits. No need, no change.
local MOST_NEEDS = 3
local needs      = table.move(rules.needs or {}, 1, MOST_NEEDS, 1, {})
local every_need = (1 << #needs) - 1
local needing, having = { [0] = 0 }, {}
for bits = 0, every_need do
  if bits ~= 0 then needing[bits] = number_of("needs " .. bits) end
  having[bits] = number_of("has " .. bits)
end

local function needs_of_game(game)
  local bits = 0
  for i = 1, #needs do
    if needs[i].game(game) then bits = bits | 1 << (i - 1) end
  end
  return bits
end

local function met_by(session)
  local bits = 0
  for i = 1, #needs do
    if session and needs[i].player(session) then bits = bits | 1 << (i - 1) end
  end
  return bits
end

-- What tells one rule table from another: keys of different ones must not meet.
local names = { tostring(rules.same_version) }
for i, rule in ipairs(choices) do names[#names + 1] = i .. rule.rule .. "=" .. rule.attribute end
for _, rule in ipairs(packs) do names[#names + 1] = rule.rule .. "+" .. table.concat(rule.values, ",") end
for _, rule in ipairs(needs) do names[#names + 1] = "needs " .. rule.name end
keys.TABLE = number_of(table.concat(names, ";"))

local same_packs = {}                            -- number for each set of packs
for bits = 0, (1 << #packs) - 1 do same_packs[bits] = number_of("packs " .. bits) end

local function of_version(version) return number_of(rules.same_version and version or "") end

-- What must be equal in a search.
local function exact(wanted)
  local bits, has = 0, wanted.packs
  for i = 1, #packs do
    if has[packs[i].rule] then bits = bits | 1 << (i - 1) end
  end
  return of_version(wanted.version) ~ same_packs[bits]
end

-- The number of a game, and the numbers of its choices.
function keys.of_game(game)
  local attributes, numbers, bits = mu.plain(game.attributes), {}, 0
  for i, rule in ipairs(packs) do
    if search.has(rule, attributes) then bits = bits | 1 << (i - 1) end
  end
  local all = of_version(game.version) ~ same_packs[bits] ~ needing[needs_of_game(game)]
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

-- The key of a search that names one value for a rule or none, what it does not mind, and whether it names more.
local function single(wanted)
  local key, mask, several = exact(wanted), 0, false
  for i = 1, #choices do
    local values = wanted.choices[choices[i].rule]
    if not values or values[2] then
      key, mask, several = key ~ any[i], values and mask or mask | 1 << (i - 1), several or values ~= nil
    else
      key = key ~ number_of(i .. values[1])
    end
  end
  return key, mask, several
end

-- The one key of a ticket. Where several values suit, the ticket is looked at whatever the game has.
function keys.of_ticket(wanted) return single(wanted) ~ having[met_by(wanted.session)] end

-- The keys of the tickets that may suit a game: `patterns` as keys.patterns has them, of the game.
function keys.of_tickets(game, patterns)
  local needed, list = needs_of_game(game), {}
  for mask = 0, keys.ANY do
    local pattern = patterns[mask] ~ needing[needed]
    for bits = 0, every_need do
      if bits & needed == needed then list[#list + 1] = pattern ~ having[bits] end
    end
  end
  return list
end

local function combinations(wanted)
  local list = { exact(wanted) }
  for i, rule in ipairs(choices) do
    local values, longer = wanted.choices[rule.rule], {}
    for _, key in ipairs(list) do
      if not values then longer[#longer + 1] = key ~ any[i] end
      for _, value in ipairs(values or {}) do
        if #longer < MOST_COMBINATIONS then longer[#longer + 1] = key ~ number_of(i .. value) end
      end
    end
    list = longer
  end
  return list
end

-- The mask of what a search does not mind, and the keys of all combinations of the values that suit it.
function keys.of_search(wanted)
  local key, mask, several = single(wanted)
  local plain, met, list = several and combinations(wanted) or { key }, met_by(wanted.session), {}
  for bits = 0, every_need do
    if bits & ~met == 0 then
      for _, one in ipairs(plain) do list[#list + 1] = one ~ needing[bits] end
    end
  end
  return mask, list
end

return keys
