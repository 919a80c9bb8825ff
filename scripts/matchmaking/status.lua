-- matchmaking/status.lua: what a searcher is told about his search (reference 02 §12.7), as the official server did.
local rules = require "matchmaking.rules"

local SKILL_RULE = "ME3_characterSkill_Rule"

-- What is the same in every status, as it was recorded.
local ENOUGH_AND_HOST = 6                        -- an acceptable host was found, team sizes are right
local DID_NOT_FINISH  = { mine = 0, max = 0 }
local LOCATION        = { max_distance = 0 }
local GAME_SIZE       = { max_accepted = 4, min_accepted = 2 }
local HOST_BALANCE    = { value = 1 }            -- balanced
local HOST_VIABILITY  = { value = 0 }
local RANK            = { flags = 0 }
local TEAM_SIZE       = { max_accepted = 0, min_accepted = 0 }
local VIRTUAL_GAME    = { flags = 0 }
local NOTHING         = {}
local MOST_RATING     = 500

-- What each rule accepts where the searcher does not mind.
local accepts = {}
for _, rule in ipairs(rules.asked) do accepts[rule.rule] = { name = rule.rule, values = rule.values } end

local status = {}

-- `games`: how many were found; `searches`: how many there are. Who has found one is told of no values that suit: his
-- status is there because the game that follows needs one (reference 04 §3.5).
function status.of(wanted, games, searches)
  local accepted = games == 0 and {} or nil
  for _, rule in ipairs(accepted and rules.asked or {}) do
    local name   = rule.rule
    local values = rule.kind == "choice" and wanted.choices[name]
    if values then
      accepted[name] = { name = name, values = values }
    elseif rule.kind ~= "both" or wanted.packs[name] then
      accepted[name] = accepts[name]
    end
  end
  return {
    create_game    = { evaluation = ENOUGH_AND_HOST, sessions = searches, matched_players = 0 },
    custom         = NOTHING,
    did_not_finish = DID_NOT_FINISH,
    find_game      = { games = games },
    location       = LOCATION,
    rules          = accepted,
    game_size      = GAME_SIZE,
    host_balance   = HOST_BALANCE,
    host_viability = HOST_VIABILITY,
    ping_site      = NOTHING,
    rank           = RANK,
    team_size      = TEAM_SIZE,
    user_data      = {
      [SKILL_RULE] = { max_accepted = MOST_RATING, min_accepted = 0, mine = wanted.rating, name = SKILL_RULE },
    },
    virtual_game   = VIRTUAL_GAME,
  }
end

return status
