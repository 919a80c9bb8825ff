-- schema/user_sessions.lua: who is here, where they are, how well they are connected.
local t      = mu.tdf
local shared = require "schema.shared"

local UserData = t.struct {
  extended_data = t.group("EDAT", shared.UserSessionExtendedData),
  flags         = t.int "FLGS",                  -- bits: 1 subscribed, 2 online
  user          = t.group("USER", shared.UserIdentification),
}

return t.named {
  UserIdentification = shared.UserIdentification,
  ExtendedData       = shared.UserSessionExtendedData,
  UserData           = UserData,

  UserId        = t.struct { user_id = t.i64 "BUID" },
  ResumeRequest = t.struct { session_key = t.string("SKEY", { secret = true }) },

  NetworkInfo = t.struct {
    address   = t.union("ADDR", shared.NetworkAddress),
    latencies = t.map("NLMP", t.string, t.i32),  -- milliseconds to each ping site
    qos       = t.group("NQOS", shared.NetworkQosData),
  },
  HardwareFlags = t.struct { flags = t.int "HWFG" },

  LookupUsersRequest  = t.struct { kind = t.int "LTYP", users = t.list("ULST", shared.UserIdentification) },
  LookupUsersResponse = t.struct { users = t.list("ULST", UserData) },
  PrefixRequest       = t.struct { limit = t.u32 "CAP", prefix = t.string "PREF" },

  SessionExtendedDataUpdate = t.struct {
    data    = t.group("DATA", shared.UserSessionExtendedData),
    user_id = t.i64 "USID",
  },
  UserAdded = t.struct {
    data = t.group("DATA", shared.UserSessionExtendedData),
    user = t.group("USER", shared.UserIdentification),
  },
  UserRemoved         = t.struct { user_id = t.i64 "BUID" },
  SessionDisconnected = t.struct { reason = t.int "SDR" },       -- 0: the same account logged in elsewhere
  UserStatus          = t.struct { flags = t.int "FLGS", user_id = t.i64 "ID" },
}
