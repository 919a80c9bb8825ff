-- services/games_matches.lua: matches, as the server itself sees them (reference 04 §2.9).
--
-- The host's attribute ME3gameState says when a match starts and when it is over; who was in it and who left when is
-- known anyway. A moment after the end, when the games have saved, what the players' counters gained is looked at
-- (games_kits.lua) and everything is written in one go. The next match of the same players begins with fresh counters.
local config   = mu.config
local hooks    = require "services.games_hooks"
local kits     = require "services.games_kits"
local limits   = require "services.limits"
local network  = require "services.network"

local DAY, HOUR = 86400, 3600
local SETTLE_SECONDS = 10                        -- for the games to save what a match has brought
local MOST_PLAYERS   = 16                        -- of one match, those who left counted as well
local MOST_MATCHES   = 60                        -- of one host in an hour that are written down: each is kept for years

local STARTED  = { IN_GAME_STARTING = true, IN_GAME_MIDGAME = true }
local FINISHED = "IN_GAME_FINISHING"

local match_started = mu.event "match_started" {
  params = "game: record", text = "the players of a game go into a match",
}
local match_finished = mu.event "match_finished" {
  params = "game: record?, result: table",
  text   = "a match is over and written down; the game is nil when it is over as well. The result: { id, game_id, "
           .. "reporting_id, attributes, started, finished, completed, extracted, players = { { id, name, slot, host, "
           .. "left_at, reason, extracted, kit, equipment } } }",
}

local match_kind = mu.record "match" {
  game         = mu.ref "game",
  game_id      = mu.u32 { index = true },
  reporting_id = mu.i64,
  seed         = mu.u32,
  attributes   = mu.map(mu.string { max = 64 }, mu.string { max = 255 }, { max = 32 }),
  started      = mu.i64,
  finished     = mu.i64,                         -- 0: it goes on
  completed    = mu.bool,
  players      = mu.list(mu.ref "match_player", MOST_PLAYERS),
}

local player_kind = mu.record "match_player" {
  player_id = mu.u32,
  name      = mu.string { max = 99 },
  slot      = mu.u8,
  host      = mu.bool,
  noted     = mu.bool,                           -- `before` has been read
  before    = mu.string { max = 1023 },          -- kits.counters when he came into the match
  left_at   = mu.i64,
  reason    = mu.u8,
}

local matches = {}

-- The match that a game is in, or nil.
function matches.current(game)
  for match in match_kind.where { game_id = game.id } do
    if match.finished == 0 then return match end
  end
end

