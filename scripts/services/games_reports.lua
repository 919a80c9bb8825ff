-- services/games_reports.lua: what a game reports about its player: kept, and believed for nothing.
--
-- A report may be about its sender only; the boards and the N7 rating come from what a player has saved (reference 04
-- §4.7), so that nobody writes himself to the top. The last few reports of each player are kept for the operator.
local answer = require "services.answer"

local KEPT       = 50                            -- reports of one player
local MOST       = 0x7FFFFFFF
local GAME_TYPES = { massEffectReport = true, [""] = true }

local reports = {}

local game_reported = mu.event "game_reported" {
  params = "player: record, report: table",
  text   = "a game has reported challenge points, rating and country of its player: { challenge_points, rating, "
           .. "country, finished, reporting_id }",
}

local INSERT = [[INSERT INTO game_reports
  (player_id, game_type, reporting_id, finished, country, challenge_points, rating, received)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)]]
local PRUNE  = [[DELETE FROM game_reports WHERE player_id = ?1 AND id <= (
  SELECT id FROM game_reports WHERE player_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)]]

local function bounded(number) return math.max(0, math.min(number, MOST)) end

-- Two letters from a number that holds them; "" when it holds none.
local function letters(number)
  local text = number >= 0 and number <= 0xFFFF and (">I2"):pack(number) or ""
  return text:find "^%u%u$" and text or ""
end

-- Keeps a report of `player`, as schema/game_reporting.lua's SubmitRequest; suspends until it is kept. nil, or the name
-- of an error.
function reports.submit(player, request)
  local report   = request.report
  local type     = report.type_name ~= "" and report.type_name or request.type_name
  local contents = report.contents
  if not GAME_TYPES[type] then return "GAMEREPORTING_OFFLINE_ERR_INVALID_GAME_TYPE" end
  local players  = contents and contents.value.players or {}
  for id in pairs(players) do
    if id ~= player.id then return "GAMEREPORTING_OFFLINE_ERR_REPORT_INVALID" end
  end
  local mine = players[player.id]
  if not mine then return "GAMEREPORTING_OFFLINE_ERR_REPORT_INVALID" end
  local id   = player.id
  local told = {
    challenge_points = bounded(mine.challenge_points), rating = bounded(mine.rating), country = letters(mine.country),
    finished = request.finished & 0xFF,
    reporting_id = report.reporting_id ~= 0 and report.reporting_id or request.reporting_id,
  }
  answer(mu.store.batch {
    { INSERT, id, type, told.reporting_id, told.finished, told.country, told.challenge_points, told.rating,
      mu.time.unix() },
    { PRUNE, id, KEPT },
  })
  if player:exists() then game_reported(player, told) end
end

return reports
