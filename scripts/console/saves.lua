-- console/saves.lua: what players saved, now and before; a whole player as a file; his war.
local format       = require "console.format"
local history      = require "services.history"
local leaderboards = require "services.leaderboards"
local ratings      = require "galaxy_at_war.ratings"
local schedule     = require "services.schedule"
local sessions     = require "services.sessions"
local war          = require "services.galaxy_at_war"

mu.section "gaw" { text = "Galaxy at War: how ready each player's theatres are" }

local REFUSED = {
  unknown = "there is no such version: `players history` lists them", same = "this is what is there now",
  ambiguous = "several versions begin like this: give more of it", many = "there is no room for this key any more",
  long = "this version is longer than limits.setting_bytes allows now", key = "this version's key is not allowed now",
  gone = "the account is not there any more",
}

local SHOWN = 40                                 -- characters of a value

-- A moment as `players history` writes it, in UTC: unix seconds; nil for any other text.
local function moment_of(text)
  local day, hour, minute, second = text:match "^(%d%d%d%d%-%d%d%-%d%d) (%d%d):(%d%d):?(%d?%d?)$"
  local start = day and schedule.day(day)
  if not start or tonumber(hour) > 23 or tonumber(minute) > 59 then return nil end
  return start + tonumber(hour) * 3600 + tonumber(minute) * 60 + math.min(tonumber(second) or 59, 59)
end

local function begins(value) return value and value:sub(1, SHOWN) or "-" end

local function what_of(change)
  if change.lost then return "stays: its versions do not reach back so far" end
  if not change.was then return "goes: it was not there" end
  return change.now and "as it was" or "is back"
end

