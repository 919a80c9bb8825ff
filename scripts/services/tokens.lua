-- services/tokens.lua: what a game shows instead of a password.
--
--   login token    signed, expires, names the player: silentLogin, and the REST API's X-Token
--   war token      the same for Galaxy at War and nothing else: the game writes it into addresses, which others may
--                  keep in their logs, so it is good for a short time only (03 §11 no. 13)
--   session key    random, dies with the login it came from: resumeSession
--
-- Signed tokens carry the generation of their account's logins, a number that rises when all of them are to be void.
local config = mu.config

local DAY, HOUR = 86400, 3600
local WAR       = "galaxy at war"

local tokens = {}

-- For an account: a row of services/players.lua.
function tokens.issue(account)
  return mu.token.issue(account.id, mu.time.unix() + config.accounts.token_days * DAY, account.token_generation)
end

-- player id, expiry, generation; or nil, "invalid" | "expired".
function tokens.read(token)
  if #token > 128 then return nil, "invalid" end
  return mu.token.read(token)
end

function tokens.issue_war(account)
  return mu.token.issue(account.id, mu.time.unix() + config.galaxy_at_war.token_hours * HOUR, account.token_generation,
                        WAR)
end

-- player id, expiry, generation, also of one that has expired; or nil, "invalid".
function tokens.read_war(token)
  if #token > 128 then return nil, "invalid" end
  return mu.token.read(token, 0, WAR)
end

-- When a war token of this expiry was issued.
function tokens.war_issued(expires) return expires - config.galaxy_at_war.token_hours * HOUR end

-- The token to hand back to a player who came with one: a new one once half of its life is over.
function tokens.renew(token, account, expires)
  if expires - mu.time.unix() < config.accounts.token_days * DAY // 2 then return tokens.issue(account) end
  return token
end

-- Eight hexadecimal digits of the session's number, "_", 32 random ones: the form of the original.
function tokens.session_key(session)
  return ("%08x_%s"):format(session.id & 0xFFFFFFFF, mu.crypto.hex(mu.crypto.random(16)))
end

return tokens
