-- components/user_sessions.lua: who is here, and how to reach them. What others are told of a change goes through
-- services/subscriptions.lua.
local user_sessions = mu.component "UserSessions"
local schema        = require "schema.user_sessions"
local logins        = require "services.logins"
local network       = require "services.network"
local players       = require "services.players"
local sessions      = require "services.sessions"
local subscriptions = require "services.subscriptions"

local ONLINE, OFFLINE = 2, 0
local MOST_LOOKUPS    = 100
local UNKNOWN_NAT     = 4

-- A game that lost its connection comes back with the session key of its last login, or its login token.
user_sessions.resumeSession {
  request = schema.ResumeRequest,
  handle  = function(session, request)
    local key = request.session_key
    local id  = sessions.resumable(key)
    local account = id and players.by_id(id) or not id and logins.by_token(key)
    if not account then return mu.fail "USER_ERR_RESUMABLE_SESSION_NOT_FOUND" end
    sessions.login(session, account, id and key)
    sessions.introduce(session)
  end,
}

-- Network ------------------------------------------------------------------------------------------------------------

user_sessions.updateNetworkInfo {
  login   = true,
  paced   = true,
  request = schema.NetworkInfo,
  handle  = function(session, request)
    local pair = request.address and request.address.pair
    if pair then
      pair = network.repair(session, pair)
      session.external_ip, session.external_port = pair.external.ip, pair.external.port
      session.internal_ip, session.internal_port = pair.internal.ip, pair.internal.port
      session.has_address = true
    end
    subscriptions.measured(session, request.latencies)
    session.downstream = request.qos.downstream_bits_per_second
    session.upstream   = request.qos.upstream_bits_per_second
    local nat = request.qos.nat_type
    session.nat_type   = nat >= 0 and nat < UNKNOWN_NAT and nat or UNKNOWN_NAT
    subscriptions.publish(session)
  end,
}

user_sessions.updateHardwareFlags {
  login   = true,
  paced   = true,
  request = schema.HardwareFlags,
  handle  = function(session, request)
    session.hardware_flags = request.flags & 0xFFFFFFFF
    subscriptions.publish(session)
  end,
}

-- Looking people up --------------------------------------------------------------------------------------------------

-- What `viewer` (a session) may know of a player who is here: where he is only while they are in one game.
local function data_for(viewer, player)
  local session, mine = player.session, viewer.member
  local data = subscriptions.extended_data(session)
  if session ~= viewer and not (mine and session.member and session.member.game == mine.game) then
    data.address = false
  end
  return data
end

local function online(player, viewer)
  return {
    extended_data = data_for(viewer, player), flags = ONLINE, user = subscriptions.identification(player),
  }
end

local function offline(account)
  return {
    extended_data = subscriptions.no_extended_data(), flags = OFFLINE,
    user = { account_id = account.id, id = account.id, name = account.name },
  }
end

-- Who is meant by a user of which only the id or the name is filled in; online players first. nil when there is nobody.
local function look_up(user, viewer)
  local player, account
  if user.id ~= 0 then
    player = sessions.player(user.id)
  elseif user.name ~= "" then
    player = sessions.player_named(user.name)
  end
  if player then return online(player, viewer) end
  if user.id ~= 0 then
    account = players.by_id(user.id)
  elseif user.name ~= "" then
    account = players.by_name(user.name)
  end
  return account and offline(account)
end

user_sessions.lookupUser {
  login    = true,
  request  = schema.UserIdentification,
  response = schema.UserData,
  handle   = function(session, request)
    return look_up(request, session) or mu.fail "USER_ERR_USER_NOT_FOUND"
  end,
}

user_sessions.lookupUsers {
  login    = true,
  request  = schema.LookupUsersRequest,
  response = schema.LookupUsersResponse,
  handle   = function(session, request)
    local found = {}
    if #request.users > MOST_LOOKUPS then return mu.fail "USER_ERR_INVALID_PARAM" end
    for _, user in ipairs(request.users) do found[#found + 1] = look_up(user, session) end
    return { users = found }
  end,
}

user_sessions.fetchExtendedData {
  login    = true,
  request  = schema.UserId,
  response = schema.ExtendedData,
  handle   = function(session, request)
    local player = sessions.player(request.user_id)
    if not player then return mu.fail "USER_ERR_USER_NOT_FOUND" end
    return data_for(session, player)
  end,
}

-- What games of this kind never ask, but the protocol has. An empty success answers each of them.
for _, command in ipairs {
  "updateExtendedDataAttribute", "lookupUsersByPrefix", "lookupUserGeoIPData", "overrideUserGeoIPData",
  "updateUserSessionClientData", "setUserInfoAttribute", "resetUserGeoIPData", "lookupUserSessionId",
  "fetchLastLocaleUsedAndAuthError", "fetchUserFirstLastAuthTime",
} do
  user_sessions[command] { login = true, handle = function() end }
end
