-- schema/authentication.lua: logins and new accounts. What is secret never shows in a log.
local t = mu.tdf

local function secret(tag) return t.string(tag, { secret = true }) end

-- Fields the game expects but scripts have nothing to say about: written empty unless a script does.
local ALWAYS = { always = true }

local PersonaDetails = t.struct {
  display_name       = t.string "DSNM",
  last_authenticated = t.u32 "LAST",             -- unix seconds
  persona_id         = t.i64 "PID",
  status             = t.int("STAS", ALWAYS),
  external_id        = t.u64("XREF", ALWAYS),
  external_kind      = t.int("XTYP", ALWAYS),
}

local function session_info()
  return {
    player_id   = t.i64 "BUID",
    first_login = t.bool("FRST", ALWAYS),
    session_key = secret "KEY",
    last_login  = t.i64 "LLOG",                  -- unix seconds
    email       = secret "MAIL",
    persona     = t.group("PDTL", PersonaDetails),
    account_id  = t.i64 "UID",
  }
end

-- The documents a player would have to accept: none here, but the fields are always there.
local function with_documents(fields)
  fields.legal_document_host  = t.string("LDHT", ALWAYS)
  fields.needs_legal_document = t.bool("NTOS", ALWAYS)
  fields.privacy_policy_uri   = t.string("PRIV", ALWAYS)
  fields.of_contact_age       = t.bool("SPAM", ALWAYS)
  fields.tos_host             = t.string("THST", ALWAYS)
  fields.terms_uri            = t.string("TSUI", ALWAYS)
  fields.tos_uri              = t.string("TURI", ALWAYS)
  return fields
end

local FieldError = t.struct {
  cause = t.int "ERR",
  field = t.int "FLD",
}

local UserProfileInfo = t.struct {
  city    = t.string "CITY",
  country = t.string "CTRY",
  gender  = t.int "GNDR",
  state   = t.string "STAT",
  street  = t.string "STRT",
  zip     = t.string "ZIP",
}

return t.named {
  PersonaDetails = PersonaDetails,
  SessionInfo    = t.struct(session_info()),

  LoginRequest = t.struct {
    device_id  = t.u64 "DVID",
    email      = secret "MAIL",
    password   = secret "PASS",
    token      = secret "TOKN",
    token_type = t.int "TYPE",
  },
  LoginResponse = t.struct(with_documents {
    token       = secret "PCTK",
    personas    = t.list("PLST", PersonaDetails),
    session_key = secret "SKEY",
    account_id  = t.i64 "UID",
  }),
  FullLoginResponse = t.struct(with_documents {
    can_age_up = t.bool("AGUP", ALWAYS),
    token      = secret "PCTK",
    session    = t.group("SESS", t.struct(session_info())),
  }),
  LoginError = t.struct { persona_name = t.string("PNAM", ALWAYS), user_id = t.i64("UID", ALWAYS) },

  SilentLoginRequest  = t.struct { token = secret "AUTH", persona_id = t.i64 "PID", token_type = t.int "TYPE" },
  OriginLoginRequest  = t.struct { token = secret "AUTH", token_type = t.int "TYPE" },
  ExpressLoginRequest = t.struct { email = secret "MAIL", password = secret "PASS", persona_name = t.string "PNAM" },
  PersonaRequest      = t.struct { persona_name = t.string "PNAM" },

  CreateAccountRequest = t.struct {
    birth_day          = t.i32 "BDAY",
    birth_month        = t.i32 "BMON",
    birth_year         = t.i32 "BYR",
    country            = t.string "CTRY",
    device_id          = t.u64 "DVID",
    guest              = t.bool "GEST",
    language           = t.string "LANG",
    email              = secret "MAIL",
    email_allowed      = t.int "OPT1",
    third_party_email  = t.int "OPT3",
    password           = secret "PASS",
    persona_name       = t.string "PNAM",
    privacy_policy_uri = t.string "PRIV",
    parental_email     = secret "PRNT",
    profile            = t.group("PROF", UserProfileInfo),
    tos_version        = t.string "TOSV",
    terms_uri          = t.string "TSUI",
  },
  -- The login response with the persona's name in it, so that it satisfies both readings of the protocol.
  CreateAccountResponse = t.struct(with_documents {
    token        = secret "PCTK",
    personas     = t.list("PLST", PersonaDetails),
    persona_name = t.string "PNAM",
    session_key  = secret "SKEY",
    account_id   = t.i64 "UID",
  }),
  FieldErrors = t.struct { errors = t.list("LIST", FieldError) },

  AuthToken     = t.struct { token = secret "AUTH" },
  PasswordRules = t.struct { max_length = t.u16 "MAXS", min_length = t.u16 "MINS", characters = t.string "VDCH" },
  Email         = t.struct { email = secret "MAIL" },
}
