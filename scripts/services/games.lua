-- services/games.lua: games: making and finding them, who may join, what their host changes. The one file about games
-- that others need; games_records.lua says what is in the files beside it.
--
--   games.get(id) → game or nil;                 games.of(session) → the game he is in, and his member
--   games.create(session, setup) → game          setup as schema/game_manager.lua's CreateGameRequest
--   games.add_player(game, session, context)     → member; nil and the name of an error
--   games.remove_player(game, session, reason)   reason: a number of games.REMOVED; nil: he left
--   games.joinable(game, method)                 → true; false and the name of an error
--   games.when_open(fn), games.when_changed(fn)  games_hooks.lua
--
-- A game is a record (games_records.lua); games.members(game) lists its members in the order of their slots.
local hooks     = require "services.games_hooks"
local members   = require "services.games_members"
local mesh      = require "services.games_mesh"
local messages  = require "services.games_messages"
local migration = require "services.games_migration"
local records   = require "services.games_records"
local sessions  = require "services.sessions"

local REMOVED, SETTING, STATE = records.REMOVED, records.SETTING, records.STATE

local MOST_PLAYERS    = 4
local MOST_ATTRIBUTES = 32
local MOST_OF_A_PLAYER = 16
local ADMIN_ADDED, ADMIN_REMOVED, ADMIN_HANDED_ON = 0, 1, 2
local MOST_TRIES      = 64
local NODE            = 0                        -- the top 8 bits of a game's id: which machine it lives on
local REPORTING_BASE  = 0x40000000000000         -- reporting ids: this, the second, and a number within it

local games = {
  REMOVED = REMOVED, SETTING = SETTING, STATE = STATE, MEMBER = records.MEMBER,
  kind = records.game,
  members = records.members, sessions = records.sessions,
  when_open = hooks.when_open, when_changed = hooks.when_changed, when_entering = hooks.when_entering,
  when_attributes = hooks.when_attributes, when_ended = hooks.when_ended, when_left = hooks.when_left,
  when_joined = hooks.when_joined, when_migrated = hooks.when_migrated, when_replayed = hooks.when_replayed,
  report_links = mesh.report, migration_taken_over = migration.taken_over, hand_over = migration.hand_over,
  destroy = members.destroy,
}

-- Finding ------------------------------------------------------------------------------------------------------------

function games.get(id) return records.game.get(id) end

-- The game a session's player is in, and what he is there; nil when he is in none.
function games.of(session)
  local member = session.member
  if member then return member.game, member end
end

-- The member of a game with this player id, or nil.
function games.member(game, player_id)
  local member = player_id > 0 and player_id <= 0xFFFFFFFF and records.member.get(player_id)
  return member and member.game == game and member or nil
end

-- Making -------------------------------------------------------------------------------------------------------------

local serial = mu.record "reporting_serial" { id = mu.u8 { key = true }, last = mu.i64 }

-- Rises always, over restarts as well.
local function next_reporting_id()
  local row = serial.get(1) or serial.create { id = 1 }
  row.last = math.max(row.last + 1, mu.time.unix() << 16)
  return REPORTING_BASE | row.last
end

local function new_identity()
  for _ = 1, MOST_TRIES do
    local id, seed, a, b, c, d, e = ("I3I4I4I2I2I2I6"):unpack(mu.crypto.random(23))
    id = NODE << 24 | id
    if id ~= 0 and not records.game.get(id) then
      return id, seed, ("%08x-%04x-4%03x-%04x-%012x"):format(a, b, c & 0xFFF, d & 0x3FFF | 0x8000, e)
    end
  end
  error("no game id is free", 0)
end

local function fitting(attributes, most)
  local count = 0
  for key, value in pairs(attributes) do
    count = count + 1
    if #key == 0 or #key > 64 or #value > 255 then return false end
  end
  return count <= (most or MOST_ATTRIBUTES)
end

-- Public and private slots, or the name of an error. A game says nothing when it wants all there can be.
local function slots_of(capacities, most)
  local public, private = capacities[1] or most, capacities[2] or 0
  if most > MOST_PLAYERS then return nil, "GAMEMANAGER_ERR_MAX_PLAYER_CAPACITY_TOO_LARGE" end
  if public + private == 0 then return nil, "GAMEMANAGER_ERR_PLAYER_CAPACITY_IS_ZERO" end
  if public + private > most then return nil, "GAMEMANAGER_ERR_PLAYER_CAPACITY_TOO_LARGE" end
  return public, private
end

