-- configs/greeting.lua: what a game is told when it connects (preAuth) and once it has logged in (postAuth).
local config    = mu.config
local countries = require "configs.countries"
local doors     = require "services.doors"

local COMPONENTS = { 1, 25, 4, 28, 7, 9, 63490, 30720, 15, 30721, 30722, 30723, 30725, 30726, 2000 }
local PROJECT    = "303107"
local SERVICE    = "masseffect-3-pc"
local SERVICE_ID = 0x45410805
local MAIN_SITE  = "ea-sjc"

-- The key the game scrambles its telemetry with: any bytes will do, these are the ones it always had.
local TELEMETRY_KEY = ([[
  5e8acbddf8ecc1959899f994c0adeefccea487de8aa6cedcb0eee8e5b3f5ad9ab2e5e4b19986c78e9bb0f4c081a3a78d9cbac289d3c3ac9896a4
  e0c08183868c98b0e0cc8993c6cc9ae4c899e382eed897edc2cd9bd7cc99b3e5c6d1ebb2a68bb8e3d8c4a183c68c9cb6f0d0c19387cbb2ee8895
  d28080]]):gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)

local greeting = {}

-- Where the game measures its connection. No sites: it does not.
function greeting.qos(session)
  local qos   = doors.of(session).qos
  local sites = {}
  for alias, name in pairs(qos.sites) do
    sites[alias] = { address = qos.host, port = qos.port, site_name = name }
  end
  return {
    bandwidth_site = sites[MAIN_SITE] or select(2, next(sites)) or { address = "0", port = 0, site_name = "" },
    latency_probes = qos.probes,
    latency_sites  = sites,
    service_id     = SERVICE_ID,
  }
end

function greeting.before_login(session)
  return {
    anonymous_child_accounts = false,
    authentication_source    = config.client.integer_source and tonumber(PROJECT) or PROJECT,
    component_ids            = COMPONENTS,
    parental_consent_group   = "",
    client_config            = {
      config = {
        pingPeriod                = config.client.ping_period .. "s",
        voipHeadsetUpdateRate     = "1000",
        xlspConnectionIdleTimeout = "300",
      },
    },
    instance_name        = SERVICE,
    underage_supported   = false,
    persona_namespace    = "cem_ea_id",
    legal_document_game  = "",
    platform             = "pc",
    parental_consent_tag = "",
    qos                  = greeting.qos(session),
    registration_source  = PROJECT,
    server_version       = config.client.server_version,
  }
end

function greeting.player_sync()
  return {
    address = "playersyncservice.ea.com", signature = "", project_id = PROJECT, port = 443,
    initial_report_types = 15, title_id = 0,
  }
end

function greeting.telemetry(session)
  local door = doors.of(session)
  return {
    address            = door.telemetry.host,
    anonymous          = false,
    disabled_countries = countries.without_telemetry,
    filter             = config.telemetry.filter,
    locale             = session.locale,
    no_toggle_ok       = countries.without_choice,
    port               = door.telemetry.port,
    send_delay         = config.telemetry.send_delay,
    session_id         = mu.crypto.token(8),                       -- eleven letters
    key                = TELEMETRY_KEY,
    send_percentage    = config.telemetry.send_percent,
    use_server_time    = "",
  }
end

function greeting.ticker(session)
  local ticker = doors.of(session).ticker
  local id = session.player and session.player.id or 0
  return {
    address = ticker.host,
    port    = ticker.port,
    key     = id .. ",10.23.15.2:8999," .. SERVICE .. ",10,50,50,50,50,0,12",
  }
end

function greeting.options(player)
  return { telemetry = player.telemetry, user_id = player.id }
end

function greeting.after_login(session)
  return {
    player_sync = greeting.player_sync(),
    telemetry   = greeting.telemetry(session),
    ticker      = greeting.ticker(session),
    options     = greeting.options(session.player),
  }
end

return greeting
