-- services/tokens.lua: what a game shows instead of a password.
--
--   login token    signed, expires, names the player: silentLogin, and until Galaxy at War has its own, getAuthToken
--   session key    random, dies with the login it came from: resumeSession
local config = mu.config

local DAY = 86400

local tokens = {}

function tokens.issue(player_id)
  return mu.token.issue(player_id, mu.time.unix() + config.accounts.token_days * DAY)
end

-- player id, expiry; or nil, "invalid" | "expired".
function tokens.read(token)
  if #token > 128 then return nil, "invalid" end
  return mu.token.read(token)
end

-- Whether a token with this expiry was issued before the account said that older ones are void.
function tokens.is_void(account, expires)
  return expires - config.accounts.token_days * DAY < account.tokens_since
end

-- The token to hand back to a player who came with one: a new one once half of its life is over.
function tokens.renew(token, player_id, expires)
  if expires - mu.time.unix() < config.accounts.token_days * DAY // 2 then return tokens.issue(player_id) end
  return token
end

-- Eight hexadecimal digits of the session's number, "_", 32 random ones: the form of the original.
function tokens.session_key(session)
  return ("%08x_%s"):format(session.id & 0xFFFFFFFF, mu.crypto.hex(mu.crypto.random(16)))
end

return tokens
