-- services/logins.lua: proving who somebody is, and the answers that say "you are in".
local config   = mu.config
local limits   = require "services.limits"
local network  = require "services.network"
local players  = require "services.players"
local sessions = require "services.sessions"
local tokens   = require "services.tokens"

local MINUTE = 60

local logins = {}

-- Each check of a password takes three tokens and gives them back when it was right. The first limit is that of
-- somebody who guesses at one account: its owner, who comes from elsewhere, is not held back by it.
local function guesses(session, whom)
  local address, limit = network.address(session), config.limits
  return {
    { "passwords to an account from an address", whom .. " " .. address, limit.login_failures, MINUTE, address },
    { "passwords from an address", address, limit.address_login_failures, MINUTE, address },
    { "passwords to an account", whom, limit.account_login_failures, MINUTE, address },
  }
end

local function give_back(taken, count)
  for i = 1, count do limits.give_back(table.unpack(taken[i], 1, 4)) end
end

-- Whether this is the password of an account (nil when there is no such account; `whom` says which was meant): true, or
-- false and the name of the error.
function logins.check_password(session, whom, account, password)
  local taken = guesses(session, whom)
  for i, guess in ipairs(taken) do
    if not limits.take(table.unpack(guess)) then
      give_back(taken, i - 1)
      return false, "ERR_TIMEOUT"
    end
  end
  local right = account and players.has_password(account, password)
  if account and right ~= false then give_back(taken, #taken) end
  if right then return true end
  if not account then return false, "AUTH_ERR_INVALID_USER" end
  return false, right == nil and "ERR_TIMEOUT" or "AUTH_ERR_INVALID_PASSWORD"
end

-- Whether one more login may be tried from where this session is.
function logins.may_try(session)
  local most = config.limits.logins_per_minute
  return most == 0 or limits.take("logins from an address", network.address(session), most, MINUTE)
end

-- The same for a code, or for a forgotten password.
function logins.may_ask_code(session)
  local address, most = network.address(session), config.limits.codes_per_minute
  return limits.take("codes from an address", address, most, MINUTE)
     and (not session.player or limits.take("codes of an account", session.player.id, most, MINUTE, address))
end

-- The account behind an e-mail address and its password; else nil and the name of the error.
function logins.by_password(session, email_text, password)
  local email = players.email(email_text)
  if not email then return nil, "AUTH_ERR_INVALID_EMAIL" end
  if not logins.may_try(session) then return nil, "ERR_TIMEOUT" end
  local account = players.by_email(email)
  local right, fault = logins.check_password(session, account and account.id or email, account, password)
  if not right then return nil, fault end
  return account
end

-- The account of a token as services/tokens.lua has read it, and when it expires; else nil, the name of the error.
local function account_of(id, expires, generation)
  if not id then return nil, expires == "expired" and "AUTH_ERR_EXPIRED_TOKEN" or "AUTH_ERR_INVALID_TOKEN" end
  local account = players.by_id(id)
  if not account or account.token_generation ~= generation then return nil, "AUTH_ERR_INVALID_TOKEN" end
  return account, expires
end

-- The account behind a login token; else nil, the name of the error. Also tells when the token expires.
function logins.by_token(token) return account_of(tokens.read(token)) end

-- Whether one more token that nobody here has signed may come from an address: each counts. Right ones cost nothing,
-- however many come at once: a page of the dashboard sends dozens.
local function may_guess(address)
  return limits.take("tokens from an address", address, config.limits.address_login_failures, MINUTE)
end

-- by_token over HTTP, where guessing is slow: nil and "limit" once the address has guessed too often.
function logins.by_token_from(address, token)
  local id, expires, generation = tokens.read(token)
  if not id and expires == "invalid" and not may_guess(address) then return nil, "limit" end
  return account_of(id, expires, generation)
end

-- The account behind a token of Galaxy at War, or nil. It is good for as long as its hours, and as the login that it
-- was given in: a game asks for it once.
function logins.by_war_token_from(address, token)
  local id, expires, generation = tokens.read_war(token)
  if not id then
    may_guess(address)                           -- the answer is the same; the log tells of it
    return nil
  end
  local account = account_of(id, expires, generation)
  if not account then return nil end
  local online = sessions.player(id)
  if expires > mu.time.unix() or online and online.since <= tokens.war_issued(expires) then return account end
end

-- Answers ------------------------------------------------------------------------------------------------------------

function logins.persona(player)
  return { display_name = player.name, last_authenticated = player.last_login, persona_id = player.id }
end

-- After login: the game picks its persona next.
function logins.choose_persona(player, token)
  return { token = token, personas = { logins.persona(player) }, session_key = player.key, account_id = player.id }
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
    persona = logins.persona(player), account_id = player.id,
  }
end

-- After a login that asks for nothing more.
function logins.full(player, token)
  return { token = token, session = logins.session_info(player) }
end

return logins
