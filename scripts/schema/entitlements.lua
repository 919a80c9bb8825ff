-- schema/entitlements.lua: what a player owns (component Authentication).
local t = mu.tdf

local ALWAYS = { always = true }

local Entitlement = t.struct {
  device           = t.string("DEVI", ALWAYS),
  grant_date       = t.string "GDAY",
  group            = t.string "GNAM",
  id               = t.u64 "ID",
  consumable       = t.bool("ISCO", ALWAYS),
  persona_id       = t.i64("PID", ALWAYS),
  project          = t.string "PJID",
  catalog          = t.int "PRCA",
  product          = t.string "PRID",
  status           = t.int "STAT",
  status_reason    = t.int("STRC", ALWAYS),
  tag              = t.string "TAG",
  termination_date = t.string("TDAY", ALWAYS),
  type             = t.int "TYPE",
  use_count        = t.u32("UCNT", ALWAYS),
  version          = t.u32("VER", ALWAYS),
}

-- What the three kinds of list are asked for by; `extra` is what only one of them has.
local function list_request(extra)
  local fields = {
    page                   = t.u16 "EPSN",
    page_size              = t.u16 "EPSZ",
    groups                 = t.list("GNLS", t.string),
  }
  for name, field in pairs(extra) do fields[name] = field end
  return t.struct(fields)
end

return t.named {
  Entitlements = t.struct { entitlements = t.list("NLST", Entitlement) },

  ListUserRequest = list_request {
    user_id                = t.i64 "BUID",
    tag                    = t.string "ETAG",
    grant_date             = t.string "GDAY",
    has_authorized_persona = t.bool "HAUP",
    project                = t.string "PJID",
    product                = t.string "PRID",
    recursive              = t.bool "RECU",
    status                 = t.int "STAT",
    termination_date       = t.string "TERD",
    type                   = t.int "TYPE",
  },
  ListPersonaRequest = list_request {
    tag              = t.string "ETAG",
    grant_date       = t.string "GDAY",
    user_id          = t.i64 "PID",
    project          = t.string "PJID",
    product          = t.string "PRID",
    recursive        = t.bool "RECU",
    status           = t.int "STAT",
    termination_date = t.string "TERD",
    type             = t.int "TYPE",
  },
  ListRequest = list_request { user_id = t.i64 "BUID", flag = t.int "FLAG", restrictive = t.bool "ONLY" },

  HasRequest = t.struct {
    user_id    = t.i64 "BUID",
    device_id  = t.u32 "DEID",
    tag        = t.string "ETAG",
    flag       = t.int "FLAG",
    groups     = t.list("GNLS", t.string),
    persona_id = t.i64 "PID",
    project    = t.string "PJID",
    product    = t.string "PRID",
    type       = t.int "TYPE",
  },

  UseCountRequest = t.struct {
    user_id = t.i64 "BUID",
    tag     = t.string "ETAG",
    group   = t.string "GNAM",
    project = t.string "PJID",
    product = t.string "PRID",
  },
  UseCount = t.struct { count = t.u32 "UCNT" },

  DecrementRequest = t.struct {
    count   = t.u32 "DEUC",
    tag     = t.string "ETAG",
    group   = t.string "GNAM",
    project = t.string "PJID",
    product = t.string "PRID",
  },
  Decremented = t.struct { consumed = t.u32 "UCTC", remaining = t.u32 "UCTR" },

  GrantRequest = t.struct {
    device_id    = t.u32 "DEID",
    group        = t.string "GNAM",
    with_persona = t.bool "PERS",
    project      = t.string "PJID",
    product      = t.string "PRID",
    status       = t.int "STAT",
    tag          = t.string "TAG",
  },
  Grant2Request = t.struct {
    user_id           = t.i64 "BUID",
    use_count         = t.string "COUN",
    device_id         = t.string "DEID",
    expires           = t.string "EXPI",
    grant_date        = t.string "GDAY",
    group             = t.string "GNAM",
    is_search         = t.bool "ISSE",
    managed_lifecycle = t.bool "MALI",
    persona_id        = t.i64 "PEID",
    with_persona      = t.bool "PERS",
    project           = t.string "PJID",
    catalog           = t.int "PRCA",
    product           = t.string "PRID",
    status            = t.int "STAT",
    reason            = t.int "STRE",
    tag               = t.string "TAG",
    type              = t.int "TYPE",
  },
  Granted = t.struct { entitlement = t.group("ENTI", Entitlement), is_granted = t.bool "ISGR" },
}
