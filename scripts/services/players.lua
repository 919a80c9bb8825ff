-- services/players.lua: accounts and what games store for them. The only place with SQL about players.
--
-- An account is a row of the table `players`; who is online is services/sessions.lua's matter. Every function here that
-- touches the store suspends; what is written is committed when it returns.
local config = mu.config
local answer = require "services.answer"
local names  = require "services.names"

local LARGE_VALUE = 4096                         -- from here on the sum of all values is looked at as well
local MOST_BYTES  = 524288                       -- of all values of one player together
local MOST_KEY    = 32
local NAME_TRIES  = 8
local AT_ONCE     = 500                          -- statements of one batch

local players = {}

-- Accounts -----------------------------------------------------------------------------------------------------------

-- What makes every token of an account void (services/tokens.lua).
players.VOID_TOKENS = "token_generation = (token_generation + 1) & 65535"

local ACCOUNT = "SELECT id, email, name, password, role, token_generation, last_login, telemetry, grants "
                .. "FROM players WHERE "

function players.by_id(id)
  return (answer(mu.store.row(ACCOUNT .. "id = ?", id)))
end

-- When an account was made, in unix seconds.
function players.created(id)
  return answer(mu.store.row("SELECT created FROM players WHERE id = ?", id)).created
end

function players.by_email(email)
  return (answer(mu.store.row(ACCOUNT .. "email = ?", email)))
end

function players.by_name(name)
  return (answer(mu.store.row(ACCOUNT .. "name = ?", name)))
end

-- The address in the form we keep it, or nil when it is none.
function players.email(text)
  local email = text:match("^%s*(.-)%s*$"):lower()
  local user, domain = email:match "^([^@%s%c]+)@([%w%.%-]+)$"
  if not user or #email > 254 or #user > 64 then return nil end
  if domain:find "^[%.%-]" or domain:find "[%.%-]$" or domain:find("..", 1, true) then return nil end
  return email
end

-- nil when the password may be used, else "short" | "long".
function players.password_fault(password)
  if #password < config.accounts.password_min then return "short" end
  if #password > config.accounts.password_max then return "long" end
end

-- The same rule as a sentence.
function players.password_rule()
  return ("a password has %d to %d characters"):format(config.accounts.password_min, config.accounts.password_max)
end

-- Whether this is the account's password; false for accounts that have none, nil when too many are being checked.
function players.has_password(account, password)
  if not account.password or #password > config.accounts.password_max then return false end
  return (mu.crypto.password_verify(password, account.password))
end

-- Whether this e-mail address is the super admin's, who is not whoever asks for it first.
local function is_reserved(email) return email == config.super_admin:lower() end

-- Makes an account with a name of its own. Returns its row; nil, "taken" when the e-mail is, or is the super admin's;
-- nil, "busy".
function players.create(email, password, role)
  if is_reserved(email) or players.by_email(email) then return nil, "taken" end
  local hash, reason = mu.crypto.password_hash(password)
  if not hash then return nil, reason end
  for _ = 1, NAME_TRIES do
    local done = answer(mu.store.batch {
      { "INSERT INTO players (email, name, password, role, created) VALUES (?, ?, ?, ?, ?)",
        email, names.random(), hash, role or 0, mu.time.unix() },
    })
    if done then return players.by_id(done[1].last_id) end
    if players.by_email(email) then return nil, "taken" end      -- else the name was: another one
  end
  error "no free display name was found"
end