mu.command "players history" {
  text    = "what a player saved and when, the newest first; of one key only, when it is named",
  params  = "player: player, key?: string",
  options = "limit?: integer",
  example = "players history brave-varren-0421 Base",
  handle  = function(caller, account, key, options)
    local list, rows = history.list(account.id, key), {}
    for i = 1, math.min(#list, format.count(options.limit, 50, 10000)) do
      local row = list[i]
      rows[i] = { row.version, row.key, format.when(row.saved), #row.value, row.now and "now" or "",
                  row.value:sub(1, 60) }
    end
    return { columns = { "version", "key", "saved", "bytes", "", "begins with" }, rows = rows,
             note = ("%d versions; `players restore %s <version>` puts one back, --all everything of then"):format(
               #list, account.name) }
  end,
}

-- Everything as it was when a version was saved, or at a moment.
local function restore_all(account, version, check)
  local moment = moment_of(version)
  if not moment then
    local found, fault = history.find(account.id, version)
    if not found then return nil, REFUSED[fault] end
    moment = found.saved
  end
  -- His game would write over what changes: it goes first.
  if not check then sessions.send_away(account.id, "its saved data was put back") end
  local changes, rows, done = history.changes(account.id, moment), {}, 0
  for i, change in ipairs(changes) do
    rows[i] = { change.key, what_of(change), begins(change.now), begins(change.was) }
    done = done + (change.lost and 0 or 1)
  end
  if done == 0 and not rows[1] then return nil, "everything is as it was at " .. format.when(moment) end
  if not check then
    local saved, why, key = history.apply(account.id, changes)
    if not saved then return nil, (key and key .. ": " or "") .. REFUSED[why] .. "; nothing was changed" end
    leaderboards.later(account.id)
  end
  return {
    columns = { "key", "what", "from", "to" }, rows = rows,
    note = ("%s %s %d of its keys as at %s UTC"):format(account.name, check and "would have" or "has", done,
                                                       format.when(moment)),
  }
end

mu.command "players restore" {
  text    = "puts an earlier version of one saved value back; with --all everything, as it was when that version was "
            .. "saved or at a time (UTC, as `players history` shows it); with --check it only says what that would "
            .. "change. His game, if it is here, is sent away",
  params  = "player: player, version: string",
  options = "all?: boolean, check?: boolean",
  changes = true,
  example = "players restore brave-varren-0421 3f9a01b2c4",
  handle  = function(caller, account, version, options)
    if options.all then return restore_all(account, version, options.check) end
    if options.check then return nil, "--check goes with --all" end
    if moment_of(version) then return nil, "a time puts everything back: say --all" end
    sessions.send_away(account.id, "an earlier version of its saved data was put back")
    local key, fault = history.restore(account.id, version)
    if not key then return nil, REFUSED[fault] or fault end
    if leaderboards.depends_on(key) then leaderboards.later(account.id) end
    return ("%s has %s of version %s again"):format(account.name, key, version)
  end,
}

mu.command "players export" {
  text    = "writes one player (account, saves, options, war; no password) to data/files/<file> as JSON",
  params  = "player: player, file?: string",
  example = "players export brave-varren-0421 varren.json",
  handle  = function(caller, account, file)
    file = file or ("player-%d.json"):format(account.id)
    local path, fault = mu.file.write(file, mu.json.encode(history.export(account)) .. "\n")
    if not path then return nil, fault end
    return ("%s is in %s"):format(account.name, path)
  end,
}

mu.command "players import" {
  text    = "reads data/files/<file> into a player: saves, options, war; name, e-mail and password stay",
  params  = "player: player, file: string",
  changes = true,
  example = "players import brave-varren-0421 varren.json",
  handle  = function(caller, account, file)
    local text, fault = mu.file.read(file)
    if not text then return nil, fault end
    sessions.send_away(account.id, "its saved data was read in from a file")
    local done
    done, fault = history.import(account, mu.json.decode(text))
    if not done then return nil, ("%s: %s"):format(file, fault) end
    leaderboards.later(account.id)
    return ("%s is what %s says"):format(account.name, file)
  end,
}

local function percent(value) return ("%.2f %%"):format(value / 100) end

mu.command "gaw show" {
  text    = "how ready a player's theatres are now, and how many promotions count",
  params  = "player: player",
  example = "gaw show brave-varren-0421",
  handle  = function(caller, account)
    local values, updated = war.ratings(account.id)
    local lines = {}
    for i, theatre in ipairs(ratings.THEATRES) do lines[i] = { theatre, percent(values[i]) } end
    lines[#lines + 1] = { "as a whole", percent(ratings.level(values)) }
    lines[#lines + 1] = { "promotions", war.promotions(account.id) }
    lines[#lines + 1] = { "last match", updated and format.when(updated) or "none yet" }
    return format.sheet(lines)
  end,
}

mu.command "gaw set" {
  text    = "makes all five theatres of a player that ready, in percent (50 to 100.99)",
  params  = "player: player, percent: number",
  changes = true,
  example = "gaw set brave-varren-0421 75",
  handle  = function(caller, account, value)
    local hundredths = math.floor(value * 100 + 0.5)
    if not (hundredths >= ratings.MINIMUM and hundredths <= ratings.MAXIMUM) then
      return nil, "readiness goes from 50 to 100.99 percent"
    end
    war.set(account.id, { hundredths, hundredths, hundredths, hundredths, hundredths })
    return ("%s is %s ready everywhere"):format(account.name, percent(hundredths))
  end,
}

mu.command "leaderboards show" {
  text    = "the best of a leaderboard (a name of configs/boards.lua)",
  params  = "board: board, country?: string",
  options = "limit?: integer, first?: integer",
  example = "leaderboards show n7rating DE",
  handle  = function(caller, board, country, options)
    local rows = {}
    local first = math.max(0, (options.first or 1) - 1)
    for i, row in ipairs(leaderboards.page(board, country, first, format.count(options.limit, 20, 255))) do
      rows[i] = { row.rank, row.name, row.id, row.score }
    end
    return { columns = { "rank", "name", "id", "score" }, rows = rows,
             note = ("%d players%s"):format(leaderboards.count_of(board, country),
                                            leaderboards.filling(board) and ", still being filled" or "") }
  end,
}

mu.section "leaderboards" { text = "who stands where" }

mu.word "board" {
  text     = "a leaderboard: a name of configs/boards.lua",
  find     = function(text) return leaderboards.exists(text) and text or nil end,
  complete = function(prefix)
    local names = {}
    for _, name in ipairs(leaderboards.names()) do
      if name:sub(1, #prefix) == prefix then names[#names + 1] = name end
    end
    return names
  end,
}
