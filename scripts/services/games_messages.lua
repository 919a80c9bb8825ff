-- services/games_messages.lua: what the members of a game are told, and how a game looks to them (reference 02 §12.4).
local records = require "services.games_records"
local schema  = require "schema.game_manager"
local tunnels = require "services.tunnels"

local game_manager = mu.component "GameManager"

local messages = {}

for name, body in pairs {
  NotifyGameSetup             = schema.GameSetup,
  NotifyGameRemoved           = schema.GameRemoved,
  NotifyPlayerJoining         = schema.PlayerJoining,
  NotifyPlayerJoinCompleted   = schema.GameAndPlayer,
  NotifyPlayerRemoved         = schema.PlayerRemoved,
  NotifyHostMigrationStart    = schema.HostMigrationStart,
  NotifyHostMigrationFinished = schema.GameId,
  NotifyGameAttribChange      = schema.GameAttributesChange,
  NotifyPlayerAttribChange    = schema.PlayerAttributes,
  NotifyPlayerCustomDataChange = schema.PlayerCustomData,
  NotifyGameStateChange       = schema.GameState,
  NotifyGameSettingsChange    = schema.GameSettingsChange,
  NotifyGameCapacityChange    = schema.GameCapacityChange,
  NotifyGameReportingIdChange = schema.ReportingIdChange,
  NotifyGamePlayerStateChange = schema.PlayerState,
  NotifyPresenceModeChanged   = schema.Presence,
  NotifyAdminListChange       = schema.AdminListChange,
} do
  messages[name:gsub("^Notify", "")] = game_manager.notification(name) { body = body }
end

-- Tells all members.
function messages.tell(game, message, body)
  mu.notify(records.sessions(game), messages[message], body)
end

-- FNV-1 with its constants for 32 bits in 64, over the version's text (reference 02 §0.3).
local function version_hash(version)
  local hash = 2166136261
  for i = 1, #version do hash = hash * 16777619 ~ version:byte(i) end
  return hash
end

local USUAL_VERSION = records.USUAL_VERSION
local usual_hash = version_hash(USUAL_VERSION)

-- The ids of the admins, the host first. Whoever is still connecting is none yet.
local function admins(game)
  local host = game.host
  local list = { host.player_id }
  for _, member in ipairs(mu.plain(game.members)) do
    if member.admin and member ~= host then list[#list + 1] = member.player_id end
  end
  return list
end

-- A member as `viewer` (a session) is to know him.
function messages.player(member, viewer)
  local session    = member.session
  local game       = member.game
  local player     = session.player
  local attributes = member.attributes
  return {
    custom_data = member.custom_data,
    game_id     = game.id,
    locale      = player.locale,
    name        = player.name,
    attributes  = #attributes > 0 and mu.plain(attributes) or nil,
    player_id   = member.player_id,
    address     = tunnels.address_pair(session, viewer, game),
    slot        = member.slot,
    state       = member.state,
    joined      = member.joined,
    session_id  = session.id,
  }
end

-- What GameSetup and the lists of games have in common. `host`: its host's session.
local function common(game, viewer, host)
  local addresses, topology = tunnels.host_address(game, viewer, host)
  return {
    admins         = admins(game),
    attributes     = mu.plain(game.attributes),
    capacities     = { game.public_slots, game.private_slots },
    id             = game.id,
    name           = host.player.name,
    settings       = game.settings,
    state          = game.state,
    host_addresses = addresses,
    topology       = topology,
    presence       = game.presence,
    ping_site      = game.ping_site,
    queue_capacity = game.queue_capacity,
    voip           = game.voip,
    version        = game.version,
  }
end

function messages.game(game, viewer)
  local host    = game.host
  local session = host.session
  local info    = { player_id = host.player_id, slot = host.slot }
  local body    = common(game, viewer, session)
  local version = body.version
  body.version_hash    = version == USUAL_VERSION and usual_hash or version_hash(version)
  body.reporting_id    = game.reporting_id
  body.host_session_id = session.id
  body.max_capacity    = game.most_players
  body.qos             = {
    downstream_bits_per_second = session.downstream,
    nat_type                   = session.nat_type,
    upstream_bits_per_second   = session.upstream,
  }
  body.platform_host, body.topology_host = info, info
  body.seed, body.uuid = game.seed, game.uuid
  return body
end

-- All members, for one of them. `known`: how one of them, `one`, looks, where that has been put together.
function messages.players(game, viewer, one, known)
  local list = {}
  for i, member in ipairs(mu.plain(game.members)) do
    list[i] = member == one and known or messages.player(member, viewer)
  end
  return list
end

-- As a list of games shows it; where its host is only to those who may know.
function messages.browsed(game, viewer, with_address)
  local host = game.host
  local body = common(game, viewer, host.session)
  if not with_address then body.host_addresses = {} end
  body.host_id       = host.player_id
  body.player_counts = { #game.members, 0 }
  return body
end

return messages
