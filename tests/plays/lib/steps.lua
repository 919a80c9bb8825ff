-- lib/steps.lua: what every game does on its way to the main menu, in the game's own order.
local play = require "plays.lib.play"

local steps = {}

local LOCALE = 0x656E4E5A                        -- enNZ

local CLIENT_INFO = {
  sdk_version = "3.15.6.0", sdk_build_date = "Dec 21 2012 12:46:51", client_name = "MassEffect3-pc",
  client_sku = "134845", client_version = "05427.124", dirty_sdk_version = "8.14.7.1", environment = "prod",
  locale = LOCALE, mac_address = "00:00:00:00:00:01", platform = "Windows",
}

function steps.hello(client)
  return client:asks("Util.preAuth", {
    client_data   = { locale = LOCALE, service_name = "masseffect-3-pc", client_type = 0 },
    client_info   = CLIENT_INFO,
    client_config = { id = "BlazeSDK" },
  }, { instance_name = "masseffect-3-pc" })
end

function steps.configs(client)
  local got = {}
  for _, id in ipairs { "ME3_DATA", "ME3_MSG", "ME3_ENT", "ME3_DIME" } do
    got[id] = client:asks("Util.fetchClientConfig", { id = id }).config
  end
  return got
end

-- The game is told of its own user, once.
function steps.sees_itself(client, player_id, rating)
  client:is_notified("UserSessions.UserAdded", {
    user = { id = player_id, account_id = player_id, account_locale = LOCALE },
    data = { data_map = { [0x70001] = rating or 0 } },
  })
  client:is_notified("UserSessions.UserUpdated", { flags = 3, user_id = player_id })
end

local function remember(client, answer)
  client.id, client.token, client.key = answer.account_id, answer.token, answer.session_key
  client.persona = answer.personas[1].display_name
end

local function picks_persona(client)
  client:asks("Authentication.loginPersona", { persona_name = client.persona }, { player_id = client.id })
  steps.sees_itself(client, client.id, client.rating)
end

-- A new account, and in.
function steps.create_account(client, email, password)
  steps.hello(client)
  remember(client, client:asks("Authentication.createAccount", {
    email = email, password = password, country = "NZ", language = "en",
  }, { account_id = play.any, token = play.any, personas = { { display_name = play.text "^%l+%-%l+%-%d%d%d%d$" } } }))
  picks_persona(client)
end

-- In with e-mail and password.
function steps.log_in(client, email, password)
  steps.hello(client)
  remember(client, client:asks("Authentication.login", { email = email, password = password }))
  picks_persona(client)
end

-- In with the token of an earlier login.
function steps.silent_login(client)
  steps.hello(client)
  local answer = client:asks("Authentication.silentLogin", {
    token = client.token, persona_id = client.id, token_type = 2,
  }, { session = { player_id = client.id, persona = { display_name = client.persona } } })
  steps.sees_itself(client, client.id, client.rating)
  client.token, client.key = answer.token, answer.session.session_key
end

-- From logged in to the main menu.
function steps.to_the_menu(client)
  client:asks("Util.postAuth", {}, { options = { user_id = client.id }, telemetry = { port = play.any } })
  client:asks("Authentication.listUserEntitlements2", { page = 1, page_size = 50, groups = { "ME3PCOffers" } },
    { entitlements = play.where(function(list) return #list == 38 end, "38 entitlements") })
  client:asks("Util.userSettingsLoadAll", {})
  client:asks("UserSessions.updateNetworkInfo", {
    address   = { pair = { external = { ip = 0, port = 0 }, internal = { ip = 0xC0A80105, port = 3659 } } },
    latencies = { ["ea-sjc"] = 156 },
    qos       = { downstream_bits_per_second = 0, nat_type = 4, upstream_bits_per_second = 0 },
  })
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
    user_id = client.id,
    data = {
      best_ping_site = "ea-sjc", latencies = { 156 },
      address = { pair = { external = { ip = 0x7F000001, port = 3659 }, internal = { ip = 0xC0A80105, port = 3659 } } },
    },
  })
  client:asks("UserSessions.updateHardwareFlags", { flags = 1 })
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = { hardware_flags = 1 } })
  client:asks("Messaging.fetchMessages", {}, { count = 1 })
  client:is_notified("Messaging.NotifyMessage", { text = play.text(client.persona:gsub("%-", "%%-")) })
  client:asks("Authentication.getAuthToken", {}, { token = play.text "^[%w_-]+%.[%w_-]+$" })
  client:is_refused("Util.suspendUserPing", { microseconds = 20000000 }, "UTIL_SUSPEND_PING_TIME_TOO_SMALL")
  client:is_refused("Util.suspendUserPing", { microseconds = 90000000 }, "UTIL_PING_SUSPENDED")
  client:asks("Util.ping", {}, { server_time = play.any })
end

return steps
