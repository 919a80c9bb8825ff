-- http/api/targets.lua: the account that a request is about, and whether the one who asks may touch it: everybody may
-- touch his own, and those of lower roles (reference 03 §4.3, §4.8).
local api      = require "http.api.api"
local accounts = require "services.accounts"
local roles    = require "services.roles"

local targets = {}

-- The account of this id; or nil and a refusal.
function targets.find(id)
  local account = id > 0 and accounts.by_id(id)
  if not account then return nil, api.refuse(404, "Unable to find requested player") end
  return account
end

-- … that is the caller's own or stands below him.
function targets.over(caller, id)
  local account, refusal = targets.find(id)
  if not account then
    if roles.at_least(caller.role, "admin") then return nil, refusal end
  elseif account.id == caller.id or roles.over(caller.role, account.role) then
    return account
  end
  return nil, api.refuse(403, "Invalid permission")        -- and whether it exists is not for everybody
end

-- … that stands below the caller and so is not his own.
function targets.below(caller, id)
  local account, refusal = targets.find(id)
  if not account then return nil, refusal end
  if not roles.over(caller.role, account.role) then return nil, api.refuse(403, "Invalid permission") end
  return account
end

-- An account as the audit log names it.
function targets.text(account) return ("%s (%d)"):format(account.name, account.id) end

return targets
