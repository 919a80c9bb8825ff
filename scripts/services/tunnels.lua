-- services/tunnels.lua: players who cannot reach each other play through this server (reference 04 §8, 05 B.11 to
-- B.13).
--
-- A program on a player's machine (the Pocket Relay client or plugin) opens a tunnel by UDP or HTTP. What goes through
-- it never comes here: the relay forwards it by itself. Scripts only say who is in which game (mu.relay.pool), by the
-- association that a player's tunnel and his game's connection share, and hear what has become of tunnels.
--
--   policy    always | stricter | disabled: tunnel.policy in config.lua, and for single players
--   stricter  a game is tunnelled unless its host's router is open to everybody
--
-- Whether a game is tunnelled is decided once, when it is made, so that all its members agree.
local config   = mu.config
local hooks    = require "services.games_hooks"
local sessions = require "services.sessions"

local TUNNEL_IP, TUNNEL_PORT   = 0x7F000001, 42132      -- where every client's machine has the host (05 B.13)
local PEER_HOSTED, DEDICATED   = 0, 1
local NAT_OPEN                 = 0
local AT_ONCE                  = 500                    -- statements of one batch

local tunnels = { POLICIES = { always = true, stricter = true, disabled = true } }

local tunnel_kind = mu.record "tunnel" {
  association = mu.string { key = true, max = 36 },
  id          = mu.u32 { index = true },
  http        = mu.bool,
  address     = mu.string { max = 45 },
  port        = mu.u16,
  opened      = mu.i64,                                 -- unix seconds
}

local game_kind = mu.record "tunnelled_game" {
  id        = mu.u32 { key = true },
  tunnelled = mu.bool,
  pooled    = mu.bool,                                  -- the relay knows of it
}

local policy_kind = mu.record "tunnel_policy" {
  player_id = mu.u32 { key = true },
  policy    = mu.string { max = 8 },
}

tunnels.kind = tunnel_kind