-- Player id → counters, of those given; nil when the store has no time.
local function read_counters(ids)
  if #ids == 0 then return {} end
  local found = {}
  local marks = ("?,"):rep(#ids):sub(1, -2)
  local rows  = mu.store.read("SELECT player_id, value FROM player_settings WHERE key = 'Progress' AND player_id IN ("
                              .. marks .. ")", table.unpack(ids))
  if not rows then return nil end
  for _, row in ipairs(rows) do found[row.player_id] = kits.counters(row.value) end
  return found
end

-- Reads the counters of those who have just come into a match.
local note = mu.timer "matches.note" {
  handle = function(match)
    local ids, asked = {}, {}
    for _, player in ipairs(match.players) do
      if not player.noted then
        ids[#ids + 1] = player.player_id
        asked[#asked + 1] = player
      end
    end
    local counters = read_counters(ids)
    if not counters or not match:exists() then return end
    for i, player in ipairs(asked) do            -- and nobody who has come in meanwhile
      player.before, player.noted = counters[ids[i]] or "", true
    end
  end,
}

local function comes_in(match, member)
  if #match.players == MOST_PLAYERS then return end
  for _, player in ipairs(match.players) do
    if player.player_id == member.player_id then
      player.left_at = 0                         -- he has come back
      return
    end
  end
  match.players:add(player_kind.create {
    player_id = member.player_id, name = member.session.player.name, slot = member.slot,
    host = member.game.host == member,
  })
end

local function start(game)
  local host = game.host.session
  if not limits.take("matches of a host", host.player.id, MOST_MATCHES, HOUR, network.address(host)) then return end
  local match = match_kind.create {
    game = game, game_id = game.id, reporting_id = game.reporting_id, seed = game.seed, started = mu.time.unix(),
  }
  for _, member in ipairs(game.members) do comes_in(match, member) end
  note:start(0, match)
  match_started(game)
end

-- Writing ------------------------------------------------------------------------------------------------------------

local INSERT_MATCH = [[INSERT INTO matches
  (game_id, reporting_id, seed, attributes, started, finished, completed, extracted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)]]
-- Of the match that the statement before has just made. An account may be gone by now.
local INSERT_PLAYER = [[INSERT INTO match_players
  (match_id, player_id, name, slot, host, left_at, reason, extracted, kit, equipment)
  SELECT (SELECT max(id) FROM matches), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
  WHERE EXISTS (SELECT 1 FROM players WHERE id = ?1)]]
local PRUNE = "DELETE FROM matches WHERE finished < ? AND finished > 0"

-- What the player carried: of his saved characters the one that is this kit.
local function equipment_of(player_id, kit)
  local rows = mu.store.read("SELECT value FROM player_settings WHERE player_id = ? AND key GLOB 'char[0-9]*'",
                             player_id) or {}
  for _, row in ipairs(rows) do
    local name, equipment = kits.character(row.value)
    if name == kit then return equipment end
  end
end

-- A plain table of a match, with what the players' counters say now.
local function result_of(match)
  local result = {
    game_id = match.game_id, reporting_id = match.reporting_id, seed = match.seed,
    attributes = mu.plain(match.attributes), started = match.started, finished = match.finished,
    completed = match.completed, extracted = false, players = {},
  }
  local ids, before = {}, {}
  for i, player in ipairs(match.players) do
    ids[i], before[i] = player.player_id, player.noted and player.before or nil
    result.players[i] = {
      id = player.player_id, name = player.name, slot = player.slot, host = player.host,
      left_at = player.left_at ~= 0 and player.left_at or nil, reason = player.left_at ~= 0 and player.reason or nil,
      extracted = false,
    }
  end
  local now = read_counters(ids) or {}
  for i, player in ipairs(result.players) do
    if before[i] and now[player.id] then player.extracted, player.kit = kits.played(before[i], now[player.id]) end
    if player.kit then player.equipment = equipment_of(player.id, player.kit) end
    result.extracted = result.extracted or player.extracted
  end
  return result
end

local function write(result)
  local statements = { {
    INSERT_MATCH, result.game_id, result.reporting_id, result.seed, mu.json.encode(result.attributes),
    result.started, result.finished, result.completed, result.extracted,
  } }
  for _, player in ipairs(result.players) do
    statements[#statements + 1] = {
      INSERT_PLAYER, player.id, player.name, player.slot, player.host, player.left_at or mu.null,
      player.reason or mu.null, player.extracted, player.kit or mu.null,
      player.equipment and mu.json.encode(player.equipment) or mu.null,
    }
  end
  if config.games.history_days > 0 then
    statements[#statements + 1] = { PRUNE, result.finished - config.games.history_days * DAY }
  end
  local done, why, sentence = mu.store.batch(statements)
  if not done then
    return mu.log.warn("the match of game %d could not be written: %s", result.game_id, sentence or why)
  end
  result.id = done[1].last_id
  return true
end

local settle = mu.timer "matches.settle" {
  handle = function(match)
    local fine, result = pcall(result_of, match)
    local game         = match.game
    for _, player in ipairs(mu.plain(match.players)) do player:remove() end
    match:remove()                               -- also when the store failed: it will not be asked again
    if not fine then error(result, 0) end
    if write(result) then match_finished(game, result) end
  end,
}

local function finish(match, game, completed, seconds)
  match.finished, match.completed = mu.time.unix(), completed
  match.attributes = mu.plain(game.attributes)
  settle:start(seconds, match)
end

-- What happens to games ----------------------------------------------------------------------------------------------

hooks.when_attributes(function(game, changed)
  local state = changed.ME3gameState
  if not state then return end
  local match = matches.current(game)
  if STARTED[state] and not match then start(game) end
  if state == FINISHED and match then finish(match, game, true, SETTLE_SECONDS) end
end)

hooks.when_joined(function(game, member)
  local match = matches.current(game)
  if not match then return end
  comes_in(match, member)
  note:start(0, match)
end)

hooks.when_left(function(game, player_id, reason)
  local match = matches.current(game)
  for _, player in ipairs(match and match.players or {}) do
    if player.player_id == player_id then player.left_at, player.reason = mu.time.unix(), reason end
  end
end)

-- The next match begins, or there will be none: whatever there is to say of the last one is said now.
local function close(game)
  for match in match_kind.where { game_id = game.id } do
    if match.finished == 0 then
      finish(match, game, false, 0)
    elseif settle:left(match) then
      settle:start(0, match)
    end
  end
end

hooks.when_replayed(close)
hooks.when_ended(close)

-- Rows of matches with what they were played with, and by whom.
local function whole(rows)
  for _, row in ipairs(rows) do
    row.attributes = mu.json.decode(row.attributes)
    row.players = mu.store.read("SELECT * FROM match_players WHERE match_id = ? ORDER BY slot", row.id) or {}
    for _, player in ipairs(row.players) do
      player.equipment = player.equipment and mu.json.decode(player.equipment)
    end
  end
  return rows
end

-- The last `count` matches of a player, newest first, each with its players.
function matches.of_player(player_id, count)
  return whole(mu.store.read([[SELECT m.* FROM matches m JOIN match_players p ON p.match_id = m.id
    WHERE p.player_id = ? ORDER BY m.id DESC LIMIT ?]], player_id, count) or {})
end

-- `count` matches behind the first `skip`, the oldest first unless `newest`; and how many there are.
function matches.page(skip, count, newest)
  local total = mu.store.row "SELECT count(*) AS n FROM matches"
  return whole(mu.store.read("SELECT * FROM matches ORDER BY id " .. (newest and "DESC" or "ASC")
    .. " LIMIT ? OFFSET ?", count, skip) or {}), total and total.n or 0
end

-- One match, or nil.
function matches.get(id)
  return whole(mu.store.read("SELECT * FROM matches WHERE id = ?", id) or {})[1]
end

return matches
