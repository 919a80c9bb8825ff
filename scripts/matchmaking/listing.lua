-- matchmaking/listing.lua: the games that take players, found by what a search asks, best first.
--
-- An entry is no truth of its own but what is looked up by: the keys (keys.lua) of a game as it was when somebody last
-- said that it has changed. Whoever gets a game from here has had its rules looked at again.
local keys   = require "matchmaking.keys"
local rules  = require "matchmaking.rules"
local search = require "matchmaking.search"

local MOST_LOOKED_AT = 1000                      -- of one search; more than `compared` only where rules.pair refuses

local fields = {
  game_id = mu.u32 { key = true },
  game    = mu.ref "game",
  all     = mu.i64,                              -- the key with nothing left out, before fullness
  free    = mu.u8,
  rating  = mu.u32,                              -- of the host
  since   = mu.number,                           -- it has been here, on mu.time.mono's clock
}
for mask = 0, keys.ANY do fields[keys.FIELD[mask]] = mu.i64 { index = true } end
local entry_kind = mu.record "listed_game" (fields)

local listing = {}

function listing.count() return entry_kind.count() end

function listing.forget(game)
  local entry = entry_kind.get(game.id)
  if entry then entry:remove() end
end

-- Lists a game as it is now, or takes it off where nobody can be brought to it. Returns the number and the numbers that
-- its keys are made of; nil when it is not listed.
function listing.refresh(game)
  local id    = game.id
  local entry = entry_kind.get(id)
  if search.lobby_fault(game) then
    if entry then entry:remove() end
    return nil
  end
  local all, numbers = keys.of_game(game)
  local free         = rules.free(game)
  local rating       = rules.host_rating(game)
  if entry then
    if entry.rating ~= rating then entry.rating = rating end
    if entry.all == all and entry.free == free then return all, numbers end
  end
  local now = { game_id = id, game = game, all = all, free = free, rating = rating }
  for mask, key in pairs(keys.patterns(all, numbers)) do now[keys.FIELD[mask]] = keys.with_free(key, free) end
  if not entry then
    now.since = mu.time.mono()
    entry_kind.create(now)
    return all, numbers
  end
  now.game_id, now.game = nil, nil
  for name, value in pairs(now) do entry[name] = value end
  return all, numbers
end

-- An iterator over the entries of one fullness that a search may suit.
local function candidates(wanted_keys, field, free)
  local at, walk = 0, nil
  return function()
    while true do
      local entry = walk and walk()
      if entry then return entry end
      at = at + 1
      local key = wanted_keys[at]
      if not key then return nil end
      walk = entry_kind.where { [field] = keys.with_free(key, free) }
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
      listing.refresh(game)
    else
      return game, one.fit
    end
  end
  return nil, #batch == rules.compared
end

-- The best game for a search, and how well it fits; nil when there is none.
function listing.best(wanted)
  if entry_kind.count() == 0 then return nil end
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
