-- components/stats.lua: leaderboards. Which there are: configs/boards.lua; who stands where: services/leaderboards.lua.
local stats        = mu.component "Stats"
local schema       = require "schema.stats"
local countries    = require "configs.countries"
local leaderboards = require "services.leaderboards"
local lists        = require "services.lists"

local USER_ENTITY = { 0x7802, 1 }
local LISTS       = 0x19                         -- the component whose objects are lists of players
local COLUMNS     = "RF=@W=150, HMC=tableColHeader1, REMC=tableRowEntry1@ UF=@W=670%s HMC=tableColHeader2, "
                    .. "REMC=tableRowEntry2@%s"

-- How the game draws the board. The world's board also has a page of friends, whose title is a number of a text.
local function metadata(board, country)
  if country ~= "" then return COLUMNS:format(",", "") end
  return COLUMNS:format("", ", FF=@CreateDuplicate=1, FDD=" .. board.friends_view .. "@")
end

-- "DE" as the game counts it: two letters in one number; 0 for the whole world.
local function country_number(country)
  return country == "" and 0 or (">I2"):unpack(country)
end

local function description(board, name, country)
  local place = country == "" and "Global" or (countries.names[country] or country)
  return board.title .. " - " .. place .. (leaderboards.filling(name) and " (still being counted)" or "")
end

stats.getLeaderboardGroup {
  request  = schema.LeaderboardGroupRequest,
  response = schema.LeaderboardGroup,
  handle   = function(_, request)
    local board, name, country = leaderboards.named(request.board_name)
    if not board then return nil end
    local number = country_number(country)
    return {
      ascending = false, board_name = request.board_name, description = description(board, name, country),
      entity_type = USER_ENTITY, key_scopes = { accountcountry = { values = { [number] = number } } },
      size = leaderboards.count_of(name, country), metadata = metadata(board, country),
      name = board.group, stat_name = name,
      columns = { {
        category = board.category, default = "0", derived = false, format = "%d", kind = "",
        long_name = board.title, short_name = board.title, name = name, type = 0,
        metadata = "W=200, HMC=tableColHeader3, REMC=tableRowEntry3",
      } },
    }
  end,
}

-- Rows as the game wants them. An unknown board has none.
local function rows_of(request, find)
  local board, name, country = leaderboards.named(request.board_name)
  local rows = {}
  for i, row in ipairs(board and find(name, country) or {}) do
    local score = tostring(row.score)
    rows[i] = { name = row.name, id = row.id, rank = row.rank, score = score, stats = { score } }
  end
  return { rows = rows }
end

-- A board of one's friends: the user set of a request may be one of the player's own lists (3 numbers: component, type,
-- which one). Then it is about those who are on it and himself, with their ranks on the whole board. nil: about
-- everybody.
local function set_of(session, request)
  local set = request.user_set
  if not set or set[1] ~= LISTS then return nil end
  local id  = session.player.id
  local ids = lists.members(id, set[3])
  ids[#ids + 1] = id
  return ids
end

stats.getLeaderboard {
  login    = true,
  request  = schema.LeaderboardRequest,
  response = schema.Rows,
  handle   = function(session, request)
    local ids = set_of(session, request)
    return rows_of(request, function(name, country)
      if not ids then return leaderboards.page(name, country, request.first, request.count) end
      return leaderboards.page_of(leaderboards.among(name, country, ids), request.first, request.count)
    end)
  end,
}

stats.getCenteredLeaderboard {
  login    = true,
  request  = schema.CenteredRequest,
  response = schema.Rows,
  handle   = function(session, request)
    local ids = set_of(session, request)
    local center, count, at_bottom = request.center, request.count, request.at_bottom
    return rows_of(request, function(name, country)
      if not ids then return leaderboards.around(name, country, center, count, at_bottom) end
      return leaderboards.around_of(leaderboards.among(name, country, ids), center, count, at_bottom)
    end)
  end,
}

stats.getFilteredLeaderboard {
  login    = true,
  request  = schema.FilteredRequest,
  response = schema.Rows,
  handle   = function(_, request)
    return rows_of(request, function(name, country)
      return leaderboards.among(name, country, request.ids, request.with_unranked)
    end)
  end,
}

stats.getLeaderboardEntityCount {
  login    = true,
  request  = schema.CountRequest,
  response = schema.Count,
  handle   = function(_, request)
    local board, name, country = leaderboards.named(request.board_name)
    return { count = board and leaderboards.count_of(name, country) or 0 }
  end,
}
