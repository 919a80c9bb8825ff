-- matchmaking/creation.lua: the game that is made for somebody who has searched in vain for matchmaking.create_seconds.
-- He becomes its host; once his game has opened it, others find it as any game (reference 04 §3.6).
local games = require "services.games"
local rules = require "matchmaking.rules"

local CREATED_GAME      = 0
local SLOTS             = 4
local PEER_TO_PEER_VOIP = 2

local creation = {}

-- The attributes of a game that suits a search.
function creation.attributes(wanted)
  local attributes = { ME3privacy = "PUBLIC" }
  for _, rule in ipairs(rules.asked) do
    if rule.kind == "choice" then
      local values = wanted.choices[rule.rule]
      attributes[rule.attribute] = values and values[1] or rule.otherwise
    elseif rule.kind == "both" and wanted.packs[rule.rule] then
      attributes[rule.attribute] = rule.values[1]
    end
  end
  return attributes
end

-- Makes the player of a search the host of such a game; `settings` are those he would make one with. The game; nil and
-- the name of an error.
function creation.make(session, number, wanted, settings)
  return games.create(session, {
    attributes = creation.attributes(wanted), settings = settings, capacities = { SLOTS, 0 }, max_capacity = SLOTS,
    version = wanted.version, voip = PEER_TO_PEER_VOIP,
  }, { matchmaking = {
    fit = rules.BEST_FIT, max_fit = rules.BEST_FIT, matchmaking_id = number, result = CREATED_GAME,
    user_session_id = session.id,
  } })
end

return creation