-- Makes a game of `setup`, with the session's player as its host; he leaves the one he was in. `context`: why, as a
-- SetupReason; nil: because he asked for it. The game; nil and the name of an error.
function games.create(session, setup, context)
  local most = (setup.max_capacity or 0) ~= 0 and setup.max_capacity or MOST_PLAYERS
  local public, private = slots_of(setup.capacities or {}, most)
  if not public then return nil, private end
  local attributes, own = setup.attributes or {}, setup.player_attributes or {}
  local version, site = setup.version or "", setup.ping_site or ""
  if not fitting(attributes) or not fitting(own, MOST_OF_A_PLAYER) or #version > 64 or #site > 64 then
    return nil, "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS"
  end
  hooks.entering(session)
  games.leave(session, REMOVED.LEFT)
  local id, seed, uuid = new_identity()
  local game = records.game.create {
    id = id, state = STATE.INITIALIZING, settings = (setup.settings or 0) & 0xFFFFFFFF, attributes = attributes,
    reporting_id = next_reporting_id(), seed = seed, uuid = uuid,
    version = version ~= "" and version or records.USUAL_VERSION,
    public_slots = public, private_slots = private, most_players = most, queue_capacity = setup.queue_capacity or 0,
    presence = (setup.presence or 1) & 0xFFFF, voip = (setup.voip or 2) & 0xFFFF, ping_site = site,
    created = mu.time.unix(),
  }
  members.found(game, session, own, context)
  hooks.open(game)
  return game
end

-- Joining ------------------------------------------------------------------------------------------------------------

local JOIN_METHODS = { SETTING.BROWSING, SETTING.MATCHMAKING, SETTING.INVITES, SETTING.JOIN_BY_PLAYER }

-- Whether somebody may come in by `method` (a bit of games.SETTING; by a search, if it is not given).
function games.joinable(game, method)
  local settings, state = game.settings, game.state
  method = method or SETTING.MATCHMAKING
  if settings & method == 0 then return false, "GAMEMANAGER_ERR_JOIN_METHOD_NOT_SUPPORTED" end
  if game.migrating or state == STATE.DESTRUCTING then return false, "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION" end
  if state == STATE.IN_GAME and settings & SETTING.JOIN_IN_PROGRESS == 0 then
    return false, "GAMEMANAGER_ERR_GAME_IN_PROGRESS"
  end
  if #game.members >= game.public_slots + game.private_slots then return false, "GAMEMANAGER_ERR_GAME_FULL" end
  if method == SETTING.MATCHMAKING and hooks.seats(game) == 0 then
    return false, "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION"
  end
  return true
end

-- Whether a player may know where the host of a game is: he is in it, or it is public and he could come in right now.
-- Whoever is invited to a private game is told when he has joined.
function games.shows_host(game, session)
  local member = session.member
  if member and member.game == game then return true end
  if (game.attributes.ME3privacy or "PUBLIC") ~= "PUBLIC" or game.banned:has(session.player.id) then return false end
  for _, method in ipairs(JOIN_METHODS) do
    if games.joinable(game, method) then return true end
  end
  return false
end

local DIRECT = { direct = { context = 1 } }

-- Gives a player a seat. `context`: why, as schema/game_manager_game.lua's SetupReason; nil: he joined by himself.
-- Whether he may come by that way is the caller's question (games.joinable). The member; nil and the name of an error.
function games.add_player(game, session, context, attributes)
  local player = session.player
  local current = session.member
  if current and current.game == game then return nil, "GAMEMANAGER_ERR_ALREADY_GAME_MEMBER" end
  if game.banned:has(player.id) then return nil, "GAMEMANAGER_ERR_PLAYER_BANNED" end
  if game.migrating or game.state == STATE.DESTRUCTING then
    return nil, "GAMEMANAGER_ERR_INVALID_GAME_STATE_ACTION"
  end
  if #game.members >= game.public_slots + game.private_slots then return nil, "GAMEMANAGER_ERR_GAME_FULL" end
  if attributes and not fitting(attributes, MOST_OF_A_PLAYER) then
    return nil, "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS"
  end
  hooks.entering(session)
  games.leave(session, REMOVED.LEFT)
  return members.join(game, session, context or DIRECT, attributes)
end

-- Leaving ------------------------------------------------------------------------------------------------------------

-- Takes a player out of a game; false when he is not in it.
function games.remove_player(game, session, reason, context)
  local member = session.member
  if not member or member.game ~= game then return false end
  members.remove(member, reason or REMOVED.LEFT, context)
  return true
end

-- Takes a player out of whatever game he is in.
function games.leave(session, reason)
  local member = session.member
  if member then members.remove(member, reason) end
