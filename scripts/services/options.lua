-- services/options.lua: small facts about an account that its owner sets: opt-ins, country, accepted documents.
local answer = require "services.answer"

local options = {}

local MOST       = 64                            -- of one player
local MOST_NAME  = 64
local MOST_VALUE = 256

local SET = [[
INSERT INTO player_options (player_id, name, value) SELECT ?1, ?2, ?3
WHERE EXISTS (SELECT 1 FROM player_options WHERE player_id = ?1 AND name = ?2)
   OR (SELECT count(*) FROM player_options WHERE player_id = ?1) < ?4
ON CONFLICT (player_id, name) DO UPDATE SET value = excluded.value]]

-- All options of a player: name → value.
function options.all(player_id)
  return answer(mu.store.map("SELECT name, value FROM player_options WHERE player_id = ?", player_id))
end

-- Keeps name → value, all of them or none; committed when it returns. False when one is too long or there are too many.
function options.set(player_id, values)
  local statements = {}
  for name, value in pairs(values) do
    if name == "" or #name > MOST_NAME or #value > MOST_VALUE then return false end
    statements[#statements + 1] = { SET, player_id, name, value, MOST }
  end
  if #statements == 0 then return true end
  for _, done in ipairs(answer(mu.store.batch(statements))) do
    if done.changes == 0 then return false end
  end
  return true
end

return options
