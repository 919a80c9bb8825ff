-- components/authentication.lua: accounts and the ways to log in.
local authentication = mu.component "Authentication"
local config   = mu.config
local schema   = require "schema.authentication"
local limits   = require "services.limits"
local logins   = require "services.logins"
local network  = require "services.network"
local players  = require "services.players"
local sessions = require "services.sessions"
local tokens   = require "services.tokens"

-- Error bodies of logins are always there and always empty.
local function login_failed(name)
  return mu.fail(name, {})
end

-- Logging in ---------------------------------------------------------------------------------------------------------

authentication.login {
  request  = schema.LoginRequest,
  response = schema.LoginResponse,
  error    = schema.LoginError,
  handle   = function(session, request)
    local account, fault = logins.by_password(session, request.email, request.password)
    if not account then return login_failed(fault) end
    return logins.choose_persona(sessions.login(session, account), tokens.issue(account))
  end,
}

-- After login: the one persona every account has.
authentication.loginPersona {
  login    = true,
  request  = schema.PersonaRequest,
  response = schema.SessionInfo,
  error    = schema.LoginError,
  handle   = function(session, request)
    if request.persona_name ~= session.player.name then return login_failed "AUTH_ERR_PERSONA_NOT_FOUND" end
    sessions.introduce(session)
    return logins.session_info(session.player)
  end,
}

-- The game shows the token it got the last time.
authentication.silentLogin {
  request  = schema.SilentLoginRequest,
  response = schema.FullLoginResponse,
  error    = schema.LoginError,
  handle   = function(session, request)
    if not logins.may_try(session) then return login_failed "ERR_TIMEOUT" end
    local account, expires = logins.by_token(request.token)
    if not account then return login_failed(expires) end
    if account.id ~= request.persona_id then return login_failed "AUTH_ERR_INVALID_TOKEN" end
    local player = sessions.login(session, account)
    sessions.introduce(session)
    return logins.full(player, tokens.renew(request.token, account, expires))
  end,
}

authentication.expressLogin {
  request  = schema.ExpressLoginRequest,
  response = schema.FullLoginResponse,
  error    = schema.LoginError,
  handle   = function(session, request)
    local account, fault = logins.by_password(session, request.email, request.password)
    if not account then return login_failed(fault) end
    local player = sessions.login(session, account)
    sessions.introduce(session)
    return logins.full(player, tokens.issue(account))
  end,
}

-- A login through the official servers: none is configured, and 0x4001 makes the game say "server unavailable".
authentication.originLogin {
  request  = schema.OriginLoginRequest,
  response = schema.FullLoginResponse,
  error    = schema.LoginError,
  handle   = function(session, request) return login_failed "ERR_SYSTEM" end,
}

authentication.logout {
  handle = function(session) sessions.logout(session) end,
}

-- Accounts -----------------------------------------------------------------------------------------------------------

local INVALID, DUPLICATE, TOO_SHORT, TOO_LONG = 1, 4, 7, 8         -- causes
local PASSWORD, EMAIL = 1, 2                                       -- fields
local HOUR = 3600

local function refused(name, cause, field)
  return mu.fail(name, { errors = { { cause = cause, field = field } } })
end

authentication.createAccount {
  request  = schema.CreateAccountRequest,
  response = schema.CreateAccountResponse,
  error    = schema.FieldErrors,
  handle   = function(session, request)
    if not config.accounts.registration then return mu.fail "AUTH_ERR_DISABLED" end
    local email = players.email(request.email)
    if not email then return refused("AUTH_ERR_INVALID_EMAIL", INVALID, EMAIL) end
    local fault = players.password_fault(request.password)
    if fault then return refused("AUTH_ERR_INVALID_FIELD", fault == "short" and TOO_SHORT or TOO_LONG, PASSWORD) end
    local address = network.address(session)
    if not limits.take("new accounts from an address", address, config.limits.accounts_per_hour, HOUR) then
      return mu.fail "ERR_TIMEOUT"
    end
    local account, reason = players.create(email, request.password)
    if reason == "taken" then return refused("AUTH_ERR_EXISTS", DUPLICATE, EMAIL) end
    if not account then return mu.fail "ERR_TIMEOUT" end
    return logins.created(sessions.login(session, account), tokens.issue(account))
  end,
}

-- No mail is sent: the answer is the same for every address.
authentication.passwordForgot {
  request = schema.Email,
  handle  = function(session, request)
    if not logins.may_ask_code(session) then return mu.fail "ERR_TIMEOUT" end
    mu.log.info("%s asks for a forgotten password; the operator can set a new one", session)
  end,
}

authentication.getPasswordRules {
  response = schema.PasswordRules,
  handle   = function()
    return {
      max_length = config.accounts.password_max, min_length = config.accounts.password_min,
      characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                   .. [=[[]`!@#$%^&*()_={}:;<>+-',.~?/|\]=],
    }
  end,
}

-- For Galaxy at War over HTTP, and for nothing else.
authentication.getAuthToken {
  login    = true,
  response = schema.AuthToken,
  handle   = function(session)
    local account = players.by_id(session.player.id)
    return account and { token = tokens.issue_war(account) } or mu.fail "ERR_AUTHENTICATION_REQUIRED"
  end,
}
