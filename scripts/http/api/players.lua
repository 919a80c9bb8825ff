-- http/api/players.lua: accounts over the REST API: one's own, and those of others for whom stands above them.
local accounts = require "services.accounts"
local api      = require "http.api.api"
local audit    = require "services.audit"
local logins   = require "services.logins"
local players  = require "services.players"
local sessions = require "services.sessions"
local targets  = require "http.api.targets"
local types    = require "http.api.types"
local war      = require "services.galaxy_at_war"

local ROLES   = { Default = "default", Admin = "admin", SuperAdmin = "super_admin" }
local ID      = { id = types.u32 }
local DETAILS = types.object { username = types.string(99), email = types.string(254) }

-- Passwords and details ----------------------------------------------------------------------------------------------

-- nil, or a refusal for a password that nobody may have.
local function bad_password(password)
  if not players.password_fault(password) then return nil end
  return api.refuse(400, api.sentence(players.password_rule()))
end

local function busy() return api.refuse(503, "Too many passwords are being worked on, try again") end

-- Changes what differs, the name, the e-mail address: both or neither.
local function set_details(account, details)
  local email = account.email
  if details.email:lower() ~= account.email:lower() then
    email = players.email(details.email)
    if not email then return api.refuse(400, "Invalid email address") end
    if players.by_email(email) then return api.refuse(400, "Email address already in use") end
  end
  local renamed = details.username ~= account.name
  if renamed then
    local fault = accounts.name_fault(details.username)
    local other = not fault and players.by_name(details.username)
    if other and other.id ~= account.id then fault = ("another account is called '%s'"):format(details.username) end
    if fault then return api.refuse(400, api.sentence(fault)) end
  end
  if email ~= account.email and not players.change(account.id, email) then
    return api.refuse(400, "Email address already in use")
  end
  if renamed then
    local done, fault = accounts.rename(account, details.username)
    if not done then return api.refuse(400, api.sentence(fault)) end
  end
end

-- One's own account ---------------------------------------------------------------------------------------------------

api.get("/api/players/self", {
  text = "The account that asks.", login = true, response = types.Player,
  handle = function(caller) return api.player(caller) end,
})

-- nil when `password` is the caller's own, else a refusal.
local function wrong_password(caller, request, password)
  local right, fault = logins.check_password(api.origin(request.http), caller.id, caller, password)
  if right then return nil end
  if fault == "ERR_TIMEOUT" then return api.refuse(429, "Too many attempts, try again in a minute") end
  return api.refuse(401, "Invalid password")
end

api.delete("/api/players/self", {
  text = "Deletes the account that asks, with everything it has saved.", login = true,
  body = types.object { password = types.string(256) },
  handle = function(caller, request)
    local refusal = wrong_password(caller, request, request.body.password)
    if refusal then return refusal end
    audit.record(caller.name, "api delete own account", tostring(caller.id))
    accounts.delete(caller)
  end,
})

api.put("/api/players/self/password", {
  text = "Another password for the account that asks; every other login of it is void.", login = true,
  body = types.object { current_password = types.string(256), new_password = types.string(256) },
  handle = function(caller, request)
    local refusal = wrong_password(caller, request, request.body.current_password)
                    or bad_password(request.body.new_password)
    if refusal then return refusal end
    if not players.change(caller.id, nil, request.body.new_password) then return busy() end
    sessions.forget(caller.id)                   -- his game stays, but nobody comes back to one that was lost
  end,
})

api.put("/api/players/self/details", {
  text = "Another name or e-mail address for the account that asks.", login = true, body = DETAILS,
  handle = function(caller, request) return set_details(caller, request.body) end,
})

-- Others --------------------------------------------------------------------------------------------------------------

api.get("/api/players", {
  text = "All accounts, in the order of their ids.", role = "admin", query = types.page(20),
  response = types.object {
    players = types.list(types.Player), more = types.boolean, total_pages = types.integer, total_items = types.integer,
  },
  handle = function(_, request)
    local rows, total = accounts.page(request.query.offset * request.query.count, request.query.count)
    local _, more, pages = api.page(request.query, total)
    local list = {}
    for i, row in ipairs(rows) do list[i] = api.player(row) end
    return { players = mu.json.list(list), more = more, total_pages = pages, total_items = total }
  end,
})

api.get("/api/players/{id}", {
  text = "One account.", role = "admin", params = ID, response = types.Player,
  handle = function(_, request)
    local account, refusal = targets.find(request.params.id)
    return refusal or api.player(account)
  end,
})

api.delete("/api/players/{id}", {
  text = "Deletes an account of a lower role, with everything it has saved.", role = "admin", params = ID,
  handle = function(caller, request)
    local account, refusal = targets.below(caller, request.params.id)
    if refusal then return refusal end
    audit.record(caller.name, "api delete account", targets.text(account))
    accounts.delete(account)
  end,
})

api.put("/api/players/{id}/password", {
  text = "Another password for an account, whose game has to log in again.", role = "admin", params = ID,
  body = types.object { password = types.string(256) },
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    refusal = refusal or bad_password(request.body.password)
    if refusal then return refusal end
    audit.record(caller.name, "api set password", targets.text(account))
    if not accounts.set_password(account, request.body.password) then return busy() end
  end,
})

api.put("/api/players/{id}/details", {
  text = "Another name or e-mail address for an account.", role = "admin", params = ID, body = DETAILS,
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    audit.record(caller.name, "api set details", targets.text(account) .. ": " .. request.body.username)
    return set_details(account, request.body)
  end,
})

api.put("/api/players/{id}/role", {
  text = "Another role for an account: Default or Admin.", role = "super_admin", params = ID,
  body = types.object { role = types.Role },
  handle = function(caller, request)
    local account, refusal = targets.find(request.params.id)
    if refusal then return refusal end
    if account.id == caller.id then return api.refuse(403, "Nobody changes his own role") end
    local name = ROLES[request.body.role]
    local done, fault = accounts.set_role(account, name)
    if not done then return api.refuse(403, api.sentence(fault)) end
    audit.record(caller.name, "api set role", targets.text(account) .. ": " .. name)
  end,
})

api.get("/api/players/{id}/galaxy_at_war", {
  text = "How an account's war stands, as it is now.", role = "admin", params = ID,
  response = types.object {
    last_modified = types.nullable(types.Time), group_a = types.integer, group_b = types.integer,
    group_c = types.integer, group_d = types.integer, group_e = types.integer,
  },
  handle = function(_, request)
    local account, refusal = targets.find(request.params.id)
    if refusal then return refusal end
    local ratings, updated = war.ratings(account.id)
    local a, b, c, d, e = table.unpack(ratings)
    return { last_modified = api.time(updated or players.created(account.id)),
             group_a = a, group_b = b, group_c = c, group_d = d, group_e = e }
  end,
})

api.post("/api/players/{id}/kick", {
  text = "Ends an account's connection to the game, if it has one.", role = "admin", params = ID,
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    local online = sessions.player(account.id)
    if not online then return api.refuse(404, "This player is not online") end
    audit.record(caller.name, "api kick", targets.text(account))
    sessions.kick(online.session, "kicked over the REST API")
  end,
})
