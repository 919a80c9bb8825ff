-- services/accounts.lua: what an operator does with accounts, online or not: find, rename, give a role, a password,
-- delete. Each change is committed when its function returns, and holds for whoever is online at once.
local config       = mu.config
local answer       = require "services.answer"
local leaderboards = require "services.leaderboards"
local players      = require "services.players"
local roles        = require "services.roles"
local sessions     = require "services.sessions"

local MOST_NAME = 32                             -- characters of a display name …
local MOST_BYTES = 63                            -- … and their bytes

local accounts = {}

local ACCOUNT = [[SELECT id, email, name, role, created, last_login, password IS NOT NULL AS has_password FROM players
]]

-- Finding ------------------------------------------------------------------------------------------------------------

-- An account by its name, its id (17 or #17) or its e-mail address; or nil.
function accounts.find(text)
  local digits = text:match "^#?(%d+)$"
  local id     = digits and math.tointeger(tonumber(digits))
  local row = answer(mu.store.row(ACCOUNT .. "WHERE name = ?", text))
  if not row and id then row = answer(mu.store.row(ACCOUNT .. "WHERE id = ?", id)) end
  if not row and text:find("@", 1, true) then row = answer(mu.store.row(ACCOUNT .. "WHERE email = ?", text)) end
  return row
end

function accounts.by_id(id)
  return answer(mu.store.row(ACCOUNT .. "WHERE id = ?", id))
end

-- Accounts in the order of their ids: `count` of them behind the first `offset`; how many there are in all.
function accounts.page(offset, count)
  local total = answer(mu.store.row "SELECT count(*) AS n FROM players").n
  return answer(mu.store.read(ACCOUNT .. "ORDER BY id LIMIT ? OFFSET ?", count, offset)), total
end

-- Names that begin so, letters large or small, for completion: a few steps in the index, however many accounts there
-- are.
local NAMES = "SELECT name FROM players WHERE name >= ?1 AND name < ?1 || char(1114111) ORDER BY name LIMIT ?2"

function accounts.names(prefix, count)
  local rows = answer(mu.store.read(NAMES, prefix, count))
  local names = {}
  for i, row in ipairs(rows) do names[i] = row.name end
  return names
end

-- What is kept of an account: how many settings and bytes, list members, entitlements of its own.
function accounts.belongings(id)
  return answer(mu.store.row([[SELECT
    (SELECT count(*) FROM player_settings WHERE player_id = ?1) AS settings,
    (SELECT coalesce(sum(length(CAST(value AS BLOB))), 0) FROM player_settings WHERE player_id = ?1) AS bytes,
    (SELECT count(*) FROM list_members WHERE player_id = ?1) AS list_members,
    (SELECT count(*) FROM player_entitlements WHERE player_id = ?1) AS entitlements]], id))
end

-- Changing -----------------------------------------------------------------------------------------------------------

-- nil when it may be a display name, else a sentence.
function accounts.name_fault(name)
  local length = utf8.len(name)
  if not length then return "a name is text in UTF-8" end
  if length < 1 or length > MOST_NAME then return ("a name has 1 to %d characters"):format(MOST_NAME) end
  if #name > MOST_BYTES then return ("a name has at most %d bytes"):format(MOST_BYTES) end
  if name:find "%c" then return "a name has no control characters" end
  if name:find "^%s" or name:find "%s$" then return "a name begins and ends with something visible" end
  if name:find "^#?%d+$" then return "a name is not a number: that is how ids are written" end
  if name:find("@", 1, true) then return "a name has no @: that is how e-mail addresses are written" end
end

-- true, or nil and a sentence.
function accounts.rename(account, name)
  local fault = accounts.name_fault(name)
  if fault then return nil, fault end
  local done = answer(mu.store.batch { { "UPDATE players SET name = ? WHERE id = ?", name, account.id } })
  if not done then return nil, ("another account is called '%s'"):format(name) end
  local online = sessions.player(account.id)
  if online then sessions.rename(online, name) end
  return true
end

-- true, or nil and a sentence. Who becomes super admin is config.lua's matter.
function accounts.set_role(account, name)
  if account.email:lower() == config.super_admin:lower() then
    return nil, "this account is super admin by the setting super_admin, and stays it until that is changed"
  end
  if name == "super_admin" then return nil, "only the setting super_admin makes a super admin" end
  answer(mu.store.batch { { "UPDATE players SET role = ? WHERE id = ?", roles.number(name), account.id } })
  local online = sessions.player(account.id)
  if online then online.role = roles.number(name) end
  return true
end

-- Sets a password, or a random one, which is returned. It ends the account's login, and every earlier token is void.
-- nil and a sentence when it cannot be one.
function accounts.set_password(account, password)
  password = password or mu.crypto.hex(mu.crypto.random(6))
  if players.password_fault(password) then return nil, players.password_rule() end
  local hash = mu.crypto.password_hash(password)
  if not hash then return nil, "too many passwords are being worked on: try again" end
  answer(mu.store.batch {
    { "UPDATE players SET password = ?, " .. players.VOID_TOKENS .. " WHERE id = ?", hash, account.id },
  })
  sessions.end_login(account.id, "its password was changed")
  return password
end

-- Logs an account out everywhere: its game goes, and every token of it is void. (Another role needs none of that: it is
-- looked up with each request.)
function accounts.log_out(account)
  answer(mu.store.batch { { "UPDATE players SET " .. players.VOID_TOKENS .. " WHERE id = ?", account.id } })
  sessions.end_login(account.id, "it was logged out everywhere")
end

-- Ends the account's login, if there is one, and removes it with all it has saved. Somebody may have logged in while
-- that was written: he goes as well.
function accounts.delete(account)
  sessions.end_login(account.id, "the account was deleted")
  answer(mu.store.batch { { "DELETE FROM players WHERE id = ?", account.id } })
  sessions.end_login(account.id, "the account was deleted")
  leaderboards.forget(account.id)
end

return accounts
