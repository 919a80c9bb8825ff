-- lib/search_steps.lua: searching a game, and what a searcher must hear of it, in order.
--
--   search.starts(bob, { map = "map2" })               startMatchmaking; what is not named does not matter to him
--   search.waits(bob)                                   he is told that the search goes on
--   search.finds(bob, lobby)                            he is brought into a lobby (lib/match_steps.lua)
--   search.ends(bob, search.TIMED_OUT)                  or not
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local search = { TIMED_OUT = 3, CANCELED = 4, TERMINATED = 5 }

local VERSION  = "ME3-295976325-179181965240128"
local BEST_FIT = 21600
local JOINED   = 2
local ALL      = { 2300, 2500, 2700, 3050, 3225 }

-- A lobby's attributes with all packs; `changes` on top.
function search.attributes(changes)
  local all = {
    ME3map = "map2", ME3gameEnemyType = "enemy1", ME3gameDifficulty = "difficulty0", ME3privacy = "PUBLIC",
  }
  for _, number in ipairs(ALL) do all["ME3_dlc" .. number] = "required" end
  for key, value in pairs(changes or {}) do all[key] = value or nil end
  return all
end

local function rule(name, threshold, ...) return { name = name, threshold = threshold, values = { ... } } end

-- The request as the game sends it (reference 02 §12.7). `wanted`: map, enemy, difficulty, packs, more (rules),
-- duration (milliseconds).
function search.request(wanted)
  wanted = wanted or {}
  local rules = {
    rule("ME3_gameStateMatchRule", "quickMatch", "MATCH_MAKING"),
    rule("ME3_gameMapMatchRule", "quickMatch", wanted.map or "abstain"),
    rule("ME3_gameEnemyTypeRule", "quickMatch", wanted.enemy or "abstain"),
    rule("ME3_gameDifficultyRule", "quickMatch", wanted.difficulty or "abstain"),
  }
  for _, number in ipairs(wanted.packs or ALL) do
    rules[#rules + 1] = rule("ME3_rule_dlc" .. number, "requireExactMatch", "required")
  end
  for _, one in ipairs(wanted.more or {}) do table.insert(rules, 1, one) end
  return {
    criteria = {
      did_not_finish = { max = 101 }, host_balance = { threshold = "hostBalancing" }, rules = rules,
      roster_size = { most = 65535 }, size = { most = 4, wanted = 4, least = 2, threshold = "matchAny" },
      team = { team = 65535 }, host_viability = { threshold = "hostViability" }, virtual_game = { value = 1 },
      user_data = { ME3_characterSkill_Rule = { threshold = "quickMatch" } },
    },
    duration = wanted.duration or 1800000, settings = 1311, version = wanted.version or VERSION, mode = 3, voip = 2,
  }
end

function search.starts(client, wanted)
  client.search = client:asks("GameManager.startMatchmaking", search.request(wanted),
    { matchmaking_id = play.where(function(id) return id > 0 and id ~= client.search end, "a new number") })
    .matchmaking_id
end

local STATE_RULE = {
  name = "ME3_gameStateMatchRule", values = {
    "IN_LOBBY", "IN_LOBBY_LONGTIME", "IN_GAME_STARTING", "abstain", "IN_GAME_MIDGAME", "MATCH_MAKING",
  },
}

-- The status, whose fields are those that the official server sent.
local function status(client, games)
  local waits = games == 0 and {
    ME3_gameStateMatchRule = STATE_RULE, ME3_gameMapMatchRule = { name = "ME3_gameMapMatchRule" },
  } or nil
  return client:is_notified("GameManager.NotifyMatchmakingAsyncStatus", {
    matchmaking_id = client.search, user_session_id = play.any,
    searches = { {
      create_game = { evaluation = 6, sessions = play.any, matched_players = 0 }, find_game = { games = games },
      custom = {}, did_not_finish = { mine = 0, max = 0 }, location = { max_distance = 0 }, ping_site = {},
      host_viability = { value = 0 }, rank = { flags = 0 }, team_size = { max_accepted = 0, min_accepted = 0 },
      virtual_game = { flags = 0 },
      game_size = { max_accepted = 4, min_accepted = 2 }, host_balance = { value = 1 },
      user_data = { ME3_characterSkill_Rule = { max_accepted = 500, min_accepted = 0, mine = client.rating or 0 } },
      rules = waits,
    } },
  }).searches[1]
end

function search.waits(client) return status(client, 0) end

local FOUND = play.where(function(games) return games == 0 or games == 1 end, "0 or 1")

-- `client` is brought into a lobby; everybody hears of it. While others wait, a game that has just changed is offered
-- to them first: then he is told that his search goes on, and a moment later that it has found something.
function search.finds(client, lobby, fit)
  if status(client, FOUND).find_game.games == 0 then status(client, 1) end
  match.enters(client, lobby, { matchmaking = {
    fit = fit or BEST_FIT, max_fit = BEST_FIT, matchmaking_id = client.search, result = JOINED,
    user_session_id = play.any,
  } })
end

-- Searches, finds, connects.
function search.comes(client, lobby, wanted)
  search.starts(client, wanted)
  search.finds(client, lobby)
  match.meshes(client, lobby)
end

function search.ends(client, result)
  client:is_notified("GameManager.NotifyMatchmakingFailed", {
    max_fit = BEST_FIT, matchmaking_id = client.search, result = result, user_session_id = play.any,
  })
end

function search.cancels(client)
  client:asks("GameManager.cancelMatchmaking", { matchmaking_id = client.search }, play.exactly {})
  search.ends(client, search.CANCELED)
end

-- Players with accounts, named in order.
function search.players(server, count)
  local names, list = { "Alice", "Bob", "Carol", "Dave", "Erin", "Frank" }, {}
  for i = 1, count do list[i] = match.player(server, names[i]) end
  return table.unpack(list)
end

return search
