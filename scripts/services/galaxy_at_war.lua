-- services/galaxy_at_war.lua: every player's war: what is stored of it, and what that is worth now.
local config  = mu.config.galaxy_at_war
local answer  = require "services.answer"
local career  = require "services.career"
local ratings = require "galaxy_at_war.ratings"

local war = {}

local READ = "SELECT a, b, c, d, e, updated FROM galaxy_at_war WHERE player_id = ?"
local KEEP = [[INSERT INTO galaxy_at_war (player_id, a, b, c, d, e, updated) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (player_id) DO UPDATE SET a = excluded.a, b = excluded.b, c = excluded.c, d = excluded.d,
    e = excluded.e, updated = excluded.updated]]

-- The five ratings as they are now, and when matches last changed them (unix seconds; nil: never).
function war.ratings(player_id)
  local row = answer(mu.store.row(READ, player_id))
  if not row then return ratings.fresh() end
  local stored = { row.a, row.b, row.c, row.d, row.e }
  return ratings.decayed(stored, mu.time.unix() - row.updated, config.decay), row.updated
end

local function keep(player_id, values)
  local a, b, c, d, e = table.unpack(values)
  return answer(mu.store.batch { { KEEP, player_id, a, b, c, d, e, mu.time.unix() } })
end

-- Adds what a match won; returns the five new ratings. Committed when it returns; nil when there is no such player.
function war.increase(player_id, increments)
  return mu.exclusive("galaxy at war " .. player_id, function()
    local values = ratings.increased(war.ratings(player_id), increments, config.increase_factor)
    return keep(player_id, values) and values
  end)
end

-- Sets the five ratings, as an operator wishes. Committed when it returns; false when there is no such player.
function war.set(player_id, values)
  return mu.exclusive("galaxy at war " .. player_id, function() return keep(player_id, values) ~= nil end)
end

-- Promoted classes, which the campaign counts as one of its assets.
function war.promotions(player_id)
  if not config.promotions then return 0 end
  local saved = answer(mu.store.map("SELECT key, value FROM player_settings WHERE player_id = ? AND key GLOB 'class*'",
    player_id))
  return math.min(career.promotions(saved), config.most_promotions)
end

return war
