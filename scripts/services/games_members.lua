-- services/games_members.lua: who comes into a game and who goes, and what everybody is told of it, in the order of
-- reference 02 §14.2, 14.3 and 14.6.
local hooks         = require "services.games_hooks"
local hosts         = require "services.games_hosts"
local messages      = require "services.games_messages"
local records       = require "services.games_records"
local subscriptions = require "services.subscriptions"

local config  = mu.config
local MEMBER, REMOVED, SETTING, STATE = records.MEMBER, records.REMOVED, records.SETTING, records.STATE
local ADMIN_REMOVED = 1
local MOST_SLOTS    = 4
local CREATED       = { direct = { context = 0 } }

local members = {}

-- games_migration.lua puts its own in: the host of a game has gone, another one is chosen.
function members.host_gone() end

local too_late = mu.timer "games.join_timeout" {
  handle = function(member) members.remove(member, REMOVED.JOIN_TIMEOUT) end,
}

-- Whoever connects has so long from now on.
function members.await(member)
  too_late:start(config.games.join_seconds, member)
end

local function lowest_free_slot(game)
  local taken = {}
  for _, member in ipairs(mu.plain(game.members)) do taken[member.slot] = true end
  for slot = 0, MOST_SLOTS - 1 do
    if not taken[slot] then return slot end
  end
end

-- Puts a new member among the others, in the order of the slots.
local function insert(game, member)
  local list = game.members
  local at   = #list + 1
  list:add(member)
  while at > 1 and list[at - 1].slot > member.slot do
    list[at], list[at - 1] = list[at - 1], member
    at = at - 1
  end
end

local function enter(game, session, state, joined, attributes)
  local member = records.member.create {
    player_id = session.player.id, session = session, game = game, slot = lowest_free_slot(game),
    state = state, joined = joined, attributes = attributes or {},
  }
  session.member = member
  insert(game, member)
  return member
end

-- The first member of a game that was just made. `reason`: why, where it was not he who made it.
function members.found(game, session, attributes, reason)
  local host = enter(game, session, MEMBER.CONNECTED, mu.time.unix_us(), attributes)
  game.host, host.admin = host, true
  hooks.changed(game)
  session:notify(messages.GameSetup, {
    game = messages.game(game, session), players = messages.players(game, session), reason = reason or CREATED,
  })
  subscriptions.publish(session)
  hooks.game_created(game)
  hooks.player_joined(game, host.player_id)
end

-- A player takes a seat. `reason`: why, as schema/game_manager_game.lua's SetupReason has it.
function members.join(game, session, reason, attributes)
  local others = records.sessions(game)
  local data   = subscriptions.extended_data(session)
  for _, other in ipairs(others) do subscriptions.add(session, other) end
  subscriptions.add_all(others, session, data)
  local member = enter(game, session, MEMBER.CONNECTING, 0, attributes)
  members.await(member)
  hooks.changed(game)
  local player = messages.player(member, session)
  mu.notify(others, messages.PlayerJoining, { game_id = game.id, player = player })
  session:notify(messages.GameSetup, {
    game = messages.game(game, session), players = messages.players(game, session, member, player), reason = reason,
  })
  data.objects = subscriptions.objects(game)
  subscriptions.publish(session, data)
  hooks.joined(game, member)
  hooks.open(game)
  hooks.player_joined(game, member.player_id)
  return member
end

-- His machine is connected to the host's: he is in.
function members.complete(member)
  local game = member.game
  too_late:stop(member)
  member.state, member.joined = MEMBER.CONNECTED, mu.time.unix_us()
  local all, id, player_id = records.sessions(game), game.id, member.player_id
  mu.notify(all, messages.GamePlayerStateChange, { game_id = id, player_id = player_id, state = MEMBER.CONNECTED })
  mu.notify(all, messages.PlayerJoinCompleted, { game_id = id, player_id = player_id })
end

-- Leaving ------------------------------------------------------------------------------------------------------------

-- The game goes with its last player; nobody is left to be told.
local function end_game(game)
  local id = game.id
  hooks.ended(game)
  game:remove()
  hooks.game_destroyed(id)
end

-- Takes a member out of the records; what he leaves: his session and player id.
local function take_out(game, member)
  local session, id = member.session, member.player_id
  game.members:remove(member)
  for _, other in ipairs(mu.plain(game.members)) do other.links[id] = nil end
  member:remove()
  return session, id
end

local function part(session, others)
  subscriptions.remove_all(others, session)
  for _, other in ipairs(others) do subscriptions.remove(session, other) end
end

-- A member goes, for a REMOVED reason; `context` is a number of the game's own that goes with it.
function members.remove(member, reason, context)
  local game     = member.game
  local host     = game.host
  local was_host = host == member
  local host_id  = host.player_id
  local session, id = take_out(game, member)
  local others   = records.sessions(game)
  local migrates = was_host and #others > 0 and game.settings & SETTING.HOST_MIGRATABLE ~= 0
                   and game.state ~= STATE.DESTRUCTING
  if was_host and #others > 0 then
    game.host = hosts.choose(game)               -- whoever goes next: a game with members has a host
    if migrates then host_id = game.host.player_id end
  end
  hooks.changed(game)

  local body = { context = context, game_id = game.id, player_id = id, reason = reason }
  others[#others + 1] = session
  mu.notify(others, messages.PlayerRemoved, body)
  others[#others] = nil
  part(session, others)
  mu.notify(others, messages.AdminListChange, {
    player_id = id, game_id = game.id, operation = ADMIN_REMOVED, updater_id = host_id,
  })
  subscriptions.publish(session)
  hooks.left(game, id, reason)
  hooks.player_left(game, id, reason)

  if #others == 0 then return end_game(game) end
  if migrates then
    members.host_gone(game)
  elseif was_host and game.state ~= STATE.DESTRUCTING then
    return members.destroy(game)
  end
  if game.state ~= STATE.DESTRUCTING then hooks.open(game) end
end

-- Everybody goes, the host last.
function members.destroy(game, reason)
  game.state = STATE.DESTRUCTING
  for _, member in ipairs(records.members(game)) do
    if member ~= game.host then members.remove(member, reason or REMOVED.GAME_DESTROYED) end
  end
  members.remove(game.host, reason or REMOVED.GAME_DESTROYED)
end

return members
