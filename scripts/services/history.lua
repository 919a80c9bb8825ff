-- services/history.lua: earlier versions of what a player saved, and a whole player as one piece of JSON.
--
-- The database keeps the last 20 values of every key by itself, and from when to when each was there (migrations 006
-- and 011). A version is named by its content: the first digits of the SHA-256 of key and value, so the same content
-- has the same name wherever it comes up again.
local config    = mu.config
local answer    = require "services.answer"
local options   = require "services.options"
local players   = require "services.players"
local war       = require "services.galaxy_at_war"

local NAME_DIGITS = 10
local FORMAT      = "murelay player"
local VERSION     = 1

local history = {}

local function name_of(key, value)
  return mu.crypto.sha256(key .. "\0" .. value):sub(1, NAME_DIGITS)
end

-- Every version of a player's saves, the newest first: { key, saved (unix seconds), version, value, now = true for the
-- present value }. `key`: of this one only.
function history.list(player_id, key)
  local rows = answer(mu.store.read([[
    SELECT key, updated AS saved, value, 1 AS now, versions AS number FROM player_settings
      WHERE player_id = ?1 AND (?2 IS NULL OR key = ?2)
    UNION ALL SELECT key, saved, value, 0, number FROM save_versions WHERE player_id = ?1 AND (?2 IS NULL OR key = ?2)
    ORDER BY saved DESC, now DESC, number DESC]], player_id, key or mu.null))
  for _, row in ipairs(rows) do
    row.version, row.now, row.number = name_of(row.key, row.value), row.now == 1, nil
  end
  return rows
end

-- One version by its name, or the beginning of it: as in history.list, of several alike the newest. nil and "unknown" |
-- "ambiguous".
function history.find(player_id, version)
  local found
  for _, row in ipairs(history.list(player_id)) do
    if #version >= 4 and row.version:sub(1, #version) == version:lower() then
      if found and found.version ~= row.version then return nil, "ambiguous" end
      if not found or row.now then found = row end
    end
  end
  if not found then return nil, "unknown" end
  return found
end

-- Puts one version back; what is there now becomes a version itself. Returns the key that changed; nil and "unknown" |
-- "ambiguous" | "same", or what players.save_setting says.
function history.restore(player_id, version)
  local found, fault = history.find(player_id, version)
  if not found then return nil, fault end
  if found.now then return nil, "same" end
  local saved, why = players.save_setting(player_id, found.key, found.value)
  return saved and found.key, why
end

-- A whole player as he was --------------------------------------------------------------------------------------------

local EVERY = [[WITH every AS (
  SELECT key, value, updated AS saved, NULL AS ended, versions AS number FROM player_settings WHERE player_id = ?1
  UNION ALL SELECT key, value, saved, ended, number FROM save_versions WHERE player_id = ?1)
]]
-- The bare columns beside max() and min() are those of the row that has it.
local AS_OF = EVERY .. [[SELECT key, value, max(number) FROM every WHERE saved <= ?2 AND (ended IS NULL OR ended > ?2)
  GROUP BY key]]
local TOO_OLD = EVERY .. [[SELECT key, saved, min(number) FROM every WHERE number >= 0
  GROUP BY key HAVING min(number) > 0 AND saved > ?2]]

-- What has to change for everything to be as it was at the end of that second, sorted by key: { key, now, was }, nil
-- for what is or was not there; `lost` for a key whose versions do not reach back so far: it stays as it is.
function history.changes(player_id, moment)
  local now, was, lost, list = players.settings(player_id), {}, {}, {}
  for _, row in ipairs(answer(mu.store.read(AS_OF, player_id, moment))) do was[row.key] = row.value end
  for _, row in ipairs(answer(mu.store.read(TOO_OLD, player_id, moment))) do lost[row.key] = true end
  local function add(key)
    if lost[key] or now[key] ~= was[key] then
      list[#list + 1] = { key = key, now = now[key], was = was[key], lost = lost[key] }
    end
  end
  for key in pairs(now) do add(key) end
  for key in pairs(was) do if not now[key] then add(key) end end
  for key in pairs(lost) do if not now[key] and not was[key] then add(key) end end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

-- Makes these changes, all of them or none; what is there now becomes versions itself. true; nil, a fault, a key, as
-- players.save_many.
function history.apply(player_id, changes)
  local values, removed = {}, {}
  for _, change in ipairs(changes) do
    if change.was and not change.lost then
      values[change.key] = change.was
    elseif not change.lost then
      removed[#removed + 1] = change.key
    end
  end
  return players.save_many(player_id, values, removed)
end

-- As a piece of JSON --------------------------------------------------------------------------------------------------

-- A whole player: account, saves, options, war. No password: it stays where it was.
function history.export(account)
  local ratings, updated = war.ratings(account.id)
  return {
    format = FORMAT, version = VERSION, exported = mu.time.unix(),
    player = { id = account.id, name = account.name, email = account.email, role = account.role },
    settings = players.settings(account.id), options = options.all(account.id),
    galaxy_at_war = updated and mu.json.list(ratings) or nil,
  }
end

local function texts(map, most_bytes, what)
  if type(map) ~= "table" then return nil, what .. " is missing or is no object" end
  for key, value in pairs(map) do
    if type(key) ~= "string" or type(value) ~= "string" then return nil, what .. " may only hold texts" end
    if what == "settings" and (not key:find "^[%w_]+$" or #key > 32) then
      return nil, "settings." .. key .. " is no key"
    end
    if #value > most_bytes then return nil, what .. "." .. key .. " is longer than " .. most_bytes .. " bytes" end
  end
  return map
end

-- What is wrong with an exported player, as a sentence; nil when it can be read in.
function history.fault(data)
  if type(data) ~= "table" or data.format ~= FORMAT then return "this is no exported player" end
  if data.version ~= VERSION then return "this was exported by another version of the server" end
  local settings, why = texts(data.settings, config.limits.setting_bytes, "settings")
  if not settings then return why end
  local _, fault = texts(data.options or {}, 256, "options")
  if fault then return fault end
  local ratings = data.galaxy_at_war
  if ratings and (type(ratings) ~= "table" or #ratings ~= 5) then return "galaxy_at_war is not five numbers" end
  for _, rating in ipairs(ratings or {}) do
    if type(rating) ~= "number" or not math.tointeger(rating) or rating < 5000 or rating > 10099 then
      return "a rating of galaxy_at_war goes from 5000 to 10099"
    end
  end
end

local FAULTS = { many = "with them the player would have more settings, or more bytes of them, than he may",
                 gone = "the account has gone" }

-- Makes a player what an export says; all of the settings or none. Keys that the export does not have stay. Name,
-- e-mail and role are the account's own matter. Returns true, or nil and a sentence.
function history.import(account, data)
  local fault = history.fault(data)
  if fault then return nil, fault end
  local saved, why = players.save_many(account.id, data.settings)
  if not saved then return nil, FAULTS[why] end
  if data.options and not options.set(account.id, data.options) then return nil, "too many options" end
  if data.galaxy_at_war then war.set(account.id, data.galaxy_at_war) end
  return true
end

return history
