-- services/games_migration.lua: a game changes its host and goes on (reference 02 §14.7, 04 §2.7).
--
-- Everybody is told that the game migrates and to whom; the new host's machine takes over and says so
-- (updateGameHostMigrationStatus), or all the others say that they reach it; then everybody is told that it is done and
-- the game is again what it was. A host that says nothing is believed after games.migration_seconds, because not every
-- game is known to say it. Members who were told and have no link to the new host after games.link_seconds are out, but
-- only when some link was reported at all: the silence of everybody proves nothing.
--
-- With nobody but the new host there is nothing to wait for. A new host that goes as well is replaced by the next one.
local hooks    = require "services.games_hooks"
local hosts    = require "services.games_hosts"
local members  = require "services.games_members"
local messages = require "services.games_messages"
local records  = require "services.games_records"

local config = mu.config
local MEMBER, REMOVED, SETTING, STATE = records.MEMBER, records.REMOVED, records.SETTING, records.STATE
local BOTH_HOSTS = 2                             -- of topology and platform

local migration = {}

local function tell_state(game, state)
  game.state = state
  messages.tell(game, "GameStateChange", { game_id = game.id, state = state })
end

local unlinked = mu.timer "games.link_timeout" {
  handle = function(member)
    if member.state ~= MEMBER.MIGRATING then return end
    if member.game.links_heard then return members.remove(member, REMOVED.MIGRATION_FAILED) end
    member.state = MEMBER.CONNECTED
  end,
}

local waiting

-- Done: everybody is told, the game is what it was.
local function finish(game, how)
  waiting:stop(game)
  game.migrating = false
  messages.tell(game, "HostMigrationFinished", { game_id = game.id })
  tell_state(game, game.state_after)
  for _, member in ipairs(records.members(game)) do
    if member.state == MEMBER.MIGRATING then unlinked:start(config.games.link_seconds, member) end
  end
  hooks.migrated(game, how)
  hooks.open(game)
end

waiting = mu.timer "games.migration_timeout" {
  handle = function(game)
    mu.log.debug("%s: the new host has not said that it took over; going on", game)
    finish(game, "timeout")
  end,
}

-- The game has a new host already (game.host); now its members are told.
local function start(game)
  local host = game.host
  if host.state == MEMBER.CONNECTING then members.complete(host) end
  host.state, host.admin = MEMBER.CONNECTED, true
  if not game.migrating then
    game.migrating, game.state_after = true, game.state
    tell_state(game, STATE.MIGRATING)
  end
  game.links_heard = false
  for _, member in ipairs(records.members(game)) do
    unlinked:stop(member)                        -- of the migration before this one
    if member.state == MEMBER.CONNECTING then
      members.await(member)
    elseif member ~= host and not hosts.linked(member, host) then
      member.state = MEMBER.MIGRATING
    end
  end
  hooks.open(game)
  messages.tell(game, "HostMigrationStart", {
    game_id = game.id, player_id = host.player_id, kind = BOTH_HOSTS, slot = host.slot,
  })
  if #game.members == 1 or config.games.migration == "at_once" then return finish(game, "at_once") end
  waiting:start(config.games.migration_seconds, game)
end

members.host_gone = start

-- The new host says that it has taken over. From anybody else it means nothing.
function migration.taken_over(game, member)
  if game.migrating and game.host == member then finish(game, "taken_over") end
end

-- A member has a link to the host: once all do, there is nothing left to wait for.
function migration.linked(game, member)
  unlinked:stop(member)
  member.state = MEMBER.CONNECTED
  messages.tell(game, "GamePlayerStateChange", {
    game_id = game.id, player_id = member.player_id, state = MEMBER.CONNECTED,
  })
  if not game.migrating then return end
  for _, other in ipairs(game.members) do
    if other.state == MEMBER.MIGRATING then return end
  end
  finish(game, "linked")
end

-- The host hands the game on. nil, or the name of an error.
function migration.hand_over(game, player_id)
  if game.settings & SETTING.HOST_MIGRATABLE == 0 then return "GAMEMANAGER_ERR_MIGRATION_NOT_SUPPORTED" end
  if game.migrating then return "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION" end
  for _, member in ipairs(game.members) do
    if member.player_id == player_id and member ~= game.host and member.state == MEMBER.CONNECTED then
      game.host = member
      hooks.changed(game)
      start(game)
      return
    end
  end
  return "GAMEMANAGER_ERR_INVALID_NEWHOST"
end

return migration
