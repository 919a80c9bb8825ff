-- matchmaking/listing.lua: games, found by what a search asks, the best first.
--
-- An entry is no truth of its own but what is looked up by: the keys (keys.lua) of a game's attributes as its host last
-- set them, and how many of its seats a search may fill, 0 while nobody can be brought to it. Whoever gets a game from
-- here has had its rules looked at again.
local keys   = require "matchmaking.keys"
local rules  = require "matchmaking.rules"
local search = require "matchmaking.search"

local MOST_LOOKED_AT = 100                       -- of one search; more than `compared` only where rules.pair refuses

local fields = {
  game_id = mu.u32 { key = true },
  game    = mu.ref "game",
  all     = mu.i64,                              -- the key with nothing left out
  free    = mu.u8 { index = true },              -- seats; many count as MOST_FREE
  rating  = mu.u32,                              -- of the host, when its seats last changed
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
  local entry   = entry_kind.get(game.id) or new_entry(game)
  local _, free = search.lobby_fault(game)
  free = math.min(free or 0, keys.MOST_FREE)
  local was = entry.free
  if free == was then return free end
  entry.free = free
  if was == 0 then entry.since = mu.time.mono() end
  if free > 0 then entry.rating = rules.host_rating(game) end
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

-- The keys under which searches that may suit a listed game are waiting.
function listing.keys(game)
  local entry, patterns = entry_kind.get(game.id), {}
  for mask = 0, keys.ANY do patterns[mask] = entry[keys.FIELD[mask]] end
  return keys.of_tickets(game, patterns)
end

local function better(one, other)
  if one.fit ~= other.fit then return one.fit > other.fit end
  return one.since < other.since
end

-- The game of an entry if it really suits. What suits nobody who looks it up so is brought up to date: somebody changed
-- it past us.
local function checked(wanted, entry)
  local game = entry.game
  if not game then return entry:remove() end
  local why, about_him = search.fault(wanted, game)
  if not why then return game end
  if not about_him then
    listing.rename(game)
    listing.refresh(game)
  end
end

-- The best of a few entries that suits, and how well it does.
local function best_of(wanted, entries)
  if not entries[2] then
    local entry = entries[1]
    local fit   = rules.fit(wanted.rating, entry.rating)
    return checked(wanted, entry), fit
  end
  local list = {}
  for i, entry in ipairs(entries) do
    list[i] = { entry = entry, since = entry.since, fit = rules.fit(wanted.rating, entry.rating) }
  end
  table.sort(list, better)
  for _, one in ipairs(list) do
    local game = checked(wanted, one.entry)
    if game then return game, one.fit end
  end
end

-- The best game with so many free seats for a search. A few are compared at a time, the ones listed longest first.
local function best_with(wanted, wanted_keys, field, free)
  local entries, looked_at
  for _, key in ipairs(wanted_keys) do
    for entry in entry_kind.where { [field] = key, free = free } do
      entries, looked_at = entries or {}, (looked_at or 0) + 1
      entries[#entries + 1] = entry
      if #entries == rules.compared then
        local game, fit = best_of(wanted, entries)
        if game then return game, fit end
        if looked_at >= MOST_LOOKED_AT then return nil end
        entries = nil
      end
    end
  end
  if entries then return best_of(wanted, entries) end
end

-- The best game for a search, and how well it fits; nil when there is none.
function listing.best(wanted)
  local mask, wanted_keys = keys.of_search(wanted)
  local field = keys.FIELD[mask]
  for free = 1, keys.MOST_FREE do
    local game, fit = best_with(wanted, wanted_keys, field, free)
    if game then return game, fit end
  end
end

return listing
