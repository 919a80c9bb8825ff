-- components/accounts.lua: Authentication once more: the account itself, its persona, its opt-ins, legal documents.
local authentication = mu.component "Authentication"
local schema   = require "schema.authentication"
local accounts = require "schema.accounts"
local legal    = require "services.legal"
local locale   = require "services.locale"
local logins   = require "services.logins"
local options  = require "services.options"
local players  = require "services.players"
local sessions = require "services.sessions"
local subscriptions = require "services.subscriptions"
local tokens   = require "services.tokens"

local ACTIVE, UNVERIFIED, NO_REASON = 1, 1, 1
local NAMESPACE = "cem_ea_id"

local function date(seconds)
  return seconds and seconds > 0 and os.date("!%Y-%m-%dT%H:%MZ", seconds) or ""
end

-- The account --------------------------------------------------------------------------------------------------------

authentication.getAccount {
  login    = true,
  response = accounts.AccountInfo,
  handle   = function(session)
    local id      = session.player.id
    local set     = options.all(id)
    local account = players.by_id(id)
    return {
      authentication_source = "303107", country = set.country or "", birthday = set.birthday or "",
      created = date(players.created(account.id)), global_opt_in = tonumber(set.global_opt_in) or 0,
      last_login = date(account.last_login), language = set.language or locale.language(session.locale),
      email = account.email, reason = NO_REASON, status = ACTIVE, email_status = UNVERIFIED,
      terms_version = set.terms or "", third_party_opt_in = tonumber(set.third_party_opt_in) or 0,
      user_id = account.id,
    }
  end,
}

-- What an update may change without a password: option → field of the request.
local FACTS = { country = "country", language = "language", birthday = "birthday" }

local function wanted_options(request)
  local wanted = {}
  for option, field in pairs(FACTS) do
    if request[field] ~= "" then wanted[option] = request[field] end
  end
  wanted.global_opt_in      = tostring(request.global_opt_in)
  wanted.third_party_opt_in = tostring(request.third_party_opt_in)
  return wanted
end

-- The e-mail and the password asked for, each nil where there is none; false and the name of an error.
local function wanted_login(request)
  local email, password
  if request.email ~= "" then
    email = players.email(request.email)
    if not email then return false, "AUTH_ERR_INVALID_EMAIL" end
  end
  if request.password ~= "" then
    password = request.password
    local fault = players.password_fault(password)
    if fault then return false, fault == "short" and "AUTH_ERR_FIELD_TOO_SHORT" or "AUTH_ERR_FIELD_TOO_LONG" end
  end
  return email, password
end

-- A new e-mail or password needs the current one. The answer is the token to log in with from now on.
authentication.updateAccount {
  login    = true,
  own_user = true,
  request  = accounts.UpdateAccountRequest,
  response = accounts.UpdateAccountResponse,
  handle   = function(session, request)
    local player = session.player
    local id     = player.id
    local email, password = wanted_login(request)
    if email == false then return mu.fail(password) end
    if email or password then
      if request.current_password == "" then return mu.fail "AUTH_ERR_CURRENT_PASSWORD_REQUIRED" end
      local right, why = logins.check_password(session, id, players.by_id(id), request.current_password)
      if not right then return mu.fail(why) end
    end
    if not options.set(id, wanted_options(request)) then return mu.fail "AUTH_ERR_FIELD_TOO_LONG" end
    local changed, reason = players.change(id, email, password)
    if not changed then return mu.fail(reason == "taken" and "AUTH_ERR_EXISTS" or "ERR_TIMEOUT") end
    if password then sessions.forget(id) end
    if email and player:exists() then player.email = email end
    local account = players.by_id(id)
    return account and { token = tokens.issue(account) } or mu.fail "ERR_AUTHENTICATION_REQUIRED"
  end,
}

authentication.validateSessionKey {
  request = accounts.SessionKey,
  handle  = function(session, request)
    local id = request.session_key ~= "" and sessions.resumable(request.session_key)
    if not id or session.player and session.player.id ~= id then return mu.fail "AUTH_ERR_INVALID_SESSION_KEY" end
  end,
}

-- Nobody is too young, and nobody is written to.
authentication.checkAgeReq {
  request  = accounts.CheckAgeRequest,
  response = accounts.CheckAgeResponse,
  handle   = function() return {} end,
}

-- There are no codes to redeem; who tries is slowed down.
authentication.consumecode {
  request = accounts.Code,
  handle  = function(session)
    if not logins.may_ask_code(session) then return mu.fail "ERR_TIMEOUT" end
    return mu.fail "AUTH_ERR_INVALID_CODE"
  end,
}

-- The persona: every account has one, with the name it was given -----------------------------------------------------

authentication.createPersona {
  login    = true,
  request  = schema.PersonaRequest,
  response = schema.PersonaDetails,
  handle   = function(session, request)
    local player = session.player
    if request.persona_name ~= "" and request.persona_name ~= player.name then
      return mu.fail "AUTH_ERR_TOO_MANY_PERSONA_FOR_NAMESPACE"
    end
    return logins.persona(player)
  end,
}

