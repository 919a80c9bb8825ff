-- schema/accounts.lua: the account, its persona, opt-ins and legal documents (component Authentication).
local t      = mu.tdf
local logins = require "schema.authentication"

local ALWAYS = { always = true }

local function secret(tag) return t.string(tag, { secret = true }) end

local PersonaInfo = t.struct {
  display_name       = t.string "DSNM",
  created            = t.string "DTCR",
  last_authenticated = t.u32 "LADT",             -- unix seconds
  namespace          = t.string "NSNM",
  persona_id         = t.i64 "PID",
  status             = t.int "STAS",
  reason             = t.int "STRC",
}

return t.named {
  AccountInfo = t.struct {
    anonymous             = t.bool("AMU", ALWAYS),
    authentication_source = t.string "ASRC",
    country               = t.string "CO",
    birthday              = t.string("DOB", { secret = true }),
    created               = t.string "DTCR",
    global_opt_in         = t.u32 "GOPT",
    last_login            = t.string "LATH",
    language              = t.string "LN",
    email                 = secret "MAIL",
    parental_email        = t.string("PML", ALWAYS),
    reason                = t.int "RC",
    status                = t.int "STAS",
    email_status          = t.int "STAT",
    terms_version         = t.string "TOSV",
    third_party_opt_in    = t.u32 "TPOT",
    underage              = t.bool("UDU", ALWAYS),
    user_id               = t.i64 "UID",
  },

  UpdateAccountRequest = t.struct {
    current_password   = secret "CPWD",
    country            = t.string "CTRY",
    birthday           = secret "DOB",
    language           = t.string "LANG",
    email              = secret "MAIL",
    global_opt_in      = t.u32 "OPT1",
    third_party_opt_in = t.u32 "OPT3",
    password           = secret "PASS",
    parental_email     = secret "PRNT",
    user_id            = t.i64 "UID",
  },
  UpdateAccountResponse = t.struct { token = secret "PCTK" },

  SessionKey = t.struct { session_key = secret "SKEY" },

  CheckAgeRequest = t.struct {
    birth_day = t.i32 "BDAY", birth_month = t.i32 "BMON", birth_year = t.i32 "BYR", country = t.string "CTRY",
  },
  CheckAgeResponse = t.struct {
    anonymous      = t.bool("ANON", ALWAYS),
    pending        = t.int("PEND", ALWAYS),
    of_contact_age = t.int("SPAM", ALWAYS),
  },

  Code = t.struct {
    is_cd_key    = t.bool "CDKY",
    device_id    = t.u32 "DEID",
    group        = t.string "GNAM",
    code         = secret "KEY",
    product      = t.string "PID",
    bind_persona = t.bool "PNID",
  },

  PersonaId = t.struct { persona_id = t.i64 "PID" },
  Persona   = t.struct { persona = t.group("PINF", PersonaInfo), user_id = t.i64 "UID" },
  Personas  = t.struct { personas = t.list("PINF", logins.PersonaDetails) },

  OptIn      = t.struct { name = t.string "NAME" },
  OptInValue = t.struct { value = t.bool "VALU" },

  LegalInfoRequest = t.struct { country = t.string "CTRY", platform = t.string "PTFM" },
  LegalInfo        = t.struct {
    we_may_contact       = t.u32("EAMC", ALWAYS),
    host                 = t.string("LHST", ALWAYS),
    partners_may_contact = t.u32("PMC", ALWAYS),
    privacy_policy_uri   = t.string("PPUI", ALWAYS),
    terms_uri            = t.string("TSUI", ALWAYS),
  },
  TosInfo = t.struct {
    we_may_contact       = t.u32("EAMC", ALWAYS),
    partners_may_contact = t.u32("PMC", ALWAYS),
    privacy_policy_uri   = t.string("PRIV", ALWAYS),
    host                 = t.string("THST", ALWAYS),
    tos_uri              = t.string("TURI", ALWAYS),
  },

  LegalContentRequest = t.struct {
    country      = t.string "CTRY",
    language     = t.string "LANG",
    platform     = t.string "PTFM",
    content_type = t.int "TEXT",                 -- 0 plain, 1 HTML
  },
  LegalContent = t.struct {
    version = t.string "LDVC",
    length  = t.u32 "TCOL",                      -- bytes of the content
    content = t.string "TCOT",
  },
  AcceptLegalDocs = t.struct { privacy_policy_uri = t.string "PRIV", terms_uri = t.string "TSUI" },
  AcceptTos       = t.struct { tos_uri = t.string "TURI" },
}
