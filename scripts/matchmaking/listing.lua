-- matchmaking/listing.lua: games, found by what a search asks, the best first.
--
-- An entry is no truth of its own but what is looked up by: the keys (keys.lua) of a game's attributes as its host last
-- set them, and how many of its seats a search may fill, 0 while nobody can be brought to it. Whoever gets a game from
-- here has had its rules looked at again.
local keys   = require "matchmaking.keys"
local rules  = require "matchmaking.rules"
local search = require "matchmaking.search"

local MOST_LOOKED_AT = 1000                      -- of one search; more than `compared` only where rules.pair refuses

local fields = {
  game_id = mu.u32 { key = true },
  game    = mu.ref "game",
  all     = mu.i64,                              -- the key with nothing left out
  free    = mu.u8 { index = true },              -- seats; many count as MOST_FREE
  rating  = mu.u32,                              -- of the host
  since   = mu.number,                           -- when it began to be open, on mu.time.mono's clock
}
for mask = 0, keys.ANY do fields[keys.FIELD[mask]] = mu.i64 { index = true } end
local entry_kind = mu.record "listed_game" (fields)

local listing = {}

function listing.forget(game)
  local entry = entry_kind.get(game.id)
  if entry then entry:remove() end
end

local function new_entry(game)
  local all, numbers = keys.of_game(game)
  local now = { game_id = game.id, game = game, all = all }
  for mask, key in pairs(keys.patterns(all, numbers)) do now[keys.FIELD[mask]] = key end
  return entry_kind.create(now)
end

-- Something about a game has changed. How many seats a search may fill, up to MOST_FREE.
function listing.refresh(game)
  local entry = entry_kind.get(game.id) or new_entry(game)
  local free  = search.lobby_fault(game) and 0 or math.min(rules.free(game), keys.MOST_FREE)
  local was   = entry.free
  if free ~= was then
    if was == 0 then entry.since = mu.time.mono() end
    entry.free = free
  end
  if free > 0 then
    local rating = rules.host_rating(game)
    if entry.rating ~= rating then entry.rating = rating end
  end
  return free
end

-- The host has set attributes: other keys.
function listing.rename(game)
  local entry = entry_kind.get(game.id)
  if not entry then return end
  local all, numbers = keys.of_game(game)
  if entry.all == all then return end
  entry.all = all
  for mask, key in pairs(keys.patterns(all, numbers)) do entry[keys.FIELD[mask]] = key end
end

-- An iterator over the entries of one fullness that a search may suit.
local function candidates(wanted_keys, field, free)
  local at, walk = 0
  return function()
    while true do
      local entry = walk and walk()
      if entry then return entry end
      at = at + 1
      local key = wanted_keys[at]
      if not key then return nil end
      walk = entry_kind.where { [field] = key, free = free }
    end
  end
end

local function better(one, other)
  if one.fit ~= other.fit then return one.fit > other.fit end
  return one.since < other.since
end

-- The best of the next few candidates that really suits; nil and whether there may be more.
local function best_of_next(wanted, next_entry)
  local batch = {}
  for i = 1, rules.compared do
    local entry = next_entry()
    if not entry then break end
    batch[i] = { entry = entry, since = entry.since, fit = rules.fit(wanted.rating, entry.rating) }
  end
  if batch[2] then table.sort(batch, better) end
  for _, one in ipairs(batch) do
    local game = one.entry.game
    if not game then
      one.entry:remove()
    elseif search.fault(wanted, game) then
      listing.rename(game)
      listing.refresh(game)
    else
      return game, one.fit
    end
  end
  return nil, #batch == rules.compared
end

-- The best game for a search, and how well it fits; nil when there is none.
function listing.best(wanted)
  local mask, wanted_keys = keys.of_search(wanted)
  for free = 1, keys.MOST_FREE do
    local next_entry = candidates(wanted_keys, keys.FIELD[mask], free)
    for _ = 1, MOST_LOOKED_AT, rules.compared do
      local game, fit = best_of_next(wanted, next_entry)
      if game then return game, fit end
      if not fit then break end
    end
  end
end

return listing
