-- matchmaking/rules.lua: which games suit a search, and which of them is best. All of it is data; a rule is a line.
--
-- What a searcher asks (`rules.asked`): `rule` is the game's own name of it, `attribute` the lobby's attribute it is
-- about, `values` what those can be, `otherwise` what a game made for a search that does not mind has. The kinds:
--   choice  the searcher names what suits him, and the lobby must have it; "abstain", or no word at all, suits always
--   both    either both have it or neither: who lacks a pack cannot play with those who have it
--   told    decides nothing; the searcher is told the values
--
-- What a lobby must be (`rules.lobby`), whoever searches, what it may need of its players (`rules.needs`: one test for
-- the game and one for the player's session), and what a searcher and a lobby must be to each other (`rules.pair`): a
-- test, and the end of the sentence "the game …" that says why not. A game is the record (services/games_records.lua),
-- `attributes` are its attributes; a search is { player_id, session, rating, version }.
--
-- Games and searches find each other by what is asked and needed, however many there are. A rule of `rules.pair` is
-- only looked at afterwards: let it refuse few.
local tunnels = require "services.tunnels"

local rules = {}

local function numbered(name, first, last, ...)
  local values = { ... }
  for number = first, last do values[#values + 1] = name .. number end
  return values
end

local HAS    = { "required", "preferred" }
local STATES = { "IN_LOBBY", "IN_LOBBY_LONGTIME", "IN_GAME_STARTING", "abstain", "IN_GAME_MIDGAME", "MATCH_MAKING" }

rules.asked = {
  { kind = "choice", rule = "ME3_gameMapMatchRule",   attribute = "ME3map",
    values = numbered("map", 0, 29), otherwise = "map0" },
  { kind = "choice", rule = "ME3_gameEnemyTypeRule",  attribute = "ME3gameEnemyType",
    values = numbered("enemy", 0, 9, "random"), otherwise = "random" },
  { kind = "choice", rule = "ME3_gameDifficultyRule", attribute = "ME3gameDifficulty",
    values = numbered("difficulty", 0, 3), otherwise = "difficulty0" },
  { kind = "both",   rule = "ME3_rule_dlc2300",       attribute = "ME3_dlc2300",       values = HAS },   -- Resurgence
  { kind = "both",   rule = "ME3_rule_dlc2500",       attribute = "ME3_dlc2500",       values = HAS },   -- Rebellion
  { kind = "both",   rule = "ME3_rule_dlc2700",       attribute = "ME3_dlc2700",       values = HAS },   -- Earth
  { kind = "both",   rule = "ME3_rule_dlc3050",       attribute = "ME3_dlc3050",       values = HAS },   -- Retaliation
  { kind = "both",   rule = "ME3_rule_dlc3225",       attribute = "ME3_dlc3225",       values = HAS },   -- Reckoning
  { kind = "told",   rule = "ME3_gameStateMatchRule", attribute = "ME3gameState",      values = STATES },
}

-- Bits of a game's settings, and its states (reference 02 §12.3).
local OPEN_TO_MATCHMAKING, JOIN_IN_PROGRESS = 0x2, 0x100
local PRE_GAME, IN_GAME                     = 130, 131

rules.lobby = {
  { why = "is closed to matchmaking", test = function(game) return game.settings & OPEN_TO_MATCHMAKING ~= 0 end },
  { why = "is private", test = function(_, attributes) return (attributes.ME3privacy or "PUBLIC") == "PUBLIC" end },
  { why = "is about to end", test = function(_, attributes) return attributes.ME3gameState ~= "IN_GAME_FINISHING" end },
  { why = "is changing its host", test = function(game) return not game.migrating end },
  { why = "is in a state in which nobody may come",
    test = function(game)
      local state = game.state
      return state == PRE_GAME or state == IN_GAME and game.settings & JOIN_IN_PROGRESS ~= 0
    end },
}

-- How many seats of a game are free. Without any, nothing else is asked.
function rules.free(game)
  return game.public_slots + game.private_slots - #game.members
end

-- Only players with the same version of the game meet.
rules.same_version = true

rules.needs = {
  { name = "tunnel", why = "goes through tunnels, and the player has none",
    game = tunnels.is_tunnelled, player = function(session) return tunnels.of(session) ~= nil end },
}

rules.pair = {
  { why = "has banned the player", test = function(search, game) return not game.banned:has(search.player_id) end },
  { why = "has the player already",
    test = function(search, game)
      for _, member in ipairs(game.members) do
        if member.player_id == search.player_id then return false end
      end
      return true
    end },
}

-- The best of the games that suit: the fullest; of equally full ones the best fit; of equal fits the one that has been
-- open longest. So many of the equally full ones are compared; 1 takes the first that suits.
rules.compared = 8

-- How well a game fits, from 0 to 21600: the nearer the host's N7 rating is, the better.
rules.BEST_FIT = 21600
function rules.fit(rating, host_rating)
  return math.max(0, rules.BEST_FIT - math.abs(rating - host_rating))
end

function rules.host_rating(game)
  local host    = game.host
  local session = host and host.session
  local player  = session and session.player
  return player and player.rating or 0
end

return rules
