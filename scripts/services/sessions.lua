-- services/sessions.lua: connections and who is logged in on them.
--
-- A session is one Blaze connection. Logging in gives it a player (a record that lives as long as the login); one
-- account has one session, so a second login ends the first. A lost connection leaves its key behind for a while, with
-- which the game may come back; in a game the session itself stays for a moment (services/seats.lua).
local config        = mu.config
local limits        = require "services.limits"
local locale        = require "services.locale"
local network       = require "services.network"
local players       = require "services.players"
local rating        = require "services.rating"
local subscriptions = require "services.subscriptions"
local tokens        = require "services.tokens"

local DUPLICATE_LOGIN = 0
local MINUTE          = 60

local session_kind = mu.record "session" {
  player       = mu.ref "player",
  member       = mu.ref "member",                -- in a game: services/games_records.lua
  locale       = mu.u32 { default = locale.DEFAULT },
  base_url     = mu.string { max = 512 },        -- of the player's own client; empty for a game that came directly
  real_address = mu.string { max = 45 },         -- of the player, when a reverse proxy stands in front of us
  origin       = mu.string { max = 45, index = true },   -- either of the two
  association  = mu.string { max = 64, index = true },   -- ties this connection to the tunnel of the same machine
  lost         = mu.bool,                        -- it has no connection any more, but its player may come back
  paced_left   = mu.u16,                         -- services/pace.lua
  paced_at     = mu.number,
  grace_until  = mu.i64,                         -- unix seconds: the game said it will be silent until then
  -- What the game tells about its network (updateNetworkInfo, updateHardwareFlags).
  has_address    = mu.bool,
  external_ip    = mu.u32,
  external_port  = mu.u16,
  internal_ip    = mu.u32,
  internal_port  = mu.u16,
  downstream     = mu.u32,
  upstream       = mu.u32,
  nat_type       = mu.u16 { default = 4 },       -- unknown
  hardware_flags = mu.u32,
  latencies      = mu.map(mu.string, mu.i32, { max = 16 }),
}

local player_kind = mu.record "player" {
  id         = mu.u32 { key = true },
  name       = mu.string { index = true, max = 99 },
  folded     = mu.string { index = true, max = 99 },   -- the name in small letters: anybody may ask for it at any time
  email      = mu.string { max = 254 },
  role       = mu.u16,
  last_login = mu.i64,                           -- unix seconds, of the login before this one
  since      = mu.i64,                           -- … of this one
  session    = mu.ref "session",
  locale     = mu.u32,
  rating     = mu.u32,                           -- N7 rating
  telemetry  = mu.u16 { default = 1 },           -- 0: this player's game is to send none
  grants     = mu.u32,                           -- entitlements of his own: services/entitlements.lua
  introduced = mu.bool,                          -- the game was told of its own user
  -- services/lists.lua: his lists are known here; he looks at them; which of them he subscribed to, or from.
  lists_known = mu.bool,
  lists_shown = mu.bool,
  lists_on    = mu.u32,
  lists_off   = mu.u32,
  key        = mu.string { index = true, max = 64 },   -- what the game can come back to this login with
}

-- A key outlives its lost connection for limits.resume_seconds.
local key_kind = mu.record "session_key" {
  key       = mu.string { key = true, max = 64 },
  player_id = mu.u32 { index = true },
}

local forget_key = mu.timer "session_key.forget" {
  handle = function(key) key:remove() end,
}

local sessions = {}

