-- services/logins.lua: proving who somebody is, and the answers that say "you are in".
local config  = mu.config
local limits  = require "services.limits"
local network = require "services.network"
local players = require "services.players"
local tokens  = require "services.tokens"

local MINUTE = 60

local logins = {}

local function failed(session, account_key)
  limits.count("login from", network.address(session), config.limits.login_failures, MINUTE)
  limits.count("login to", account_key, config.limits.login_failures, MINUTE)
end

-- The account behind an e-mail address and its password; else nil and the name of the error.
function logins.by_password(session, email_text, password)
  local email = players.email(email_text)
  if not email then return nil, "AUTH_ERR_INVALID_EMAIL" end
  local most = config.limits.login_failures
  if limits.reached("login from", network.address(session), most) or limits.reached("login to", email, most) then
    return nil, "ERR_TIMEOUT"
  end
  local account = players.by_email(email)
  local right = account and players.has_password(account, password)
  if right then return account end
  if right == nil and account then return nil, "ERR_TIMEOUT" end
  failed(session, email)
  return nil, account and "AUTH_ERR_INVALID_PASSWORD" or "AUTH_ERR_INVALID_USER"
end

-- The account behind a login token; else nil, the name of the error. Also tells when the token expires.
function logins.by_token(token)
  local id, expires = tokens.read(token)
  if not id then return nil, expires == "expired" and "AUTH_ERR_EXPIRED_TOKEN" or "AUTH_ERR_INVALID_TOKEN" end
  local account = players.by_id(id)
  if not account or tokens.is_void(account, expires) then return nil, "AUTH_ERR_INVALID_TOKEN" end
  return account, expires
end

-- Answers ------------------------------------------------------------------------------------------------------------

local function persona(player)
  return { display_name = player.name, last_authenticated = player.last_login, persona_id = player.id }
end

-- After login: the game picks its persona next.
function logins.choose_persona(player, token)
  return { token = token, personas = { persona(player) }, session_key = player.key, account_id = player.id }
end

-- The same after createAccount, with one field more.
function logins.created(player, token)
  local answer = logins.choose_persona(player, token)
  answer.persona_name = player.name
  return answer
end

function logins.session_info(player)
  return {
    player_id = player.id, session_key = player.key, last_login = player.last_login, email = player.email,
    persona = persona(player), account_id = player.id,
  }
end

-- After a login that asks for nothing more.
function logins.full(player, token)
  return { token = token, session = logins.session_info(player) }
end

return logins
