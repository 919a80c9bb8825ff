-- services/leaderboards.lua: who stands where, on the boards that configs/boards.lua lists.
--
-- Scores are kept in the store and, in order, in memory (mu.ranking); one board has everybody and, as scopes, every
-- country. Ranks are those of the whole board, always, and equal scores share one (reference 04 §4.8).
local configs = require "configs.boards"
local locale  = require "services.locale"
local players = require "services.players"

local AT_ONCE   = 500                            -- rows that one step of filling reads
local MOST_ROWS = 255                            -- of one answer; the game asks for about 60

local leaderboards = {}

local rankings = {}
for name in pairs(configs) do rankings[name] = mu.ranking(name) end

-- Saving -------------------------------------------------------------------------------------------------------------

local SET = [[INSERT INTO board_scores (board, player_id, score, country) VALUES (?, ?, ?, ?)
  ON CONFLICT (board, player_id) DO UPDATE SET score = excluded.score, country = excluded.country]]
local UNSET = "DELETE FROM board_scores WHERE board = ? AND player_id = ?"

-- Whether a saved value of this name counts on some board.
function leaderboards.depends_on(key)
  for _, board in pairs(configs) do
    for _, start in ipairs(board.keys) do
      if key:sub(1, #start) == start then return true end
    end
  end
  return false
end

-- What counts of a player's saves, and the country of his account, in one reading.
local function reading()
  local seen, starts = {}, {}
  for _, board in pairs(configs) do
    for _, start in ipairs(board.keys) do
      if not seen[start] then starts[#starts + 1] = ("key GLOB '%s*'"):format(start:gsub("[^%w_]", "")) end
      seen[start] = true
    end
  end
  table.sort(starts)
  return "SELECT key, value FROM player_settings WHERE player_id = ?1 AND (" .. table.concat(starts, " OR ")
         .. ") UNION ALL SELECT '', value FROM player_options WHERE player_id = ?1 AND name = 'country'"
end
local READ = reading()

-- Key → value, and two letters: the country that the account says, else that of the game's language setting, "" where
-- that is not known either. nil when the store has no time.
local function saved_by(player)
  local saved, country = {}, player.locale and locale.country(player.locale) or ""
  local rows = mu.store.read(READ, player.id)
  if not rows then return nil end
  for _, row in ipairs(rows) do
    if row.key == "" then country = row.value else saved[row.key] = row.value end
  end
  return saved, country:match "^%a%a$" and country:upper() or ""
end

-- What the boards show and what the store has to become the same as `scores`; a score of 0 stands on no board.
local function changes_for(id, scores, country)
  local statements, changed = {}, {}
  for name, score in pairs(scores) do
    local ranking = rankings[name]
    local wanted  = score > 0 and score or nil
    if ranking:score(id) ~= wanted or country ~= "" and ranking:score(id, country) ~= wanted then
      statements[#statements + 1] = wanted and { SET, name, id, score, country } or { UNSET, name, id }
      changed[name] = score
    end
  end
  return statements, changed
end

local function keep(id, scores, country)
  if #changes_for(id, scores, country) == 0 then return end
  local old = mu.store.read("SELECT board, country FROM board_scores WHERE player_id = ?", id)
  if country == "" and old and old[1] then country = old[1].country end      -- he is not here to say another
  local statements, changed = changes_for(id, scores, country)
  if not mu.store.batch(statements) then return end          -- the account has gone meanwhile
  for _, row in ipairs(old or {}) do
    local ranking = rankings[row.board]
    if ranking and row.country ~= "" and row.country ~= country then ranking:remove(id, row.country) end
  end
  for name, score in pairs(changed) do
    if score > 0 then rankings[name]:set(id, score, country) else rankings[name]:remove(id) end
  end
end

-- Works out again what a player (a record, or anything with id and locale) has on every board, and keeps it. Returns
-- board name → number; nil when the store has no time: what he has stays.
function leaderboards.count(player)
  local id, scores = player.id, {}
  local saved, country = saved_by(player)
  if not saved then return nil end
  for name, board in pairs(configs) do scores[name] = board.score(saved) or 0 end
  mu.exclusive("leaderboards " .. id, keep, id, scores, country)
  return scores
end

-- The same a moment later, for somebody who need not be online: his saves were changed from outside, or he has left
-- before his last ones were counted.
local recount_kind = mu.record "board_recount" { id = mu.u32 { key = true } }

local recount = mu.timer "leaderboards.recount" {
  handle = function()
    for row in recount_kind.all() do
      local id = row.id
      row:remove()
      if not leaderboards.count { id = id } then leaderboards.later(id) end
    end
  end,
}

function leaderboards.later(player_id)
  if recount_kind.get(player_id) then return end
  recount_kind.create { id = player_id }
  recount:start(1)
end

-- Nobody of this id stands anywhere any more: his account has gone, and the rows of the store with it.
function leaderboards.forget(player_id)
  for _, ranking in pairs(rankings) do ranking:remove(player_id) end
end

-- Filling ------------------------------------------------------------------------------------------------------------

local PAGE = [[SELECT player_id, score, country FROM board_scores WHERE board = ? AND player_id > ?
  ORDER BY player_id LIMIT ?]]

local function fill(name, ranking)
  local last, total, began = 0, 0, mu.time.mono()
  repeat
    local rows = mu.store.read(PAGE, name, last, AT_ONCE)
    if not rows then
      mu.sleep(0.1)                              -- the store is busy: players first
    else
      for _, row in ipairs(rows) do ranking:fill(row.player_id, row.score, row.country) end
      last  = rows[1] and rows[#rows].player_id or last
      total = total + #rows
    end
  until rows and #rows < AT_ONCE
  ranking:filled()
  if total > 0 then mu.log.info("board %s: %d players in %.1f s", name, total, mu.time.mono() - began) end
end

-- Fills every board that is not complete. A reload begins one again that it interrupted: what is in stays in.
function leaderboards.fill()
  for name, ranking in pairs(rankings) do
    if ranking:filling() then mu.spawn(fill, name, ranking) end
  end
end

-- Asking -------------------------------------------------------------------------------------------------------------

-- The board behind a name of the game, "N7RatingDE": its table of configs/boards.lua, its key there, the country ("" in
-- N7RatingGlobal). nil when there is none.
function leaderboards.named(board_name)
  for name, board in pairs(configs) do
    if board.prefix and board_name:sub(1, #board.prefix) == board.prefix then
      local suffix = board_name:sub(#board.prefix + 1)
      if suffix:lower() == "global" then return board, name, "" end
      if suffix:find "^%a%a$" then return board, name, suffix:upper() end
    end
  end
end

-- The names of configs/boards.lua.
function leaderboards.exists(name) return configs[name] ~= nil end

function leaderboards.names()
  local names = {}
  for name in pairs(configs) do names[#names + 1] = name end
  table.sort(names)
  return names
end

function leaderboards.count_of(name, country) return rankings[name]:count(country) end

-- Whether a board is still being filled: what it says is not yet everything.
function leaderboards.filling(name) return rankings[name]:filling() end

local function with_names(rows)
  local ids, names = {}, {}
  for i, row in ipairs(rows) do ids[i] = row.id end
  for _, player in ipairs(#ids > 0 and players.among(ids, {}) or {}) do names[player.id] = player.name end
  local named = {}
  for _, row in ipairs(rows) do
    row.name = names[row.id]
    if row.name then named[#named + 1] = row end             -- an account deleted in this moment has none
  end
  return named
end

-- `count` rows from `first` (counted from 0) on: { id, name, score, rank } each.
function leaderboards.page(name, country, first, count)
  if first < 0 or count < 1 then return {} end
  return with_names(rankings[name]:page(first, math.min(count, MOST_ROWS), country))
end

-- The first of `count` rows with the one at `position` (nil: none) in the middle, as far as there are others on both
-- sides. Without it the first rows, or the last when `at_bottom`.
local function first_around(position, total, count, at_bottom)
  local first = position and position - count // 2 or (at_bottom and total or 0)
  return math.max(0, math.min(first, total - count))
end

-- `count` rows with this player in the middle.
function leaderboards.around(name, country, player_id, count, at_bottom)
  local ranking = rankings[name]
  local _, _, position = ranking:score(player_id, country)
  count = math.max(0, math.min(count, MOST_ROWS))
  local first = first_around(position, ranking:count(country), count, at_bottom)
  return leaderboards.page(name, country, first, count)
end

-- The same of rows that are at hand (leaderboards.among), as if they were the whole board.
function leaderboards.page_of(rows, first, count)
  if first < 0 or count < 1 then return {} end
  return table.move(rows, first + 1, math.min(#rows, first + math.min(count, MOST_ROWS)), 1, {})
end

function leaderboards.around_of(rows, player_id, count, at_bottom)
  local position
  for i, row in ipairs(rows) do if row.id == player_id then position = i - 1 end end
  count = math.max(0, math.min(count, MOST_ROWS))
  return leaderboards.page_of(rows, first_around(position, #rows, count, at_bottom), count)
end

-- The rows of some players, best first, with their ranks on the whole board. With `unranked` those who have no score
-- share the place behind its last one, with 0; of a country nobody is known who has none.
function leaderboards.among(name, country, player_ids, unranked)
  local ranking, rows, seen = rankings[name], {}, {}
  local last = unranked and country == "" and ranking:count(country) + 1
  for i = 1, math.min(#player_ids, MOST_ROWS) do
    local id = player_ids[i]
    local score, rank, position = ranking:score(id, country)
    if (score or last) and not seen[id] then
      seen[id] = true
      rows[#rows + 1] = { id = id, score = score or 0, rank = rank or last, position = position or last }
    end
  end
  table.sort(rows, function(a, b)
    if a.position ~= b.position then return a.position < b.position end
    return a.id < b.id
  end)
  return with_names(rows)
end

return leaderboards
