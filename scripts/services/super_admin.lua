-- services/super_admin.lua: the account that the setting `super_admin` names is super admin, and nobody becomes one
-- otherwise. It is made before anybody can register its address (services/players.lua refuses that, too). Whoever has
-- registered it earlier may be anybody, so an account that becomes super admin loses its password and its logins; the
-- operator sets a password from the console.
local config   = mu.config
local accounts = require "services.accounts"
local audit    = require "services.audit"
local names    = require "services.names"
local players  = require "services.players"
local roles    = require "services.roles"
local sessions = require "services.sessions"

local NAME_TRIES = 8

local super_admin = {}

local function make(email)
  for _ = 1, NAME_TRIES do
    local done = mu.store.batch {
      { "INSERT INTO players (email, name, role, created) VALUES (?, ?, ?, ?)",
        email, names.random(), roles.SUPER_ADMIN, mu.time.unix() },
    }
    if done then return end
    if players.by_email(email) then return end
  end
end

local function raise(account)
  mu.store.batch { { "UPDATE players SET role = ?, password = NULL, " .. players.VOID_TOKENS .. " WHERE id = ?",
                     roles.SUPER_ADMIN, account.id } }
  sessions.end_login(account.id, "the account became super admin")     -- also one that began while that was written
end

-- Accounts that config.lua names no longer are admins from now on.
local function lower_others(email)
  local others = mu.store.read("SELECT id, email FROM players WHERE role = ? AND email <> ?", roles.SUPER_ADMIN, email)
  for _, other in ipairs(others or {}) do
    mu.store.batch { { "UPDATE players SET role = ? WHERE id = ?", roles.ADMIN, other.id } }
    local online = sessions.player(other.id)
    if online then online.role = roles.ADMIN end
    audit.record("server", "no longer super admin", other.email)
  end
end

function super_admin.ensure()
  local email = players.email(config.super_admin)
  lower_others(email or "")
  if config.super_admin == "" then return end
  if not email then return mu.log.error("the setting super_admin is no e-mail address: %s", config.super_admin) end
  local account = accounts.find(email)
  if account and account.role == roles.SUPER_ADMIN then return end
  if account then raise(account) else make(email) end
  audit.record("server", "super admin", email)
  mu.log.warn("%s is super admin now and has no password: set one with `murelay ctl players password %s`", email,
              email)
end

return super_admin
