-- http/api/auth.lua: getting a token: with a password, with a new account, with a code that the game shows.
local config      = mu.config
local accounts    = require "services.accounts"
local api         = require "http.api.api"
local limits      = require "services.limits"
local login_codes = require "services.login_codes"
local logins      = require "services.logins"
local players     = require "services.players"
local sessions    = require "services.sessions"
local tokens      = require "services.tokens"
local types       = require "http.api.types"

local MINUTE, HOUR = 60, 3600

local EMAIL, PASSWORD = types.string(254), types.string(256)
local REFUSALS = {
  ERR_TIMEOUT = { 429, "Too many attempts, try again in a minute" },
  AUTH_ERR_INVALID_EMAIL = { 401, "Provided credentials are not valid" },
}
local WRONG = { 401, "Provided credentials are not valid" }

local function token_of(account)
  players.logged_in(account.id)
  return { token = tokens.issue(account) }
end

api.post("/api/auth/login", {
  text = "A token for an e-mail address and its password.",
  body = types.object { email = EMAIL, password = PASSWORD }, response = types.Token,
  handle = function(_, request)
    local account, fault = logins.by_password(api.origin(request.http), request.body.email, request.body.password)
    if account then return token_of(account) end
    -- Somebody unknown takes as long as somebody known.
    if fault == "AUTH_ERR_INVALID_USER" then mu.crypto.password_hash(request.body.password) end
    return api.refuse(table.unpack(REFUSALS[fault] or WRONG))
  end,
})

api.post("/api/auth/create", {
  text = "Makes an account; a token for it.",
  body = types.object { username = types.string(99), email = EMAIL, password = PASSWORD }, response = types.Token,
  handle = function(_, request)
    local body, address = request.body, api.origin(request.http).real_address
    if config.dashboard.disable_registration or not config.accounts.registration then
      return api.refuse(403, "Registration on the dashboard is disabled")
    end
    local email = players.email(body.email)
    if accounts.name_fault(body.username) then return api.refuse(400, "Provided username is invalid") end
    if not email then return api.refuse(400, "Provided email is invalid") end
    if players.password_fault(body.password) then
      return api.refuse(400, api.sentence(players.password_rule()))
    end
    if not limits.take("new accounts from an address", address, config.limits.accounts_per_hour, HOUR) then
      return api.refuse(429, "Too many new accounts, try again later")
    end
    local account, fault = players.create(email, body.password)
    if not account then
      if fault == "taken" then return api.refuse(400, "Provided email is in use") end
      return api.refuse(503, "Too many passwords are being worked on, try again")
    end
    local renamed, why = accounts.rename(account, body.username)
    if not renamed then mu.log.info("account %d keeps the name it was given: %s", account.id, why) end
    return token_of(account)
  end,
})

api.post("/api/auth/request-code", {
  text = "Shows a login code in the game of the account with this e-mail address.",
  body = types.object { email = EMAIL },
  handle = function(_, request)
    if not logins.may_ask_code(api.origin(request.http)) then return api.refuse(table.unpack(REFUSALS.ERR_TIMEOUT)) end
    local email   = players.email(request.body.email)
    local account = email and players.by_email(email)
    local online  = account and sessions.player(account.id)
    if not online then                           -- the same words, whether there is such an account or not
      return api.refuse(400, "No game with this account is in its main menu: start the game, log in, then try again")
    end
    if not limits.take("codes of an account", account.id, config.limits.codes_per_minute, MINUTE) then
      return api.refuse(table.unpack(REFUSALS.ERR_TIMEOUT))
    end
    login_codes.send(online)
  end,
})

api.post("/api/auth/exchange-code", {
  text = "A token for a login code.",
  body = types.object { login_code = types.string(64) }, response = types.Token,
  handle = function(_, request)
    local id = login_codes.exchange(request.body.login_code, api.origin(request.http).real_address)
    if id == "limit" then return api.refuse(table.unpack(REFUSALS.ERR_TIMEOUT)) end
    local account = id and players.by_id(id)
    if not account then return api.refuse(400, "The provided login code was incorrect") end
    return token_of(account)
  end,
})
