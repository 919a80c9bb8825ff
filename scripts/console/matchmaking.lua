-- console/matchmaking.lua: who searches a game, for what, and why a game is not it.
local format   = require "console.format"
local games    = require "services.games"
local queue    = require "matchmaking.queue"
local rules    = require "matchmaking.rules"
local search   = require "matchmaking.search"

mu.section "matchmaking" { text = "who searches a game, and why nobody is found" }

local USUAL, MOST     = 50, 10000
local LOOKED_AT_ONCE  = 200

local function wish(wanted, rule)
  local values = wanted.choices[rule.rule]
  return values and table.concat(values, "|") or "any"
end

local choices, packs = {}, {}
for _, rule in ipairs(rules.asked) do
  if rule.kind == "choice" then choices[#choices + 1] = rule end
  if rule.kind == "both" then packs[#packs + 1] = rule end
end

local function packs_of(wanted)
  local list = {}
  for _, rule in ipairs(packs) do
    if wanted.packs[rule.rule] then list[#list + 1] = rule.attribute:match "%d+$" or rule.attribute end
  end
  return #list > 0 and table.concat(list, " ") or "none"
end

local columns = { "search", "player", "waits", "for another" }
for _, rule in ipairs(choices) do columns[#columns + 1] = rule.attribute end
columns[#columns + 1] = "packs"
columns[#columns + 1] = "rating"

local function row_of(ticket)
  local wanted, now = search.of_ticket(ticket), mu.time.mono()
  local player = ticket.session and ticket.session.player
  local row = {
    ticket.id, player and player.name or tostring(ticket.player_id), format.span(now - ticket.started),
    format.span(math.max(0, ticket.ends - now)),
  }
  for _, rule in ipairs(choices) do row[#row + 1] = wish(wanted, rule) end
  row[#row + 1] = packs_of(wanted)
  row[#row + 1] = wanted.rating
  return row
end

mu.command "matchmaking list" {
  text    = "who searches a game, whoever waits longest first, and what he searches",
  options = "limit?: integer",
  example = "matchmaking list --limit 5",
  handle  = function(_, options)
    local rows, tickets = {}, queue.tickets()
    for i = 1, math.min(#tickets, format.count(options.limit, USUAL, MOST)) do rows[i] = row_of(tickets[i]) end
    return { columns = columns, rows = rows, note = ("searches: %d, games: %d"):format(#tickets, games.kind.count()) }
  end,
}

-- The search of a player who is online; nil and a sentence.
local function search_of(player)
  local ticket = queue.of_player(player.id)
  if ticket then return search.of_ticket(ticket) end
  return nil, player.name .. " is not searching a game"
end

local function why_not(player, wanted, game)
  local faults = {}
  search.fault(wanted, game, faults)
  if #faults == 0 then return ("game %d suits %s"):format(game.id, player.name) end
  local rows = {}
  for i, fault in ipairs(faults) do rows[i] = { fault } end
  return { columns = { ("game %d …"):format(game.id) }, rows = rows }
end

-- Each first reason, and how many games it keeps away.
local function reasons(wanted)
  local counts, rows, looked = {}, {}, 0
  for game in games.kind.all() do
    local why = search.fault(wanted, game) or "suits"
    counts[why] = (counts[why] or 0) + 1
    looked = looked + 1
    if looked % LOOKED_AT_ONCE == 0 then mu.sleep(0) end
  end
  for why, count in pairs(counts) do rows[#rows + 1] = { count, why } end
  table.sort(rows, function(one, other)
    if one[1] ~= other[1] then return one[1] > other[1] end
    return one[2] < other[2]
  end)
  return { columns = { "games", "which" }, rows = rows, note = ("games looked at: %d"):format(looked) }
end

mu.command "matchmaking why" {
  text    = "why a player who searches is not brought to a game; without a game, what keeps him from all of them",
  params  = "player: online, game?: game",
  example = "matchmaking why brave-varren-0421 4711",
  handle  = function(_, player, game)
    local wanted, nothing = search_of(player)
    if not wanted then return nil, nothing end
    if game then return why_not(player, wanted, game) end
    return reasons(wanted)
  end,
}

mu.command "matchmaking end" {
  text    = "ends a player's search; his game is told so",
  params  = "player: online",
  changes = true,
  example = "matchmaking end brave-varren-0421",
  handle  = function(_, player)
    local ticket = queue.of_player(player.id)
    if not ticket then return nil, player.name .. " is not searching a game" end
    queue.fail(ticket, queue.TERMINATED)
    return player.name .. " does not search any more"
  end,
}
