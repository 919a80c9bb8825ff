-- matchmaking/queue.lua: who searches a game, until he has one.
--
-- A search that finds its game at once is never kept. Another one becomes a ticket: a record with the search in it, one
-- for each player, that ends with a game, a cancel, its time, or its player's login. When a game may have become one
-- that suits somebody (made, opened, left, changed), it is offered a moment later to the tickets that look for such a
-- game, the oldest first, until its seats are taken; nobody else is looked at, and nobody waits behind anybody.
local games    = require "services.games"
local sessions = require "services.sessions"
local tunnels  = require "services.tunnels"
local creation = require "matchmaking.creation"
local keys     = require "matchmaking.keys"
local listing  = require "matchmaking.listing"
local rules    = require "matchmaking.rules"
local schema   = require "schema.matchmaking"
local search   = require "matchmaking.search"
local status   = require "matchmaking.status"

local config = mu.config

local JOINED_EXISTING, TIMED_OUT, CANCELED, TERMINATED = 2, 3, 4, 5
local CREATE_GAME = 2                            -- bit of a search's mode
local ONLY = 1

local game_manager = mu.component "GameManager"
local Status = game_manager.notification "NotifyMatchmakingAsyncStatus" { body = schema.MatchmakingStatus }
local Failed = game_manager.notification "NotifyMatchmakingFailed" { body = schema.MatchmakingFailed }

local fields = {
  id      = mu.u32 { key = true },
  session = mu.ref "session",
  key     = mu.i64 { index = true },
  started = mu.number,                           -- on mu.time.mono's clock
  ends    = mu.number,
  creates  = mu.bool,                            -- may be made the host of a game
  settings = mu.u32,                             -- of that game
}
for name, type in pairs(search.FIELDS) do fields[name] = type end
local ticket_kind = mu.record "ticket" (fields)

-- What belongs to no ticket: the last number of a search, and the rule table that the keys were made with.
local state_kind = mu.record "matchmaking_state" {
  id    = mu.u8 { key = true },
  last  = mu.u32,
  rules = mu.i64,
}

local player_matched = mu.event "player_matched" {
  params = "game: record, player_id: integer, waited: number",
  text   = "matchmaking has brought a player to a game; waited: for so many seconds",
}

local searches = mu.metric "matchmaking_searches" { type = "counter", labels = { "result" },
  text = "searches for a game that are over: found at once, found later, timed out, cancelled, ended by the server" }
local waiting = mu.metric "matchmaking_waiting" { type = "gauge", text = "players who wait for a game" }

local RESULTS = { [TIMED_OUT] = "timed_out", [CANCELED] = "cancelled", [TERMINATED] = "ended" }

local queue = {}

queue.CANCELED, queue.TERMINATED = CANCELED, TERMINATED

local function state()
  return state_kind.get(ONLY) or state_kind.create { id = ONLY, rules = keys.TABLE }
end

local function next_number()
  local current = state()
  current.last = current.last + 1 & 0xFFFFFFFF
  if current.last == 0 then current.last = 1 end
  return current.last
end

function queue.of_player(player_id) return ticket_kind.first { player_id = player_id } end
function queue.count() return ticket_kind.count() end

