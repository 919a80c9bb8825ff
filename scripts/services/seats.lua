-- services/seats.lua: a player in a game whose connection breaks keeps his seat for a moment (reference 02 §14.9).
--
-- What the players of a game send each other does not come by their connections to this server and may well go on
-- without one. So when a game comes back with its session key (resumeSession):
--   the server has noticed nothing    the new connection takes the old one's place; its player is told what his game is
--   the server saw the end            the same for games.seat_seconds, and he is told what he has missed. Only for
--                                     guests who are connected: a game needs a host who is here, and gets another one
-- The host's word that the player is gone still ends it at once, as do a kick and another login.
local associations  = require "services.associations"
local games         = require "services.games"
local hooks         = require "services.games_hooks"
local messages      = require "services.games_messages"
local sessions      = require "services.sessions"
local subscriptions = require "services.subscriptions"

local config    = mu.config
local CONNECTED = games.MEMBER.CONNECTED

local NETWORK = {
  "has_address", "external_ip", "external_port", "internal_ip", "internal_port", "downstream", "upstream", "nat_type",
  "hardware_flags",
}

local too_late = mu.timer "session.lost" {
  handle = function(session) sessions.logout(session, true) end,
}

-- Whether a session stays without its connection: then its player has a while to come back.
function sessions.stays(session)
  local game, member = games.of(session)
  local seconds      = config.games.seat_seconds
  if not game or member.state ~= CONNECTED or game.host == member or seconds == 0 then return false end
  if not session:keep() then return false end
  session.lost = true
  too_late:start(seconds, session)
  mu.log.info("%s has lost the connection in %s and may come back within %d s", session.player.name, game, seconds)
  return true
end

-- What may have been lost on the way.
local function refresh(session, game)
  session:notify(messages.GameSettingsChange, { game_id = game.id, settings = game.settings })
  session:notify(messages.GameAttribChange, { attributes = mu.plain(game.attributes), game_id = game.id })
  session:notify(messages.GameStateChange, { game_id = game.id, state = game.state })
end

-- A player is back in `session` with his key: what he was in `old` goes on, and nobody else hears of it.
function sessions.goes_on(player, old, session)
  for _, field in ipairs(NETWORK) do session[field] = old[field] end
  for site, latency in pairs(mu.plain(old.latencies)) do session.latencies[site] = latency end
  local game, member = games.of(old)
  old.player, old.member = nil, nil
  player.session, player.introduced = session, false
  session.player, session.member, member.session = player, member, session
  subscriptions.move(old, session)
  associations.move(old, session)
  hooks.changed(game)
  if not session:take_over(old) then refresh(session, game) end
  if old.lost then old:forget() else old:close "its player has come back on another connection" end
  mu.log.info("%s (%s) is back on %s", player.name, player.id, session)
end
