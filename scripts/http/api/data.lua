-- http/api/data.lua: what players have saved, over the REST API. Everybody reads his own; admins write.
--
-- The web dashboard rewrites everything at once, 70 to 90 requests together, and powers without their wheel: what is
-- the same is not written, and what it leaves out is put back (reference 03 §6.4). The game of somebody whose data
-- changes is sent away: it would overwrite them with what it remembers.
local config       = mu.config
local api          = require "http.api.api"
local audit        = require "services.audit"
local leaderboards = require "services.leaderboards"
local players      = require "services.players"
local repair       = require "saves.repair"
local sessions     = require "services.sessions"
local targets      = require "http.api.targets"
local types        = require "http.api.types"

local ID, ID_AND_KEY = { id = types.u32 }, { id = types.u32, key = types.string(255) }
local MOST_AT_ONCE   = 255

local FAULTS = {
  long = { 413, "This value is too long to be kept" },
  many = { 409, "This player has no room for more" },
  gone = { 404, "Unable to find requested player" },
  key  = { 400, "A key has letters, digits and underscores, at most 32" },
}

-- What differs from what is stored, made whole.
local function changes_of(account, values)
  local stored, changes = players.settings(account.id), {}
  for key, value in pairs(values) do
    local whole = repair.incoming(key, value, stored[key])
    if stored[key] ~= whole then changes[key] = whole end
  end
  return changes, stored
end

local function send_away(account) sessions.send_away(account.id, "its saved data was changed") end

-- All of the values, or none when one of them may not be kept.
local function write(caller, account, values)
  local changes, stored = changes_of(account, values)
  if not next(changes) then return nil end
  local saved, fault, key = players.save_many(account.id, changes)
  if not saved then
    local status, sentence = table.unpack(FAULTS[fault])
    return api.refuse(status, key and next(values, next(values)) and key .. ": " .. sentence or sentence)
  end
  for name, value in pairs(changes) do
    if repair.lowers_promotions(name, value, stored[name]) then
      audit.record(caller.name, "api lowers promotions", targets.text(account) .. ": " .. name)
    end
    if leaderboards.depends_on(name) then leaderboards.later(account.id) end
  end
  send_away(account)
end

api.get("/api/players/{id}/data", {
  text = "Everything a player has saved: key and value.", login = true, params = ID, response = types.texts,
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    return refusal or repair.outgoing(players.settings(account.id))
  end,
})

api.put("/api/players/{id}/data", {
  text = "Writes many saved values at once.", role = "admin", params = ID, body = types.texts,
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    local count = 0
    for _ in pairs(request.body) do count = count + 1 end
    if count > MOST_AT_ONCE then return api.refuse(413, "More than 255 values at once") end
    audit.record(caller.name, "api write data", ("%s: %d values"):format(targets.text(account), count))
    return write(caller, account, request.body)
  end,
})

api.get("/api/players/{id}/data/{key}", {
  text = "One saved value.", login = true, params = ID_AND_KEY,
  response = types.object { key = types.text, value = types.text },
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    local value = players.setting(account.id, request.params.key)
    if not value then return api.refuse(404, "Unable to find data") end
    return { key = request.params.key, value = value }
  end,
})

api.put("/api/players/{id}/data/{key}", {
  text = "Writes one saved value.", role = "admin", params = ID_AND_KEY,
  body = types.object { value = types.string(config.limits.setting_bytes) },
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    return write(caller, account, { [request.params.key] = request.body.value })
  end,
})

api.delete("/api/players/{id}/data/{key}", {
  text = "Deletes one saved value; one that is not there as well.", role = "admin", params = ID_AND_KEY,
  response = types.object {},
  handle = function(caller, request)
    local account, refusal = targets.over(caller, request.params.id)
    if refusal then return refusal end
    local key = request.params.key
    audit.record(caller.name, "api delete data", targets.text(account) .. ": " .. key)
    if players.delete_setting(account.id, key) then
      if leaderboards.depends_on(key) then leaderboards.later(account.id) end
      send_away(account)
    end
    return {}                                    -- the dashboard cannot do with nothing
  end,
})
