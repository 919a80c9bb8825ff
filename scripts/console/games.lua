-- console/games.lua: games and who is in them.
local format   = require "console.format"
local games    = require "services.games"
local matches  = require "services.games_matches"
local records  = require "services.games_records"
local sessions = require "services.sessions"

mu.section "games" { text = "games and who is in them" }

local MOST, USUAL  = 10000, 50
local COMPLETIONS  = 30
local MEMBER_STATE = {}
for name, number in pairs(records.MEMBER) do MEMBER_STATE[number] = name:lower() end

-- Words --------------------------------------------------------------------------------------------------------------

local function name_of(member)
  local player = member and member.session and member.session.player
  return player and player.name or "?"
end

mu.word "game" {
  text = "a game: its id, or a player who is in it",
  find = function(text)
    local id     = format.id(text)
    local player = sessions.player_named(text)
    return id and id <= 0xFFFFFFFF and games.get(id) or player and (games.of(player.session)) or nil
  end,
  complete = function(prefix)
    local list = {}
    for game in games.kind.all() do
      local id = tostring(game.id)
      if id:sub(1, #prefix) == prefix then list[#list + 1] = id end
      if #list == COMPLETIONS then break end
    end
    return list
  end,
}

mu.word "game_member" {
  text = "a player who is in a game: the name or the id",
  find = function(text)
    local id     = format.id(text)
    local player = sessions.player_named(text) or id and sessions.player(id)
    return player and player.session.member
  end,
  complete = function(prefix)
    local list, wanted = {}, prefix:lower()
    for member in records.member.all() do
      local name = name_of(member)
      if name:sub(1, #wanted):lower() == wanted then list[#list + 1] = name end
      if #list == COMPLETIONS then break end
    end
    return list
  end,
}

-- Looking ------------------------------------------------------------------------------------------------------------

local function short(game, attribute) return game.attributes[attribute] or "-" end

local function age(since) return format.span(math.max(0, mu.time.unix() - since)) end

local function row_of(game)
  return {
    game.id, name_of(game.host), ("%d/%d"):format(#game.members, game.public_slots + game.private_slots),
    records.state_name(game.state), short(game, "ME3gameState"), short(game, "ME3map"),
    short(game, "ME3gameEnemyType"), short(game, "ME3gameDifficulty"), games.joinable(game), age(game.created),
  }
end

mu.command "games list" {
  text    = "the games there are, in the order of their ids; with --open those that matchmaking may fill",
  options = "open?: boolean, limit?: integer",
  example = "games list --open",
  handle  = function(_, options)
    local found = {}
    for game in games.kind.all() do
      if not options.open or games.joinable(game) then found[#found + 1] = game end
    end
    table.sort(found, function(one, other) return one.id < other.id end)
    local rows = {}
    for i = 1, math.min(#found, format.count(options.limit, USUAL, MOST)) do rows[i] = row_of(found[i]) end
    return {
      columns = { "id", "host", "players", "state", "lobby", "map", "enemy", "difficulty", "open", "age" }, rows = rows,
      note = ("%d games, %d players in them"):format(games.kind.count(), records.member.count()),
    }
  end,
}

local function attributes_of(game)
  local list = {}
  for key, value in pairs(game.attributes) do list[#list + 1] = key .. "=" .. value end
  return table.concat(list, " ")
end

mu.command "games show" {
  text    = "one game and its members",
  params  = "game: game",
  example = "games show 4711",
  handle  = function(_, game)
    local rows, open, why = {}, games.joinable(game)
    for i, member in ipairs(game.members) do
      rows[i] = {
        member.slot, name_of(member), member.player_id, MEMBER_STATE[member.state], member == game.host, member.admin,
        member.session and member.session.nat_type, member.joined > 0 and age(member.joined // 1000000) or "-",
      }
    end
    return {
      columns = { "slot", "player", "id", "state", "host", "admin", "nat", "in for" }, rows = rows,
      note = ("game %d: %s%s, settings 0x%x, %s\nreporting id %d, seed %d, %s, made %s ago\n%s"):format(
        game.id, records.state_name(game.state), game.migrating and ", changing its host" or "", game.settings,
        open and "open to matchmaking" or "not open to matchmaking (" .. why .. ")", game.reporting_id, game.seed,
        game.uuid, age(game.created), attributes_of(game)),
    }
  end,
}

mu.command "games history" {
  text    = "the last matches of a player, newest first",
  params  = "player: player",
  options = "limit?: integer",
  example = "games history brave-varren-0421",
  handle  = function(_, account, options)
    local rows = {}
    for i, match in ipairs(matches.of_player(account.id, format.count(options.limit, 10, 100))) do
      local names = {}
      for k, player in ipairs(match.players) do
        names[k] = player.name .. (player.extracted == 1 and "*" or "") .. (player.kit and " as " .. player.kit or "")
      end
      rows[i] = {
        match.id, format.when(match.started), format.span(match.finished - match.started),
        match.completed == 1, match.attributes.ME3map or "-", match.attributes.ME3gameEnemyType or "-",
        match.attributes.ME3gameDifficulty or "-", table.concat(names, ", "),
      }
    end
    return {
      columns = { "match", "started", "took", "completed", "map", "enemy", "difficulty", "players" }, rows = rows,
      note = "* got away",
    }
  end,
}

-- Changing -----------------------------------------------------------------------------------------------------------

mu.command "games kick" {
  text    = "takes a player out of the game he is in; with --ban he cannot come back to it",
  params  = "player: game_member",
  options = "ban?: boolean",
  changes = true,
  example = "games kick brave-varren-0421",
  handle  = function(_, member, options)
    local game, name, id = member.game, name_of(member), member.game.id
    if options.ban and not games.ban(game, member.player_id) then
      return nil, "the game has banned as many as it can"
    end
    local reason = options.ban and games.REMOVED.KICKED_WITH_BAN or games.REMOVED.KICKED
    games.remove_player(game, member.session, reason)
    return ("%s is not in game %d any more"):format(name, id)
  end,
}

mu.command "games close" {
  text    = "ends a game: everybody in it is back in the menu",
  params  = "game: game",
  changes = true,
  example = "games close 4711",
  handle  = function(_, game)
    local id, count = game.id, #game.members
    games.destroy(game)
    return ("game %d is over for %d players"):format(id, count)
  end,
}