-- Changes e-mail, password or both; what is nil stays. A new password makes every earlier token void. Returns true;
-- nil, "taken" when the e-mail is, or is the super admin's; nil, "busy".
function players.change(id, email, password)
  if email and is_reserved(email) then
    local owner = players.by_email(email)
    if not owner or owner.id ~= id then return nil, "taken" end
  end
  local statements = {}
  if password then
    local hash, reason = mu.crypto.password_hash(password)
    if not hash then return nil, reason end
    statements[1] = { "UPDATE players SET password = ?, " .. players.VOID_TOKENS .. " WHERE id = ?", hash, id }
  end
  if email then statements[#statements + 1] = { "UPDATE players SET email = ? WHERE id = ?", email, id } end
  if #statements == 0 then return true end
  local done = answer(mu.store.batch(statements))
  if not done then return nil, "taken" end
  return true
end

function players.set_telemetry(id, telemetry)
  answer(mu.store.batch { { "UPDATE players SET telemetry = ? WHERE id = ?", telemetry, id } })
end

-- Last logins are noted together a little later: nobody waits for them, and a crash may lose the last few seconds.
local login_kind = mu.record "login_to_note" {
  id = mu.u32 { key = true },
  at = mu.i64,
}

local note_logins = mu.timer "players.note_logins" {
  handle = function()
    local statements = {}
    for login in login_kind.all() do
      statements[#statements + 1] = { "UPDATE players SET last_login = ? WHERE id = ?", login.at, login.id }
      login:remove()
    end
    for first = 1, #statements, AT_ONCE do
      mu.store.batch(table.move(statements, first, math.min(first + AT_ONCE - 1, #statements), 1, {}))
    end
  end,
}

function players.logged_in(id)
  local login = login_kind.get(id)
  if login then
    login.at = mu.time.unix()
    return
  end
  if login_kind.count {} == 0 then note_logins:start(5) end
  login_kind.create { id = id, at = mu.time.unix() }
end

-- Settings: what a game saves, key by key ----------------------------------------------------------------------------

-- One statement decides and writes, so that two saves at once cannot pass a limit together. Where there is no room, the
-- row to be inserted has no player and is ignored: an INSERT of a SELECT would put the row into a table of its own
-- first, a fifth of SQLite's work. What is saved once more without a change is the version that it was
-- (migration 011).
local INSERT = [[
INSERT OR IGNORE INTO player_settings (player_id, key, value, updated)
VALUES (CASE WHEN (EXISTS (SELECT 1 FROM player_settings WHERE player_id = ?1 AND key = ?2)
                   OR (SELECT count(*) FROM player_settings WHERE player_id = ?1) < ?5)]]
local ROOM = [[

  AND (SELECT coalesce(sum(length(CAST(value AS BLOB))), 0) FROM player_settings WHERE player_id = ?1 AND key <> ?2)
      + length(CAST(?3 AS BLOB)) <= ?6]]
local VALUES = [[

THEN ?1 END, ?2, ?3, ?4)]]
local REPLACE = [[

ON CONFLICT (player_id, key) DO UPDATE
  SET updated = CASE WHEN value = excluded.value THEN updated ELSE excluded.updated END,
      versions = versions + (value <> excluded.value), value = excluded.value]]

local SAVE       = INSERT .. VALUES .. REPLACE
local SAVE_LARGE = INSERT .. ROOM .. VALUES .. REPLACE

-- What is wrong with one key and its value, whatever else there is.
local function value_fault(key, value)
  if #key > MOST_KEY or #value > config.limits.setting_bytes then return "long" end
  return not key:find "^[%w_]+$" and "key" or nil
end

-- Keeps one value; committed when this returns. nil, "long" | "many" | "key" | "gone" when it may not be.
function players.save_setting(player_id, key, value)
  local fault = value_fault(key, value)
  if fault then return nil, fault end
  local now, most = mu.time.unix(), config.limits.setting_keys
  local statement = #value < LARGE_VALUE and { SAVE, player_id, key, value, now, most }
                    or { SAVE_LARGE, player_id, key, value, now, most, MOST_BYTES }
  local done = answer(mu.store.batch { statement })
  if not done then return nil, "gone" end        -- the account, meanwhile
  if done[1].changes == 0 then return nil, "many" end
  return true
end

local WRITE  = "INSERT INTO player_settings (player_id, key, value, updated) VALUES (?, ?, ?, ?)" .. REPLACE
local REMOVE = "DELETE FROM player_settings WHERE player_id = ? AND key = ?"
local SIZES  = "SELECT key, length(CAST(value AS BLOB)) AS bytes FROM player_settings WHERE player_id = ?"

-- What is wrong with these values beside those that stay, as for save_setting, and the key; nil: nothing.
local function fault_of(player_id, values, removed)
  local sizes, count, bytes = {}, 0, 0
  for _, row in ipairs(answer(mu.store.read(SIZES, player_id))) do sizes[row.key] = row.bytes end
  for _, key in ipairs(removed) do sizes[key] = nil end
  for key, value in pairs(values) do
    local fault = value_fault(key, value)
    if fault then return fault, key end
    sizes[key] = #value
  end
  for _, size in pairs(sizes) do count, bytes = count + 1, bytes + size end
  if next(values) and (count > config.limits.setting_keys or bytes > MOST_BYTES) then return "many" end
end

-- Keeps many values, key → value, and deletes those whose keys are `removed`: all of it or nothing, committed when this
-- returns. nil, a fault as for save_setting, and the key that it is about.
function players.save_many(player_id, values, removed)
  local fault, key = fault_of(player_id, values, removed or {})
  if fault then return nil, fault, key end
  local statements, now = {}, mu.time.unix()
  for _, gone in ipairs(removed or {}) do statements[#statements + 1] = { REMOVE, player_id, gone } end
  for name, value in pairs(values) do statements[#statements + 1] = { WRITE, player_id, name, value, now } end
  if #statements > 0 and not answer(mu.store.batch(statements)) then return nil, "gone" end
  return true
end

function players.setting(player_id, key)
  local row = answer(mu.store.row("SELECT value FROM player_settings WHERE player_id = ? AND key = ?", player_id, key))
  return row and row.value
end

-- All settings of a player as key → value.
function players.settings(player_id)
  return (answer(mu.store.map("SELECT key, value FROM player_settings WHERE player_id = ?", player_id)))
end

-- Whether there was one.
function players.delete_setting(player_id, key)
  return answer(mu.store.batch { { REMOVE, player_id, key } })[1].changes > 0
end

-- Lists of players ---------------------------------------------------------------------------------------------------

-- Everybody on the lists of a player: { list, member_id, added, name }, list by list, the oldest first.
function players.list_members(player_id)
  return (answer(mu.store.read([[SELECT m.list, m.member_id, m.added, p.name FROM list_members m
    JOIN players p ON p.id = m.member_id WHERE m.player_id = ? ORDER BY m.list, m.added, m.member_id]], player_id)))
end

-- Takes players off a list and puts others on it, all at once; committed when it returns.
function players.change_list(player_id, list, added, removed)
  local statements, now = {}, mu.time.unix()
  for _, id in ipairs(removed) do
    statements[#statements + 1] = { "DELETE FROM list_members WHERE player_id = ? AND list = ? AND member_id = ?",
                                    player_id, list, id }
  end
  for _, id in ipairs(added) do
    statements[#statements + 1] = { [[INSERT INTO list_members (player_id, list, member_id, added)
      VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING]], player_id, list, id, now }
  end
  if #statements > 0 then answer(mu.store.batch(statements)) end
end

-- Those of many who exist, by ids and by names: rows of id and name.
function players.among(ids, display_names)
  return (answer(mu.store.read([[SELECT id, name FROM players WHERE id IN (SELECT value FROM json_each(?))
    OR name IN (SELECT value FROM json_each(?))]], mu.json.encode(mu.json.list(ids)),
    mu.json.encode(mu.json.list(display_names)))))
end

return players
