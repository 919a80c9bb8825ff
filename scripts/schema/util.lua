-- schema/util.lua: what every client asks before and after it logs in.
local t      = mu.tdf
local shared = require "schema.shared"

local ClientData = t.struct {
  ignore_inactivity_timeout = t.bool "IITO",
  locale                    = t.u32 "LANG",
  service_name              = t.string "SVCN",
  client_type               = t.int "TYPE",
}

local ClientInfo = t.struct {
  sdk_version       = t.string "BSDK",
  sdk_build_date    = t.string "BTIM",
  client_name       = t.string "CLNT",
  client_sku        = t.string "CSKU",
  client_version    = t.string "CVER",
  dirty_sdk_version = t.string "DSDK",
  environment       = t.string "ENV",
  locale            = t.u32 "LOC",
  mac_address       = t.string("MAC", { secret = true }),
  platform          = t.string "PLAT",
}

local FetchConfigRequest  = t.struct { id = t.string "CFID" }
local FetchConfigResponse = t.struct { config = t.map("CONF", t.string, t.string) }

local QosPingSiteInfo = t.struct {
  address   = t.string "PSA",
  port      = t.u16 "PSP",
  site_name = t.string "SNA",
}

local QosConfigInfo = t.struct {
  bandwidth_site = t.group("BWPS", QosPingSiteInfo),
  latency_probes = t.u16 "LNP",
  latency_sites  = t.map("LTPS", t.string, QosPingSiteInfo),
  service_id     = t.u32 "SVID",
}

local function preauth_response(authentication_source)
  return t.struct {
    anonymous_child_accounts   = t.bool "ANON",
    authentication_source      = authentication_source,
    component_ids              = t.list("CIDS", t.u16),
    parental_consent_group     = t.string "CNGN",
    client_config              = t.group("CONF", FetchConfigResponse),
    instance_name              = t.string "INST",
    underage_supported         = t.bool "MINR",
    persona_namespace          = t.string "NASP",
    legal_document_game        = t.string "PILD",
    platform                   = t.string "PLAT",
    parental_consent_tag       = t.string "PTAG",
    qos                        = t.group("QOSS", QosConfigInfo),
    registration_source        = t.string "RSRC",
    server_version             = t.string "SVER",
  }
end

local PssConfig = t.struct {
  address              = t.string "ADRS",
  signature            = t.blob "CSIG",
  offer_ids            = t.list("OIDS", t.string),
  project_id           = t.string "PJID",
  port                 = t.u32 "PORT",
  initial_report_types = t.int "RPRT",           -- bits: 1 purchases, 2 friends, 4 achievements, 8 consumables
  title_id             = t.u32 "TIID",
}

local TelemetryServer = t.struct {
  address            = t.string "ADRS",
  anonymous          = t.bool "ANON",
  disabled_countries = t.string "DISA",
  filter             = t.string "FILT",
  locale             = t.u32 "LOC",
  no_toggle_ok       = t.string "NOOK",
  port               = t.u32 "PORT",
  send_delay         = t.u32 "SDLY",             -- milliseconds
  session_id         = t.string("SESS", { secret = true }),
  key                = t.string("SKEY", { secret = true }),   -- raw bytes
  send_percentage    = t.u32 "SPCT",
  use_server_time    = t.string "STIM",
}

local TickerServer = t.struct {
  address = t.string "ADRS",
  port    = t.u32 "PORT",
  key     = t.string("SKEY", { secret = true }),
}

local UserOptions = t.struct {
  telemetry = t.int "TMOP",                      -- 0 out, 1 in
  user_id   = t.i64 "UID",
}

return t.named {
  PingResponse        = t.struct { server_time = t.u32 "STIM" },
  FetchConfigRequest  = FetchConfigRequest,
  FetchConfigResponse = FetchConfigResponse,

  PreAuthRequest = t.struct {
    client_data   = t.group("CDAT", ClientData),
    client_info   = t.group("CINF", ClientInfo),
    client_config = t.group("FCCR", FetchConfigRequest),
  },
  PreAuthResponse        = preauth_response(t.string "ASRC"),
  PreAuthResponseInteger = preauth_response(t.u32 "ASRC"),     -- the form of one capture; see config.lua

  PostAuthResponse = t.struct {
    player_sync = t.group("PSS", PssConfig),
    telemetry   = t.group("TELE", TelemetryServer),
    ticker      = t.group("TICK", TickerServer),
    options     = t.group("UROP", UserOptions),
  },
  TelemetryServer = TelemetryServer,
  TickerServer    = TickerServer,
  UserOptions     = UserOptions,
  PssConfig       = PssConfig,
  QosConfigInfo   = QosConfigInfo,
  NetworkQosData  = shared.NetworkQosData,

  SettingKey         = t.struct { key = t.string "KEY", user_id = t.i64 "UID" },
  Setting            = t.struct { value = t.string "DATA", key = t.string "KEY" },
  SaveSettingRequest = t.struct { value = t.string "DATA", key = t.string "KEY", user_id = t.i64 "UID" },
  AllSettingsRequest = t.struct { user_id = t.i64 "UID" },
  AllSettings        = t.struct { settings = t.map("SMAP", t.string, t.string) },

  ClientMetrics = t.struct {
    flags          = t.int "UBFL",               -- bits: 1 NAT promoted, 2 double NAT, 4 port override
    device         = t.string "UDEV",
    upnp_flags     = t.u16 "UFLG",
    last_result    = t.i32 "ULRC",
    nat_type       = t.u16 "UNAT",
    status         = t.int "USTA",               -- 0 unknown, 1 found, 2 enabled
    router_address = t.u32 "UWAN",
  },
  UserId          = t.struct { user_id = t.i64 "UID" },
  ClientData      = ClientData,
  ConnectionState = t.struct { active = t.bool "ACTV" },

  TelemetryRequest = t.struct { mac_address = t.string("CMAC", { secret = true }), service_name = t.string "SNAM" },
  LocalizeRequest  = t.struct { locale = t.u32 "LANG", ids = t.list("LSID", t.string) },
  LocalizedStrings = t.struct { strings = t.map("SMAP", t.string, t.string) },
  UserTexts        = t.struct { texts = t.list("UTXT", t.struct { text = t.string "UTXT" }) },
  FilteredTexts    = t.struct {
    texts = t.list("TLST", t.struct {
      result = t.int("DIRT", { always = true }),   -- 0 passed
      text   = t.string "UTXT",
    }),
  },

  SuspendPingRequest = t.struct { microseconds = t.i64 "TVAL" },
}
