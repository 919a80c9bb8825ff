-- http/api/leaderboard.lua: the leaderboards over the REST API, for everybody.
local api          = require "http.api.api"
local leaderboards = require "services.leaderboards"
local types        = require "http.api.types"

local SHORT = { n7 = "n7rating", cp = "ChallengePoints" }    -- what the dashboard calls them
local NAME  = types.string(32)

local function board_of(name)
  local board = SHORT[name] or name
  if leaderboards.exists(board) then return board end
  return nil, api.refuse(400, "There is no board of this name")
end

local function entry(row)
  return { player_id = row.id, player_name = row.name, value = row.score, rank = row.rank }
end

api.get("/api/leaderboard/{name}", {
  text = "A page of a leaderboard, the best first.", params = { name = NAME }, query = types.page(40),
  response = types.object {
    total = types.integer, entries = types.list(types.Entry), more = types.boolean, filling = types.boolean,
  },
  handle = function(_, request)
    local board, refusal = board_of(request.params.name)
    if refusal then return refusal end
    local total = leaderboards.count_of(board)
    local skip, more = api.page(request.query, total)
    local entries = {}
    for i, row in ipairs(leaderboards.page(board, nil, skip, request.query.count)) do entries[i] = entry(row) end
    return { total = total, entries = mu.json.list(entries), more = more, filling = leaderboards.filling(board) }
  end,
})

api.get("/api/leaderboard/{name}/{player_id}", {
  text = "One player's place on a leaderboard.", params = { name = NAME, player_id = types.u32 },
  response = types.Entry,
  handle = function(_, request)
    local board, refusal = board_of(request.params.name)
    if refusal then return refusal end
    local row = leaderboards.among(board, nil, { request.params.player_id })[1]
    return row and entry(row) or api.refuse(404, "Player not found")
  end,
})