-- fn(session): its player has a tunnel now. Given while scripts load.
local openings = {}
function tunnels.when_opened(fn) openings[#openings + 1] = fn end

-- A session's player has a tunnel now.
function tunnels.opened(session)
  for _, fn in ipairs(openings) do
    local fine, why = pcall(fn, session)         -- the news of other tunnels wait behind this one
    if not fine then mu.log.error("somebody who wanted to know of a tunnel failed: %s", why) end
  end
end

-- The tunnel of a session's player, or nil.
function tunnels.of(session)
  return session.association ~= "" and tunnel_kind.get(session.association) or nil
end

-- Open tunnels, the newest first, at most so many: { id, kind, address, player, game, opened }; and how many there are.
function tunnels.list(most)
  local rows, by_association = {}, {}
  for tunnel in tunnel_kind.all() do
    local row = { id = tunnel.id, kind = tunnel.http and "http" or "udp", opened = tunnel.opened,
                  address = ("%s:%d"):format(tunnel.address, tunnel.port) }
    rows[#rows + 1], by_association[tunnel.association] = row, row
  end
  for player in sessions.players() do
    local session = player.session
    local row     = by_association[session.association]
    if row then row.player, row.game = player.name, session.member and session.member.game.id end
  end
  local total = #rows
  table.sort(rows, function(a, b) return a.opened > b.opened or a.opened == b.opened and a.id < b.id end)
  for i = most + 1, total do rows[i] = nil end
  return rows, total
end

-- Policy -------------------------------------------------------------------------------------------------------------

-- The policy for a player, and whether it is his own.
function tunnels.policy(player_id)
  local own = policy_kind.get(player_id)
  if own then return own.policy, true end
  return config.tunnel.policy, false
end

-- Gives a player a policy of his own; nil: as everybody. For games that are made from now on. Suspends.
function tunnels.set_policy(player_id, policy)
  local statement = policy and { [[INSERT INTO tunnel_policies (player_id, policy) VALUES (?, ?)
    ON CONFLICT (player_id) DO UPDATE SET policy = excluded.policy]], player_id, policy }
    or { "DELETE FROM tunnel_policies WHERE player_id = ?", player_id }
  local done, why = mu.store.batch { statement }
  if not done then return nil, why == "busy" and "the store has too much to do" or "there is no such account" end
  local own = policy_kind.get(player_id)
  if own then own:remove() end
  if policy then policy_kind.create { player_id = player_id, policy = policy } end
  return true
end

-- Whether a game that this session's player makes is to be tunnelled.
local function wanted(session)
  local policy = tunnels.policy(session.player.id)
  if policy == "always" then return true end
  return policy == "stricter" and session.nat_type ~= NAT_OPEN
end

-- What players are told ----------------------------------------------------------------------------------------------

-- The address pair that `viewer` is told about `member` (both sessions); false while it is not known. It stays the
-- member's own: only the host's address is replaced (04 §8.6).
function tunnels.address_pair(member, viewer, game)
  if not member.has_address then return false end
  return {
    pair = {
      external = { ip = member.external_ip, port = member.external_port },
      internal = { ip = member.internal_ip, port = member.internal_port },
    },
  }
end

-- Whether this game was made to be tunnelled.
function tunnels.is_tunnelled(game)
  local known = game_kind.get(game.id)
  return known ~= nil and known.tunnelled
end

-- Whether `viewer` reaches the host of a game through a tunnel: both must have one. `host`: the host's session.
function tunnels.between(game, viewer, host)
  if not tunnels.of(viewer) or not tunnels.of(host or game.host.session) then return false end
  local own = tunnels.policy(viewer.player.id)
  return own == "always" or own ~= "disabled" and tunnels.is_tunnelled(game)
end

-- Where `viewer` finds the host of a game, and the topology that goes with it. `host`: the host's session.
function tunnels.host_address(game, viewer, host)
  if tunnels.between(game, viewer, host) then
    return { { address = { ip = TUNNEL_IP, port = TUNNEL_PORT } } }, DEDICATED
  end
  local address = tunnels.address_pair(host, viewer, game)
  return address and { address } or {}, PEER_HOSTED
end

-- Games --------------------------------------------------------------------------------------------------------------

-- The number under which a tunnel carries a member: the host is 0, and whoever sits in slot 0 has the host's number.
local function index_of(member, host)
  if member == host then return 0 end
  return member.slot == 0 and host.slot or member.slot
end

-- Tells the relay who is in a game now, all of it.
hooks.when_changed(function(game)
  local places, host, members = {}, game.host, mu.plain(game.members)
  if #members == 0 then return end                      -- when_ended comes next
  local known = game_kind.get(game.id)
  if not known then
    known = game_kind.create { id = game.id, tunnelled = wanted(host.session) and tunnels.of(host.session) ~= nil }
  end
  for _, member in ipairs(members) do
    local session     = member.session
    local association = session and session.association or ""
    if association ~= "" then places[index_of(member, host)] = association end
  end
  local pooled = next(places) ~= nil
  if not pooled and not known.pooled then return end    -- nobody in it has a tunnel's association
  known.pooled = pooled
  mu.relay.pool(game.id, places)
end)

hooks.when_ended(function(game)
  local known = game_kind.get(game.id)
  if not known then return end
  if known.pooled then mu.relay.pool(game.id, {}) end
  known:remove()
end)

-- Tunnels come and go ------------------------------------------------------------------------------------------------

local KEEP   = "INSERT OR REPLACE INTO live_tunnels (id, address, port) VALUES (?, ?, ?)"
local FORGET = "DELETE FROM live_tunnels WHERE id = ?"

local become = {}

function become.opened(news)
  local old = tunnel_kind.get(news.association)
  if old then old:remove() end
  tunnel_kind.create {
    association = news.association, id = news.id, http = news.http, address = news.address, port = news.port,
    opened = mu.time.unix(),
  }
  local session = sessions.of_association(news.association)
  if session then tunnels.opened(session) end
  return not news.http and { KEEP, news.id, news.address, news.port } or nil
end

function become.moved(news)
  local tunnel = tunnel_kind.get(news.association)
  if not tunnel or tunnel.id ~= news.id then return nil end
  mu.log.info("tunnel %08x has moved from %s:%d to %s:%d", news.id, tunnel.address, tunnel.port, news.address,
              news.port)
  tunnel.address, tunnel.port = news.address, news.port
  return { KEEP, news.id, news.address, news.port }
end

function become.refused(news)
  mu.log.warn("tunnel %08x stays where it is: %s:%d wanted to have it, and its own player answered", news.id,
              news.address, news.port)
end

function become.closed(news)
  local tunnel = tunnel_kind.get(news.association)
  if tunnel and tunnel.id == news.id then tunnel:remove() end
  return not news.http and { FORGET, news.id } or nil
end

-- What the relay tells: a list of { news, why, id, association, http, address, port }. What is live is also kept on
-- disk: after a restart nobody else could tell the clients, and a host who waits sends nothing by himself.
function tunnels.heard(list)
  local statements = {}
  for _, news in ipairs(list) do statements[#statements + 1] = become[news.news](news) end
  for first = 1, #statements, AT_ONCE do
    mu.store.batch(table.move(statements, first, math.min(first + AT_ONCE - 1, #statements), 1, {}))
  end
end

-- The UDP door's name, when there is one to be.
local function door()
  for _, listener in ipairs(config.listeners) do
    if listener.tunnel and config.tunnel.policy ~= "disabled" then return listener end
  end
end

-- The UDP port that clients are told; nil while there is none to be reached.
function tunnels.advertised_port()
  local listener = door()
  local port     = listener and mu.relay.port(listener.name)
  if not port then return nil end
  return config.tunnel.external_port ~= 0 and config.tunnel.external_port or port
end

-- The server has started: the policies of single players, and a word to every client whose tunnel was live before.
function tunnels.started()
  for _, row in ipairs(mu.store.read "SELECT player_id, policy FROM tunnel_policies" or {}) do
    if tunnels.POLICIES[row.policy] and not policy_kind.get(row.player_id) then policy_kind.create(row) end
  end
  if not tunnels.advertised_port() then return end
  local rows, ids = mu.store.read "SELECT id, address, port FROM live_tunnels" or {}, {}
  for _, row in ipairs(rows) do
    if not tunnel_kind.first { id = row.id } then       -- else it was opened just now
      mu.relay.wake(row.address, row.port, row.id)
      ids[#ids + 1] = row.id
    end
  end
  if #ids == 0 then return end
  mu.log.info("%d tunnels were live before the restart: their clients are told to come anew", #ids)
  mu.store.batch { { "DELETE FROM live_tunnels WHERE id IN (SELECT value FROM json_each(?))",
                     mu.json.encode(mu.json.list(ids)) } }
end

-- The UDP doors of config.lua; declared while scripts load.
function tunnels.listen()
  for _, listener in ipairs(config.listeners) do
    if listener.qos or listener == door() then mu.relay.listen(listener) end
  end
end

return tunnels
