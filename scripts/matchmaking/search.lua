-- matchmaking/search.lua: what somebody searches, and whether a game is that.
--
-- A search is a table: { player_id, session, rating, version, choices = { [rule] = { values } },
-- packs = { [rule] = true } }, made of a request, or of the ticket it was kept in. A rule the searcher does not mind is
-- not in it. What a request holds that rules.lua does not know is left out of the search and told to the log, once: no
-- request can stop others.
local rules = require "matchmaking.rules"

local MOST_RULES  = 64                           -- of a request; 13 is usual
local MOST_VALUES = 8                            -- of a rule; 1 is usual
local LONGEST     = 64                           -- bytes of a name or a value
local MOST_ODD    = 30                           -- different oddities told to the log
local WILD        = "abstain"

local FULL          = "is full"
local OTHER_VERSION = "runs another version of the game"

local by_name, known = {}, {}                    -- known: the values of each rule as a set
for _, rule in ipairs(rules.asked) do
  local set = {}
  for _, value in ipairs(rule.values) do set[value] = true end
  by_name[rule.rule], known[rule] = rule, set
end

local odd_kind = mu.record "matchmaking_oddity" { text = mu.string { key = true, max = 160 } }

local search = {}

-- Tells the log about something that no rule knows, the first time it comes.
local function odd(format, ...)
  local text = format:format(...)
  if odd_kind.get(text) or odd_kind.count() >= MOST_ODD then return end
  odd_kind.create { text = text }
  mu.log.warn("matchmaking: %s; searches go on without it (matchmaking/rules.lua has the rules)", text)
end

local function printable(text)
  return (text:sub(1, LONGEST):gsub("[^%w%-_. ]", "?"))
end

local function holds(list, value)
  for _, one in ipairs(list) do
    if one == value then return true end
  end
end

-- The values that a criterion of a kind "choice" names; nil when everything suits.
local function chosen(criterion)
  local given, values = criterion.values or {}, {}
  for i = 1, #given do
    local value = given[i]
    if value == WILD then return nil end
    if #values == MOST_VALUES or #value > LONGEST or value:find("\n", 1, true) then
      odd("the rule %s has too many or too long values", printable(criterion.name))
    elseif not holds(values, value) then
      values[#values + 1] = value
    end
  end
  return values[1] and values
end

local function has_pack(rule, criterion)
  local given = criterion.values or {}
  for i = 1, #given do
    local value = given[i]
    if known[rule][value] then return true end
    if value ~= WILD then odd("the rule %s has the value '%s'", rule.rule, printable(value)) end
  end
end

-- The search that a request of startMatchmaking asks for.
function search.of_request(player, request)
  local wanted = {
    player_id = player.id, session = player.session, rating = player.rating, version = request.version or "",
    choices = {}, packs = {},
  }
  if #wanted.version > LONGEST then
    odd "a version has more than 64 bytes"
    wanted.version = wanted.version:sub(1, LONGEST)
  end
  local list = request.criteria and request.criteria.rules or {}
  if #list > MOST_RULES then odd("a search has more than %d rules", MOST_RULES) end
  for i = 1, math.min(#list, MOST_RULES) do
    local criterion = list[i]
    local name      = criterion.name
    local rule      = by_name[name]
    local kind      = rule and rule.kind
    if kind == "both" then
      wanted.packs[name] = wanted.packs[name] or has_pack(rule, criterion)
    elseif kind == "choice" then
      wanted.choices[name] = wanted.choices[name] or chosen(criterion)
    elseif not rule then
      odd("nobody knows the rule '%s'", printable(name))
    end
  end
  return wanted
end

-- Whether a game with these attributes has what a rule of the kind "both" is about.
function search.has(rule, attributes)
  local value = attributes[rule.attribute]
  return value ~= nil and known[rule][value] or false
end

-- Why nobody at all may be brought to this game: the end of "the game …", or nil and the number of free seats.
function search.lobby_fault(game)
  local attributes, free = game.attributes, rules.free(game)
  if free <= 0 then return FULL end
  for _, rule in ipairs(rules.lobby) do
    if not rule.test(game, attributes) then return rule.why end
  end
  return nil, free
end

local function asked_fault(wanted, rule, attributes)
  if rule.kind == "choice" then
    local values = wanted.choices[rule.rule]
    if not values or holds(values, attributes[rule.attribute]) then return end
    return ("has %s %s, wanted is %s"):format(rule.attribute, attributes[rule.attribute] or "nothing",
                                              table.concat(values, " or "))
  elseif rule.kind == "both" then
    local theirs, his = search.has(rule, attributes), wanted.packs[rule.rule] or false
    if theirs == his then return end
    return theirs and ("needs %s, which the player lacks"):format(rule.attribute)
        or ("lacks %s, which the player has"):format(rule.attribute)
  end
end

-- Whether the first fault is enough; otherwise all are collected.
local function enough(faults, why)
  if faults then faults[#faults + 1] = why end
  return not faults
end

-- Why a search and a game do not suit each other: the end of "the game …", or nil when they do; and whether it is about
-- these two alone, where another player might suit the game. With `faults` (a list) all that is wrong is added to it.
function search.fault(wanted, game, faults)
  local attributes = mu.plain(game.attributes)
  if rules.free(game) <= 0 and enough(faults, FULL) then return FULL end
  for _, rule in ipairs(rules.lobby) do
    if not rule.test(game, attributes) and enough(faults, rule.why) then return rule.why end
  end
  if rules.same_version and wanted.version ~= game.version and enough(faults, OTHER_VERSION) then
    return OTHER_VERSION
  end
  for _, rule in ipairs(rules.asked) do
    local fault = asked_fault(wanted, rule, attributes)
    if fault and enough(faults, fault) then return fault end
  end
  for _, rule in ipairs(rules.needs or {}) do
    if rule.game(game) and not rule.player(wanted.session) and enough(faults, rule.why) then return rule.why, true end
  end
  for _, rule in ipairs(rules.pair) do
    if not rule.test(wanted, game) and enough(faults, rule.why) then return rule.why, true end
  end
  return faults and faults[1]
end

-- Kept in a ticket ---------------------------------------------------------------------------------------------------

search.FIELDS = {
  player_id = mu.u32 { index = true },
  rating    = mu.u32,
  version   = mu.string { max = LONGEST },
  choices   = mu.map(mu.string, mu.string { max = MOST_VALUES * (LONGEST + 1) }, { max = 32 }),
  packs     = mu.map(mu.string, mu.bool, { max = 32 }),
}

-- The fields of a ticket that keep a search.
function search.fields(wanted)
  local choices = {}
  for rule, values in pairs(wanted.choices) do choices[rule] = table.concat(values, "\n") end
  return {
    player_id = wanted.player_id, rating = wanted.rating, version = wanted.version, choices = choices,
    packs = wanted.packs,
  }
end

function search.of_ticket(ticket)
  local wanted = {
    player_id = ticket.player_id, session = ticket.session, rating = ticket.rating, version = ticket.version,
    choices = {}, packs = {},
  }
  for rule, joined in pairs(ticket.choices) do
    local values = {}
    for value in joined:gmatch "[^\n]+" do values[#values + 1] = value end
    wanted.choices[rule] = values
  end
  for rule, has in pairs(ticket.packs) do wanted.packs[rule] = has end
  return wanted
end

return search