authentication.listPersonas {
  login    = true,
  response = accounts.Personas,
  handle   = function(session) return { personas = { logins.persona(session.player) } } end,
}

local function is_own(session, request)
  return request.persona_id == 0 or request.persona_id == session.player.id
end

authentication.getPersona {
  login    = true,
  request  = accounts.PersonaId,
  response = accounts.Persona,
  handle   = function(session, request)
    local player = session.player
    if not is_own(session, request) then return mu.fail "AUTH_ERR_PERSONA_NOT_FOUND" end
    local account = players.by_id(player.id)
    return {
      persona = {
        display_name = account.name, created = date(players.created(account.id)),
        last_authenticated = account.last_login or 0,
        namespace = NAMESPACE, persona_id = account.id, status = ACTIVE, reason = NO_REASON,
      },
      user_id = account.id,
    }
  end,
}

-- Back to where a persona is chosen; the account stays logged in.
authentication.logoutPersona {
  login  = true,
  handle = function(session)
    subscriptions.drop(session)
    session.player.introduced, session.player.lists_shown = false, false
  end,
}

-- An account without its persona would be nothing: what a player has saved hangs on it. The operator deletes accounts.
local function stays(session, request)
  return mu.fail(is_own(session, request) and "ERR_AUTHORIZATION_REQUIRED" or "AUTH_ERR_PERSONA_NOT_FOUND")
end

authentication.deletePersona  { login = true, request = accounts.PersonaId, handle = stays }
authentication.disablePersona { login = true, request = accounts.PersonaId, handle = stays }

-- Opt-ins ------------------------------------------------------------------------------------------------------------

local function opt_in(value)
  return function(session, request)
    if request.name == "" then return mu.fail "AUTH_ERR_OPTIN_NAME_REQUIRED" end
    if not options.set(session.player.id, { ["optin." .. request.name] = value }) then
      return mu.fail "AUTH_ERR_INVALID_OPTIN"
    end
  end
end

authentication.enableOptIn  { login = true, request = accounts.OptIn, handle = opt_in "1" }
authentication.disableOptIn { login = true, request = accounts.OptIn, handle = opt_in "0" }

authentication.getOptIn {
  login    = true,
  request  = accounts.OptIn,
  response = accounts.OptInValue,
  handle   = function(session, request)
    if request.name == "" then return mu.fail "AUTH_ERR_OPTIN_NAME_REQUIRED" end
    return { value = options.all(session.player.id)["optin." .. request.name] == "1" }
  end,
}

-- Legal documents ----------------------------------------------------------------------------------------------------

-- Nothing has to be accepted and nobody is written to: all of it is empty.
authentication.getLegalDocsInfo {
  request  = accounts.LegalInfoRequest,
  response = accounts.LegalInfo,
  handle   = function() return {} end,
}

authentication.getTosInfo {
  request  = accounts.LegalInfoRequest,
  response = accounts.TosInfo,
  handle   = function() return {} end,
}

local function content(kind)
  return {
    request  = accounts.LegalContentRequest,
    response = accounts.LegalContent,
    handle   = function(session, request)
      local language = request.language ~= "" and request.language or locale.language(session.locale)
      return legal.document(kind, language, request.content_type)
    end,
  }
end

authentication.getTermsOfServiceContent(content "terms")
authentication.getTermsAndConditionsContent(content "terms")
authentication.getPrivacyPolicyContent(content "privacy")

-- Asked while an account is being made, too: then there is nobody yet to remember it for.
local function accepted(session, terms, privacy)
  if not session.player then return end
  local set = { terms = terms ~= "" and terms or nil, privacy = privacy ~= "" and privacy or nil }
  if not options.set(session.player.id, set) then return mu.fail "AUTH_ERR_FIELD_TOO_LONG" end
end

authentication.acceptLegalDocs {
  request = accounts.AcceptLegalDocs,
  handle  = function(session, request) return accepted(session, request.terms_uri, request.privacy_policy_uri) end,
}

authentication.acceptTos {
  request = accounts.AcceptTos,
  handle  = function(session, request) return accepted(session, request.tos_uri, "") end,
}

-- What nobody can ask of this server; an empty success answers each, as ever:
--   consoles, devices and guests have no accounts here; handing a login on to another service has no service to hand it
--   on to; parents' addresses are not kept; the list of a device's accounts would tell their addresses to strangers.
for _, command in ipairs {
  "updateParentalEmail", "getHandoffToken", "listDeviceAccounts", "createWalUserSession", "deviceLoginGuest",
  "checkSinglePlayerLogin", "xboxCreateAccount", "xboxAssociateAccount", "xboxLogin", "ps3CreateAccount",
  "ps3AssociateAccount", "ps3Login",
} do
  authentication[command] { handle = function() end }
end