end

-- A login ends: with its connection, or because the player said so.
sessions.when_leaving(function(player, lost)
  games.leave(player.session, lost and REMOVED.SERVER_CONNECTION_LOST or REMOVED.LEFT)
end)

-- Bans (of this game, as long as it lives): false when the list is full.
function games.ban(game, player_id)
  if game.banned:has(player_id) then return true end
  if #game.banned >= 32 then return false end
  game.banned:add(player_id)
  return true
end

-- What the host changes ----------------------------------------------------------------------------------------------

function games.set_state(game, state)
  if game.migrating then
    game.state_after = state                     -- it comes into force when the migration is done, and is told then
    return
  end
  game.state = state
  messages.tell(game, "GameStateChange", { game_id = game.id, state = state })
  hooks.open(game)
end

function games.set_settings(game, settings)
  game.settings = settings & 0xFFFFFFFF
  messages.tell(game, "GameSettingsChange", { game_id = game.id, settings = game.settings })
  hooks.open(game)
end

-- Merges attributes into those of the game; false when there are too many or too long ones.
function games.set_attributes(game, changed)
  local mine, count = game.attributes, #game.attributes
  if not fitting(changed) then return false end
  for key in pairs(changed) do
    if not mine[key] then count = count + 1 end
  end
  if count > MOST_ATTRIBUTES then return false end
  for key, value in pairs(changed) do mine[key] = value end
  messages.tell(game, "GameAttribChange", { attributes = changed, game_id = game.id })
  hooks.attributes(game, changed)
  hooks.open(game)
  return true
end

function games.set_capacities(game, capacities)
  local public, private = slots_of(capacities, game.most_players)
  if not public then return private end
  if public + private < #game.members then return "GAMEMANAGER_ERR_PLAYER_CAPACITY_TOO_SMALL" end
  game.public_slots, game.private_slots = public, private
  messages.tell(game, "GameCapacityChange", { capacities = { public, private }, game_id = game.id })
  hooks.open(game)
end

-- The same players again: back to the lobby, and what they do next is another match.
function games.replay(game)
  game.created      = mu.time.unix()
  game.reporting_id = next_reporting_id()
  games.set_state(game, STATE.PRE_GAME)
  messages.tell(game, "GameReportingIdChange", { game_id = game.id, reporting_id = game.reporting_id })
  hooks.replayed(game)
end

-- What single members are --------------------------------------------------------------------------------------------

-- Merges attributes into those of a member; nil, or the name of an error.
function games.set_player_attributes(game, player_id, changed)
  local member = games.member(game, player_id)
  if not member then return "GAMEMANAGER_ERR_PLAYER_NOT_FOUND" end
  local mine, count = member.attributes, #member.attributes
  for key in pairs(changed) do
    if not mine[key] then count = count + 1 end
  end
  if count > MOST_OF_A_PLAYER or not fitting(changed) then return "GAMEMANAGER_ERR_INVALID_GAME_SETTINGS" end
  for key, value in pairs(changed) do mine[key] = value end
  messages.tell(game, "PlayerAttribChange", { attributes = changed, game_id = game.id, player_id = player_id })
end

local function tell_admin(game, player_id, operation, by)
  messages.tell(game, "AdminListChange", {
    player_id = player_id, game_id = game.id, operation = operation, updater_id = by,
  })
end

-- Makes a member an admin, or no longer one. An admin who is made one again is told of it again: hosts repeat it.
-- nil, or the name of an error.
function games.set_admin(game, player_id, admin, by)
  local member = games.member(game, player_id)
  if not member then return "GAMEMANAGER_ERR_PLAYER_NOT_FOUND" end
  if not admin and (member == game.host or not member.admin) then return "GAMEMANAGER_ERR_NOT_IN_ADMIN_LIST" end
  member.admin = admin
  tell_admin(game, player_id, admin and ADMIN_ADDED or ADMIN_REMOVED, by)
end

-- An admin makes another member one in his place; a host stays one as well. nil, or the name of an error.
function games.hand_on_admin(game, from, player_id)
  local member = games.member(game, player_id)
  if not from.admin then return "GAMEMANAGER_ERR_NOT_IN_ADMIN_LIST" end
  if not member then return "GAMEMANAGER_ERR_PLAYER_NOT_FOUND" end
  if member.admin then return "GAMEMANAGER_ERR_ALREADY_ADMIN" end
  from.admin, member.admin = from == game.host, true
  tell_admin(game, player_id, ADMIN_HANDED_ON, from.player_id)
end

return games