-- Who wants to know: fn(session) at a login; fn(player) whenever one has come in; fn(player, lost) when he is about to
-- leave, because his connection was lost or of his own will. Given while scripts load.
local logins, arrivals, departures = {}, {}, {}
function sessions.when_login(fn) logins[#logins + 1] = fn end
function sessions.when_here(fn) arrivals[#arrivals + 1] = fn end
function sessions.when_leaving(fn) departures[#departures + 1] = fn end

-- services/seats.lua puts its own in: whether a session stays when its connection is lost, and how its player goes on
-- in another one.
function sessions.stays() return false end
function sessions.goes_on() end

-- Silence ------------------------------------------------------------------------------------------------------------

local silence
silence = mu.timer "session.silence" {
  handle = function(session)
    local now  = mu.time.unix()
    local left = math.max(now - session:silent_for() + config.limits.silence_seconds, session.grace_until) - now
    if left > 0 then return silence:start(left, session) end
    session:close "silent for too long"
  end,
}

function sessions.opened(session)
  local address = network.address(session)
  session.origin = address
  if not limits.take("connections from an address", address, config.limits.connections_per_minute, MINUTE) then
    return session:close "too many connections from its address"
  end
  if config.limits.silence_seconds > 0 then silence:start(config.limits.silence_seconds, session) end
end

-- The game asked not to be expected for so many seconds (it loads a level).
function sessions.suspend_ping(session, seconds)
  session.grace_until = mu.time.unix() + seconds + config.limits.silence_seconds
end

function sessions.pinged(session)
  if session.grace_until ~= 0 then session.grace_until = 0 end
end

-- Login --------------------------------------------------------------------------------------------------------------

-- Ends the login of `session`, if there is one: out of what others see, then forgotten. `resumable` keeps the key.
function sessions.logout(session, resumable)
  local player = session.player
  if not player then return end
  for _, fn in ipairs(departures) do
    local fine, why = pcall(fn, player, resumable)         -- one that fails must not keep the account logged in
    if not fine then mu.log.error("somebody who wanted to know that %s leaves failed: %s", player.name, why) end
  end
  subscriptions.drop(session)
  rating.leaving(player)
  session.player = nil
  if resumable and config.limits.resume_seconds > 0 then
    forget_key:start(config.limits.resume_seconds, key_kind.create { key = player.key, player_id = player.id })
  end
  mu.log.debug("%s (%s) has logged out of %s", player.name, player.id, session)
  player:remove()
  if session.lost then session:forget() end
end

-- The same account again on another connection: the older one is told why and ends.
local function replace(old)
  old:notify(subscriptions.SessionDisconnected, { reason = DUPLICATE_LOGIN })
  sessions.logout(old)
  old:close "logged in elsewhere"
end

-- Makes `account` (a row of services/players.lua) the player of this session. Suspends nowhere, so that no two logins
-- of one account can cross. `key`: the session key the game came back with, which stays good. Returns the player.
function sessions.login(session, account, key)
  local online = player_kind.get(account.id)
  local old    = online and online.session
  if old and old ~= session and old.member and key == online.key then
    sessions.logout(session)
    sessions.goes_on(online, old, session)
    session:trust()
    return online
  end
  if old and old ~= session then replace(old) end
  sessions.logout(session)
  if key_kind.count() > 0 then                   -- somebody's connection was lost: this one's?
    for lost in key_kind.where { player_id = account.id } do lost:remove() end
  end

  local player = player_kind.create {
    id = account.id, name = account.name, folded = account.name:lower(), email = account.email, role = account.role,
    last_login = account.last_login or 0, since = mu.time.unix(), session = session, locale = session.locale,
    key = key or tokens.session_key(session), telemetry = account.telemetry, grants = account.grants,
  }
  session.player = player
  for _, fn in ipairs(logins) do fn(session) end
  session:trust()
  players.logged_in(account.id)
  rating.changed(player)
  mu.log.info("%s (%s) has logged in on %s", player.name, player.id, session)
  return player
end

-- The player id behind the session key of a lost connection, or of one that nobody knows yet to be lost; or nil.
function sessions.resumable(key)
  local lost = key_kind.get(key)
  if lost then return lost.player_id end
  local player = player_kind.first { key = key }
  return player and player.id
end

-- The game is told of its own user once per login, after whichever answer ends the login.
function sessions.introduce(session)
  if session.player.introduced then return end
  session.player.introduced = true
  subscriptions.add(session, session)
  for _, fn in ipairs(arrivals) do fn(session.player) end
end

function sessions.closed(session)
  if session.lost or not sessions.stays(session) then sessions.logout(session, true) end
end

-- Who is here --------------------------------------------------------------------------------------------------------

-- The online player of this id, or nil.
function sessions.player(id)
  if id < 1 or id > 0xFFFFFFFF then return nil end
  return player_kind.get(id)
end

-- The online player of this name, letters large or small, or nil.
function sessions.player_named(name)
  return player_kind.first { name = name } or player_kind.first { folded = name:lower() }
end

-- An online player is called otherwise from now on.
function sessions.rename(player, name)
  player.name, player.folded = name, name:lower()
end

-- Ends the connection of a session, and its login with it: nobody comes back to that by a key.
function sessions.kick(session, reason)
  if session.player then
    session:notify(subscriptions.SessionDisconnected, { reason = DUPLICATE_LOGIN })
    sessions.logout(session)
  end
  session:close(reason)
end

-- Keys of lost connections of this account are good for nothing any more.
function sessions.forget(player_id)
  for key in key_kind.where { player_id = player_id } do key:remove() end
end

-- Kicks a player who is here.
function sessions.send_away(player_id, reason)
  local online = sessions.player(player_id)
  if online then sessions.kick(online.session, reason) end
end

-- Ends the login of an account, wherever it is: nobody comes back to it.
function sessions.end_login(player_id, reason)
  sessions.send_away(player_id, reason)
  sessions.forget(player_id)
end

-- The session of this number, or nil.
function sessions.by_id(id)
  if id < 1 or id > 0xFFFFFFFF then return nil end
  return session_kind.get(id)
end

-- Every connection, the oldest first, at most so many; and how many there are.
function sessions.list(most)
  local ids, list = {}, {}
  for session in session_kind.all() do ids[#ids + 1] = session.id end
  table.sort(ids)                                -- numbers: thousands of them take a few milliseconds
  for i = 1, math.min(#ids, most) do list[i] = session_kind.get(ids[i]) end
  return list, #ids
end

-- Online players whose names begin so, letters large or small: their records.
function sessions.named(prefix, most)
  local list, wanted = {}, prefix:lower()
  for player in player_kind.all() do
    if #list >= most then break end
    if player.name:lower():sub(1, #wanted) == wanted then list[#list + 1] = player end
  end
  return list
end

-- Everybody who is online.
function sessions.players()
  return player_kind.all()
end

-- The session of this association on which somebody is logged in, or nil; `but` is not meant.
function sessions.of_association(association, but)
  for session in session_kind.where { association = association } do
    if session.player and session ~= but then return session end
  end
end

-- The online players whose games connect from this address, as a list.
function sessions.players_from(address)
  local list = {}
  for session in session_kind.where { origin = address } do list[#list + 1] = session.player end
  return list
end

function sessions.players_online() return player_kind.count {} end

return sessions