-- All tickets, the oldest first.
function queue.tickets()
  local list = {}
  for ticket in ticket_kind.all() do list[#list + 1] = ticket end
  table.sort(list, function(one, other) return one.id < other.id end)
  return list
end

-- Telling ------------------------------------------------------------------------------------------------------------

local function tell(session, number, wanted, found)
  session:notify(Status, {
    searches        = { status.of(wanted, found, math.max(1, queue.count())) },
    matchmaking_id  = number,
    user_session_id = session.id,
  })
end

-- Ends a search for one of the results above.
function queue.fail(ticket, result)
  local number, session = ticket.id, ticket.session
  ticket:remove()
  waiting:set(ticket_kind.count())
  searches:add(1, { result = RESULTS[result] })
  if not session then return end
  session:notify(Failed, {
    max_fit = rules.BEST_FIT, matchmaking_id = number, result = result, user_session_id = session.id,
  })
end

-- Makes whoever has waited long enough the host of a game of his own. True when he is.
local function create(ticket, session, wanted, waited)
  local seconds = config.matchmaking.create_seconds
  if seconds == 0 or not ticket.creates or waited < seconds then return false end
  local game = creation.make(session, ticket.id, wanted, ticket.settings)
  if game then searches:add(1, { result = "made_host" }) end
  return game ~= nil
end

-- How long until a ticket needs looking after: a status, a game of its own, its end.
local function next_tick(ticket, now)
  local seconds = math.min(ticket.ends - now, config.matchmaking.status_seconds)
  local create_at = ticket.started + config.matchmaking.create_seconds
  return create_at > now and math.min(seconds, create_at - now) or seconds
end

local tick
tick = mu.timer "matchmaking.tick" {
  handle = function(ticket)
    local now, session = mu.time.mono(), ticket.session
    if not session or now >= ticket.ends then return queue.fail(ticket, TIMED_OUT) end
    local wanted = search.of_ticket(ticket)
    ticket.key   = keys.of_ticket(wanted)        -- what its player has may have changed
    tell(session, ticket.id, wanted, 0)
    if create(ticket, session, wanted, now - ticket.started) then return end
    tick:start(next_tick(ticket, now), ticket)
  end,
}

-- Matching -----------------------------------------------------------------------------------------------------------

-- Brings a searcher to a game that suits. The status comes first, or his game may not accept the other (04 §3.5).
-- `waited`: for so many seconds; nil when he has only just asked.
local function deliver(session, number, wanted, game, fit, waited)
  tell(session, number, wanted, 1)
  local joined = games.add_player(game, session, { matchmaking = {
    fit = fit, max_fit = rules.BEST_FIT, matchmaking_id = number, result = JOINED_EXISTING,
    user_session_id = session.id,
  } })
  if not joined then return false end
  searches:add(1, { result = waited and "found_later" or "found_at_once" })
  player_matched(game, wanted.player_id, waited or 0)
  return true
end

-- The tickets that may suit a game, the oldest first: each key has its own in order, and these are merged.
local function waiting_for(wanted_keys)
  local heads = {}
  for _, key in ipairs(wanted_keys) do
    local walk   = ticket_kind.where { key = key }
    local ticket = walk()
    if ticket then heads[#heads + 1] = { walk = walk, ticket = ticket, id = ticket.id } end
  end
  return function()
    local best
    for i, head in ipairs(heads) do
      if not best or head.id < heads[best].id then best = i end
    end
    if not best then return nil end
    local head   = heads[best]
    local ticket = head.ticket
    head.ticket  = head.walk()
    if head.ticket then head.id = head.ticket.id else table.remove(heads, best) end
    return ticket
  end
end

local offer = mu.timer "matchmaking.offer" {
  handle = function(game)
    if listing.refresh(game) == 0 then return end
    for ticket in waiting_for(listing.keys(game)) do
      local wanted = search.of_ticket(ticket)
      if not search.fault(wanted, game) then
        local fit = rules.fit(wanted.rating, rules.host_rating(game))
        deliver(ticket.session, ticket.id, wanted, game, fit, mu.time.mono() - ticket.started)
        if not game:exists() or search.lobby_fault(game) then return end
      end
    end
  end,
}

local function is_looked_for(game)
  if ticket_kind.count() == 0 then return false end
  for _, key in ipairs(listing.keys(game)) do
    if ticket_kind.first { key = key } then return true end
  end
  return false
end

-- The games service says: this one may suit somebody now.
games.when_open(function(game)
  if listing.refresh(game) > 0 and is_looked_for(game) then offer:start(0, game) end
end)
games.when_attributes(listing.rename)            -- comes before the other
games.when_ended(listing.forget)

-- Whoever gets into a game, or leaves, does not search any more.
local function drop(player)
  local ticket = ticket_kind.count() > 0 and queue.of_player(player.id)
  if not ticket then return end
  ticket:remove()
  waiting:set(ticket_kind.count())
end
games.when_entering(function(session) drop(session.player) end)
sessions.when_leaving(drop)

-- A searcher's tunnel is there now: games that need one suit him, too.
tunnels.when_opened(function(session)
  local ticket = ticket_kind.count() > 0 and queue.of_player(session.player.id)
  if not ticket then return end
  local wanted    = search.of_ticket(ticket)
  ticket.key      = keys.of_ticket(wanted)
  local game, fit = listing.best(wanted)
  if game then deliver(session, ticket.id, wanted, game, fit, mu.time.mono() - ticket.started) end
end)

-- Asking -------------------------------------------------------------------------------------------------------------

local function wait(session, number, wanted, request)
  local longest, asked = config.matchmaking.longest_seconds, (request.duration or 0) / 1000
  local now    = mu.time.mono()
  local kept   = search.fields(wanted)
  kept.id, kept.session, kept.key = number, session, keys.of_ticket(wanted)
  kept.started, kept.ends = now, now + (asked > 0 and math.min(longest, asked) or longest)
  kept.creates, kept.settings = (request.mode or 0) & CREATE_GAME ~= 0, (request.settings or 0) & 0xFFFFFFFF
  local ticket = ticket_kind.create(kept)
  tick:start(next_tick(ticket, now), ticket)
  waiting:set(ticket_kind.count())
  tell(session, number, wanted, 0)
end

-- Searches a game for the player of a session, who gets the number of the search; nil and the name of an error.
function queue.start(session, request)
  local player  = session.player
  local earlier = ticket_kind.count() > 0 and queue.of_player(player.id)
  if earlier then queue.fail(earlier, CANCELED) end
  if ticket_kind.count() >= config.matchmaking.tickets then return nil, "MATCHMAKING_EXCEEDED_MAX_REQUESTS" end
  local wanted    = search.of_request(player, request)
  local number    = next_number()
  local game, fit = listing.best(wanted)
  -- A game that is about to be offered goes to whoever waits longer.
  local soon = game and ticket_kind.count() > 0 and offer:left(game)
  if not game or soon or not deliver(session, number, wanted, game, fit) then
    wait(session, number, wanted, request)
  end
  return number
end

-- Ends a search its own player does not want any more. Returns the name of an error, or nil.
function queue.cancel(session, number)
  local ticket = ticket_kind.get(number)
  if not ticket then return "UNKNOWN_MATCHMAKING_SESSION_ID" end
  if ticket.session ~= session then return "NOT_MATCHMAKING_SESSION_OWNER" end
  queue.fail(ticket, CANCELED)
end

-- Other rules, other keys --------------------------------------------------------------------------------------------

local REBUILT_AT_ONCE = 200

-- After a reload: where the rule table is another one, everything is listed anew.
function queue.reloaded()
  local current = state()
  if current.rules == keys.TABLE then return end
  current.rules = keys.TABLE
  for i, ticket in ipairs(queue.tickets()) do
    if ticket:exists() then ticket.key = keys.of_ticket(search.of_ticket(ticket)) end
    if i % REBUILT_AT_ONCE == 0 then mu.sleep(0) end
  end
  local count = 0
  for game in games.kind.all() do
    listing.forget(game)
    if listing.refresh(game) > 0 and ticket_kind.count() > 0 then offer:start(0, game) end
    count = count + 1
    if count % REBUILT_AT_ONCE == 0 then mu.sleep(0) end
  end
end

return queue
