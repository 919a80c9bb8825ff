-- test_matchmaking.lua: which game suits which search, and that the keys agree with the rules.
local keys   = require "matchmaking.keys"
local rules  = require "matchmaking.rules"
local search = require "matchmaking.search"

local equal = mu.test.equal
local tests = {}

local VERSION = "ME3-295976325-179181965240128"
local PLAYER  = { id = 7, rating = 46, session = { association = "" } }
local DLC     = { 2300, 2500, 2700, 3050, 3225 }

local function with(base, changes)
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(changes or {}) do all[key] = value end
  return all
end

local function criterion(name, ...) return { name = name, threshold = "quickMatch", values = { ... } } end

local function wants(map, enemy, difficulty, packs, more)
  local list = {
    criterion("ME3_gameStateMatchRule", "MATCH_MAKING"),
    criterion("ME3_gameMapMatchRule", map or "abstain"),
    criterion("ME3_gameEnemyTypeRule", enemy or "abstain"),
    criterion("ME3_gameDifficultyRule", difficulty or "abstain"),
  }
  for _, number in ipairs(packs or DLC) do list[#list + 1] = criterion("ME3_rule_dlc" .. number, "required") end
  for _, one in ipairs(more or {}) do list[#list + 1] = one end
  return search.of_request(PLAYER, { version = VERSION, criteria = { rules = list } })
end

local holder = mu.record "test_attributes" { attributes = mu.map(mu.string, mu.string, { max = 32 }) }

-- What rules read of a game's record; an attribute that is false is left out.
local function game(attributes, fields, packs)
  local all = { ME3map = "map2", ME3gameEnemyType = "enemy1", ME3gameDifficulty = "difficulty0", ME3privacy = "PUBLIC" }
  for _, number in ipairs(packs or DLC) do all["ME3_dlc" .. number] = "required" end
  for key, value in pairs(attributes or {}) do all[key] = value or nil end
  return with({
    id = 1, settings = 287, state = 130, version = VERSION, migrating = false, public_slots = 4, private_slots = 0,
    members = { { player_id = 1 } }, banned = { has = function() return false end },
    attributes = holder.create { attributes = all }.attributes,
  }, fields)
end

-- Rules --------------------------------------------------------------------------------------------------------------

function tests.a_search_finds_what_it_names()
  equal(search.fault(wants("map2", "enemy1", "difficulty0"), game()), nil)
  equal(search.fault(wants("map3"), game()), "has ME3map map2, wanted is map3")
  equal(search.fault(wants(nil, "enemy2"), game()), "has ME3gameEnemyType enemy1, wanted is enemy2")
  equal(search.fault(wants(nil, nil, "difficulty3"), game { ME3gameDifficulty = false }),
    "has ME3gameDifficulty nothing, wanted is difficulty3")
end

function tests.who_abstains_minds_nothing()
  equal(search.fault(wants(), game()), nil)
  equal(search.fault(wants(), game { ME3map = "random", ME3gameEnemyType = "random" }), nil)
  equal(search.fault(wants "map2", game { ME3map = "random" }), "has ME3map random, wanted is map2")
  equal(search.fault(wants "random", game { ME3map = "random" }), nil)
end

function tests.a_rule_that_is_missing_or_empty_asks_nothing()
  local bare = search.of_request(PLAYER, { version = VERSION, criteria = { rules = {
    { name = "ME3_gameMapMatchRule" }, criterion "ME3_gameEnemyTypeRule",
  } } })
  equal(search.fault(bare, game({}, {}, {})), nil)
  equal(search.fault(search.of_request(PLAYER, { version = VERSION }), game({}, {}, {})), nil)
end

function tests.several_values_suit()
  local two = wants(nil, nil, nil, nil, {})
  two.choices.ME3_gameMapMatchRule = { "map5", "map2" }
  equal(search.fault(two, game()), nil)
  equal(search.fault(two, game { ME3map = "map7" }), "has ME3map map7, wanted is map5 or map2")
end

function tests.packs_must_be_the_same_on_both_sides()
  equal(search.fault(wants(nil, nil, nil, { 2300 }), game({}, {}, { 2300 })), nil)
  equal(search.fault(wants(nil, nil, nil, { 2300 }), game({}, {}, { 2300, 2500 })),
    "needs ME3_dlc2500, which the player lacks")
  equal(search.fault(wants(nil, nil, nil, { 2300, 2500 }), game({}, {}, { 2300 })),
    "lacks ME3_dlc2500, which the player has")
  equal(search.fault(wants(nil, nil, nil, { 2300 }), game({ ME3_dlc2300 = "preferred" }, {}, {})), nil)
end

function tests.what_a_game_must_be()
  for _, case in ipairs {
    { {}, { settings = 285 }, "is closed to matchmaking" },
    { { ME3privacy = "PRIVATE" }, {}, "is private" },
    { { ME3gameState = "IN_GAME_FINISHING" }, {}, "is about to end" },
    { {}, { migrating = true }, "is changing its host" },
    { {}, { state = 1 }, "is in a state in which nobody may come" },
    { {}, { state = 6 }, "is in a state in which nobody may come" },
    { {}, { state = 131, settings = 0x1F }, "is in a state in which nobody may come" },
    { {}, { members = { {}, {}, {}, {} } }, "is full" },
    { {}, { version = "another" }, "runs another version of the game" },
    { {}, { banned = { has = function(_, id) return id == 7 end } }, "has banned the player" },
    { {}, { members = { { player_id = 7 } } }, "has the player already" },
    { {}, { state = 131 }, nil },
    { { ME3gameState = "IN_GAME_MIDGAME" }, {}, nil },
  } do
    equal(search.fault(wants(), game(case[1], case[2])), case[3])
  end
  local none = game()
  none.attributes.ME3privacy = nil
  equal(search.fault(wants(), none), nil)
end

function tests.all_that_is_wrong_is_told_when_asked()
  local faults = {}
  search.fault(wants "map3", game({ ME3privacy = "PRIVATE" }, { settings = 285 }), faults)
  equal(faults, { "is closed to matchmaking", "is private", "has ME3map map2, wanted is map3" })
end

-- Odd requests -------------------------------------------------------------------------------------------------------

function tests.odd_rules_are_left_out()
  local many = {}
  for i = 1, 100 do many[i] = criterion("x" .. i, "y") end
  for _, more in ipairs {
    { criterion("ME3_noSuchRule", "x") }, { criterion("", "") }, { criterion(("\0"):rep(70000), "x") }, many,
    { criterion("ME3_rule_dlc2300", "forbidden") }, { criterion("ME3_gameMapMatchRule", "map9") },   -- a second one
    { criterion("ME3_gameStateMatchRule", ("z"):rep(500)) },
  } do
    equal(search.fault(wants("map2", nil, nil, nil, more), game()), nil)
  end
end

function tests.long_and_many_values_are_cut()
  local values = { ("v"):rep(65), "two\nlines" }
  for i = 1, 30 do values[#values + 1] = "map" .. i end
  local wanted = search.of_request(PLAYER, { version = VERSION, criteria = { rules = {
    { name = "ME3_gameMapMatchRule", values = values },
  } } })
  equal(#wanted.choices.ME3_gameMapMatchRule, 8)
  equal(wanted.choices.ME3_gameMapMatchRule[1], "map1")
  equal(#search.of_request(PLAYER, { version = ("9"):rep(300) }).version, 64)
end

-- Keys ---------------------------------------------------------------------------------------------------------------

local MAPS, ENEMIES, LEVELS = { "map2", "map3" }, { "enemy1", "random" }, { "difficulty0", "difficulty3" }
local PACKS = { {}, { 2300 }, DLC }

local function has(list, key)
  for _, one in pairs(list) do
    if one == key then return true end
  end
  return false
end

local need  = rules.needs[1]
local usual = { game = need.game, player = need.player }

-- Every game against every search: they find each other by keys, in both directions, exactly when the rules say so.
function tests.keys_agree_with_the_rules()
  local all_searches, pairs_seen, matches = {}, 0, 0
  need.game   = function(one) return one.tunnelled end
  need.player = function(session) return session.tunnel end
  for _, map in ipairs { "map2", "map3", "abstain" } do
    for _, enemy in ipairs { "enemy1", "random", "abstain" } do
      for _, level in ipairs { "difficulty0", "difficulty3", "abstain" } do
        for _, packs in ipairs(PACKS) do
          for _, tunnel in ipairs { true, false } do
            local wanted = wants(map, enemy, level, packs)
            wanted.session = { tunnel = tunnel }
            all_searches[#all_searches + 1] = wanted
          end
        end
      end
    end
  end
  for _, map in ipairs(MAPS) do
    for _, enemy in ipairs(ENEMIES) do
      for _, level in ipairs(LEVELS) do
        for i, packs in ipairs(PACKS) do
          local fields   = { tunnelled = (i + #map + #level) % 2 == 0 or packs == DLC }
          local one      = game({ ME3map = map, ME3gameEnemyType = enemy, ME3gameDifficulty = level }, fields, packs)
          local patterns = keys.patterns(keys.of_game(one))
          local tickets  = keys.of_tickets(one, patterns)
          for _, wanted in ipairs(all_searches) do
            local suits = search.fault(wanted, one) == nil
            local mask, wanted_keys = keys.of_search(wanted)
            equal(has(wanted_keys, patterns[mask]), suits)
            equal(has(tickets, keys.of_ticket(wanted)), suits)
            pairs_seen, matches = pairs_seen + 1, matches + (suits and 1 or 0)
          end
        end
      end
    end
  end
  need.game, need.player = usual.game, usual.player
  equal(pairs_seen, 24 * 162)
  equal(matches > 24 * 8 and matches < 24 * 16, true)
end

function tests.a_search_with_several_values_has_a_key_for_each_and_no_end_of_them()
  local wanted = wants()
  wanted.choices.ME3_gameMapMatchRule    = { "map2", "map3" }
  wanted.choices.ME3_gameEnemyTypeRule   = { "enemy1", "enemy2", "enemy3" }
  local mask, list = keys.of_search(wanted)
  equal(mask, 4)
  equal(#list, 6)
  equal(has(list, keys.patterns(keys.of_game(game { ME3map = "map3", ME3gameEnemyType = "enemy2" }))[mask]), true)
  local one = game()                             -- looked at whatever the map is
  equal(has(keys.of_tickets(one, keys.patterns(keys.of_game(one))), keys.of_ticket(wanted)), true)
  for _, values in pairs(wanted.choices) do
    for i = 1, 8 do values[i] = "v" .. i end
  end
  equal(#select(2, keys.of_search(wanted)) <= 16, true)
end

-- Fit ----------------------------------------------------------------------------------------------------------------

function tests.nearer_ratings_fit_better()
  equal(rules.fit(46, 46), 21600)
  equal(rules.fit(46, 146), 21500)
  equal(rules.fit(0, 0xFFFFFFFF), 0)
end

return tests
