-- services/packs.lua: all packs of the shop's catalogue: those of configs/me3_dime.lua, which are changed there, and
-- those that operators have added, which are changed here and come last.
local declared = require "configs.me3_dime"
local shop     = require "configs.shop"
local stored   = require "services.stored"

local KIND = "pack"

local packs = {}

-- Added packs, prepared once for each version of them.
local added = { version = 0, list = {}, personal = false }
local state

local function in_file(id)
  for _, pack in ipairs(declared.packs or {}) do
    if pack.fields.id == id then return pack end
  end
end

local function current()
  if not state then state = stored.state(KIND) end
  local version = state.version
  if added.version == version then return added end
  local list, personal = {}, false
  for _, entry in ipairs(stored.list(KIND)) do
    local fault = shop.fault(entry.fields) or in_file(entry.fields.id) and "configs/me3_dime.lua has this id now"
    if fault then
      mu.log.warn("pack %s: %s", entry.place, fault)
    else
      list[#list + 1] = shop.prepare(entry.fields, entry.place)
      personal = personal or list[#list].personal
    end
  end
  added.version, added.list, added.personal = version, list, personal
  return added
end

-- The config source: see configs/init.lua. --------------------------------------------------------------------------

packs.source = {}

function packs.source.personal(session)
  return declared.personal and declared.personal(session) or current().personal and session.player ~= nil
end

function packs.source.key() return current().version end

function packs.source.render(session)
  if not declared.build then return declared.render(session) end   -- a catalogue of the operator's own making
  return declared.build(session, current().list)
end

-- For the operator ---------------------------------------------------------------------------------------------------

-- What a player (nil: before login) finds in the catalogue and what not: { fields, place, hidden }.
function packs.preview(player)
  local list, now = {}, mu.time.unix()
  for _, source in ipairs { declared.packs or {}, current().list } do
    for _, pack in ipairs(source) do
      list[#list + 1] = { fields = pack.fields, place = pack.place, hidden = shop.hidden(pack, player, now) }
    end
  end
  return list
end

local function stored_one(id)
  for _, entry in ipairs(stored.list(KIND)) do
    if entry.fields.id == id then return entry end
  end
end

-- An added pack by its offer id, or nil and a sentence.
local function changeable(id)
  local pack = in_file(id)
  if pack then return nil, ("pack %d is declared at %s: edit it there"):format(id, pack.place) end
  local entry = stored_one(id)
  if not entry then return nil, ("there is no pack %d; `store list` shows them"):format(id) end
  return entry
end

-- Adds a pack, fields as in configs/me3_dime.lua: true; nil and a sentence.
function packs.add(fields, who)
  local fault = shop.fault(fields)
  if fault then return nil, fault end
  local pack = in_file(fields.id)
  if pack then return nil, ("pack %d is declared at %s already"):format(fields.id, pack.place) end
  if stored_one(fields.id) then return nil, ("pack %d is there already; `store edit` changes it"):format(fields.id) end
  return stored.add(KIND, fields, who)
end

function packs.edit(id, edit, who)
  local entry, fault = changeable(id)
  if not entry then return nil, fault end
  edit(entry.fields)
  fault = shop.fault(entry.fields) or entry.fields.id ~= id and "the id of a pack stays; add another one"
  if fault then return nil, fault end
  return stored.change(KIND, entry.id, entry.fields, who)
end

function packs.remove(id)
  local entry, fault = changeable(id)
  if not entry then return nil, fault end
  return stored.remove(KIND, entry.id)
end

return packs
