-- components/util.lua: what every client asks before and after it logs in.
local util          = mu.component "Util"
local config        = mu.config
local schema        = require "schema.util"
local configs       = require "configs"
local greeting      = require "configs.greeting"
local doors         = require "services.doors"
local network       = require "services.network"
local players       = require "services.players"
local rating        = require "services.rating"
local sessions      = require "services.sessions"
local subscriptions = require "services.subscriptions"

local now = mu.time.unix

local SUSPEND_PING_SECONDS = 90
local UPNP_ENABLED, DOUBLE_NAT = 2, 2

-- `own_user = true`: a game may only speak of its own player: by his id, or by 0.
mu.guard "own_user" (function(session, request, wanted)
  if wanted and request.user_id ~= 0 and request.user_id ~= session.player.id then
    return mu.fail "ERR_AUTHORIZATION_REQUIRED"
  end
end)

-- Before login -------------------------------------------------------------------------------------------------------

util.preAuth {
  request  = schema.PreAuthRequest,
  response = config.client.integer_source and schema.PreAuthResponseInteger or schema.PreAuthResponse,
  handle   = function(session, request)
    session.locale = request.client_info.locale
    return mu.kept({ doors.key(session) }, greeting.before_login, session)
  end,
}

util.ping {
  response = schema.PingResponse,
  handle   = function(session)
    sessions.pinged(session)
    return { server_time = now() }
  end,
}

util.fetchClientConfig {
  request  = schema.FetchConfigRequest,
  response = schema.FetchConfigResponse,
  handle   = function(session, request)
    return configs.answer(request.id, session)
  end,
}

util.fetchQosConfig {
  response = schema.QosConfigInfo,
  handle   = function(session) return greeting.qos(session) end,
}

-- After login --------------------------------------------------------------------------------------------------------

util.postAuth {
  login    = true,
  response = schema.PostAuthResponse,
  handle   = function(session)
    sessions.introduce(session)
    return greeting.after_login(session)
  end,
}

util.getTelemetryServer {
  request  = schema.TelemetryRequest,
  response = schema.TelemetryServer,
  handle   = function(session) return greeting.telemetry(session) end,
}

util.getTickerServer {
  response = schema.TickerServer,
  handle   = function(session) return greeting.ticker(session) end,
}

util.getPssConfig {
  response = schema.PssConfig,
  handle   = function(session) return greeting.player_sync() end,
}

util.getUserOptions {
  login    = true,
  own_user = true,
  request  = schema.UserId,
  response = schema.UserOptions,
  handle   = function(session) return greeting.options(session.player) end,
}

util.setUserOptions {
  login    = true,
  own_user = true,
  request  = schema.UserOptions,
  handle   = function(session, request)
    local player, telemetry = session.player, request.telemetry == 0 and 0 or 1
    players.set_telemetry(player.id, telemetry)
    if player:exists() then player.telemetry = telemetry end
  end,
}

-- What sort of client this is, told again outside preAuth.
util.setClientData {
  request = schema.ClientData,
  handle  = function(session, request)
    if request.locale ~= 0 then session.locale = request.locale end
  end,
}

-- Whether the player is at his machine: nothing here depends on it.
util.setConnectionState {
  request = schema.ConnectionState,
  handle  = function() end,
}

-- There are no texts of ours to translate.
util.localizeStrings {
  request  = schema.LocalizeRequest,
  response = schema.LocalizedStrings,
  handle   = function() return {} end,
}

-- Nothing is censored: every text comes back as it was.
util.filterForProfanity {
  request  = schema.UserTexts,
  response = schema.FilteredTexts,
  handle   = function(session, request)
    local filtered = {}
    for i, text in ipairs(request.texts) do filtered[i] = { text = text.text } end
    return { texts = filtered }
  end,
}

-- The game will be silent while it loads. Both answers are errors; 90 seconds is the one that means yes.
util.suspendUserPing {
  request = schema.SuspendPingRequest,
  handle  = function(session, request)
    local seconds = request.microseconds / 1000000
    if seconds < SUSPEND_PING_SECONDS then return mu.fail "UTIL_SUSPEND_PING_TIME_TOO_SMALL" end
    if seconds > SUSPEND_PING_SECONDS then return mu.fail "UTIL_SUSPEND_PING_TIME_TOO_LARGE" end
    sessions.suspend_ping(session, SUSPEND_PING_SECONDS)
    return mu.fail "UTIL_PING_SUSPENDED"
  end,
}

-- What the player's router says (UPnP): its outside address is better than the one we see.
util.setClientMetrics {
  paced   = true,
  request = schema.ClientMetrics,
  handle  = function(session, request)
    local double_nat = request.flags & DOUBLE_NAT ~= 0
    if request.status ~= UPNP_ENABLED or double_nat or network.is_local(request.router_address) then return end
    if request.router_address == 0 or not session.has_address then return end
    session.external_ip = request.router_address
    if session.player then subscriptions.publish(session) end
  end,
}

-- Settings: everything a player owns is kept under names the game chooses --------------------------------------------

local SAVE_FAULTS = {
  long = "ERR_STRING_TOO_LONG",
  many = "UTIL_USS_TOO_MANY_KEYS",
  gone = "UTIL_USS_RECORD_NOT_FOUND",
  key  = "UTIL_USS_RECORD_NOT_FOUND",
}

util.userSettingsSave {
  login    = true,
  own_user = true,
  request  = schema.SaveSettingRequest,
  handle   = function(session, request)
    local player = session.player
    local id     = player.id
    local saved, fault = players.save_setting(id, request.key, request.value)   -- returns after the commit
    if not saved then return mu.fail(SAVE_FAULTS[fault]) end
    if rating.depends_on(request.key) then rating.changed(player, id) end
  end,
}

util.userSettingsLoad {
  login    = true,
  own_user = true,
  request  = schema.SettingKey,
  response = schema.Setting,
  handle   = function(session, request)
    local value = players.setting(session.player.id, request.key)
    if not value then return mu.fail "UTIL_USS_RECORD_NOT_FOUND" end
    return { key = request.key, value = value }
  end,
}

util.userSettingsLoadAll {
  login    = true,
  own_user = true,
  request  = schema.AllSettingsRequest,
  response = schema.AllSettings,
  handle   = function(session)
    return { settings = players.settings(session.player.id) }
  end,
}

util.deleteUserSettings {
  login    = true,
  own_user = true,
  request  = schema.SettingKey,
  handle   = function(session, request)
    local player = session.player
    local id     = player.id
    players.delete_setting(id, request.key)
    if rating.depends_on(request.key) then rating.changed(player, id) end
  end,
}
