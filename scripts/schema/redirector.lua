-- schema/redirector.lua: the one question a game asks the redirector, and its answer.
local t = mu.tdf

local ServerAddress = t.variants {
  address = { 0, t.struct { host = t.string "HOST", ip = t.u32 "IP", port = t.u16 "PORT" } },
  xbox    = { 1, t.struct { port = t.u16 "PORT", service_id = t.u32 "SID", site_name = t.string "SITE" } },
}

local FirstPartyId = t.variants {
  ps3_ticket = { 0, t.struct { ticket = t.blob "TICK" } },
  xbox_id    = { 1, t.struct { id = t.u64 "XUID" } },
}

return t.named {
  ServerInstanceRequest = t.struct {
    sdk_version        = t.string "BSDK",
    sdk_build_date     = t.string "BTIM",
    client_name        = t.string "CLNT",
    client_type        = t.int "CLTP",
    client_sku         = t.string "CSKU",
    client_version     = t.string "CVER",
    dirty_sdk_version  = t.string "DSDK",
    environment        = t.string "ENV",
    first_party_id     = t.union("FPID", FirstPartyId),
    locale             = t.u32 "LOC",
    service_name       = t.string "NAME",
    platform           = t.string "PLAT",
    connection_profile = t.string "PROF",
  },

  ServerInstanceInfo = t.struct {
    address     = t.union("ADDR", ServerAddress),
    messages    = t.list("MSGS", t.string),
    secure      = t.bool "SECU",
    default_dns = t.u32 "XDNS",
  },

  ServerInstanceError = t.struct { messages = t.list("MSGS", t.string) },
}
