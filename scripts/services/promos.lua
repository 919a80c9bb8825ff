-- services/promos.lua: all messages of the main menu: those of configs/me3_msg.lua, which are changed there, and those
-- that operators have added, which are changed here. What the game is sent is the file's, then the added ones.
local declared = require "configs.me3_msg"
local promo    = require "configs.promo"
local stored   = require "services.stored"

local KIND          = "promo"
local FIRST_TRACKER = 1000000                    -- tracking ids of added messages that name none
local REVISIONS     = 1000

local promos = {}

-- Added messages, prepared once for each version of them. Asked for with every menu: nothing is looked up twice.
local added = { version = 0, source = nil }
local state

-- A message that is edited gets another tracking id: who dismissed the old one is shown the new.
local function tracked(entry)
  local fields = entry.fields
  if not fields.tracking_id then
    fields.tracking_id = FIRST_TRACKER + entry.id * REVISIONS + entry.revision % REVISIONS
  end
  return { place = entry.place, fields = fields }
end

local function current()
  if not state then state = stored.state(KIND) end
  local version = state.version
  if added.version ~= version then
    local list = {}
    for i, entry in ipairs(stored.list(KIND)) do list[i] = tracked(entry) end
    added.source, added.version = promo.added(list), version
  end
  return added
end

-- The config source: see configs/init.lua. --------------------------------------------------------------------------

promos.source = {}

function promos.source.personal(session)
  return declared.personal and declared.personal(session) or current().source.personal(session)
end

function promos.source.key() return current().version end

function promos.source.render(session)
  local map, seconds = declared.render(session)
  local number = 0
  while map[("MSG_%d_type"):format(number + 1)] do number = number + 1 end
  local more = current().source.add(map, number, session)
  return map, more and seconds and math.min(more, seconds) or more or seconds
end

-- For the operator ---------------------------------------------------------------------------------------------------

-- What a player (nil: before login) is shown and what not: every message, with its id: "f2" in the file, "17" added.
function promos.preview(player)
  local list = {}
  for number, message in ipairs(declared.preview and declared.preview(player) or {}) do
    message.id = ("f%d"):format(number)
    list[#list + 1] = message
  end
  local entries = stored.list(KIND)
  for number, message in ipairs(current().source.preview(player)) do
    message.id = message.place:match "^stored as (%d+)" or tostring(entries[number].id)
    list[#list + 1] = message
  end
  return list
end

-- One by its id: { id, fields = … } of an added one, { file = "scripts/configs/me3_msg.lua:15" } of one in a file; nil.
function promos.find(id)
  local in_file = id:match "^f(%d+)$"
  if in_file then
    local message = declared.preview and declared.preview()[tonumber(in_file)]
    return message and { file = message.place }
  end
  return id:match "^%d+$" and #id < 11 and stored.get(KIND, tonumber(id)) or nil
end

local function image_fault(fields)
  if not fields.image then return nil end
  local picture, why = mu.content.picture(fields.image)
  if picture then return nil end
  return ("the picture would not be shown: %s"):format(why)
end

local function fault_of(fields, any_image)
  return promo.fault(fields) or not any_image and image_fault(fields) or nil
end

-- Adds a message, fields as in configs/me3_msg.lua: its id; nil and a sentence. any_image: a picture that is not there
-- (yet) is fine.
function promos.add(fields, who, any_image)
  local fault = fault_of(fields, any_image)
  if fault then return nil, fault end
  return stored.add(KIND, fields, who)
end

local function not_here(entry, id)
  if not entry then return ("there is no message '%s'; `promo list` shows their ids"):format(id) end
  if entry.file then return ("message %s is declared at %s: edit it there"):format(id, entry.file) end
end

-- Replaces the fields of one: edit(fields) changes them in place. true; nil and a sentence.
function promos.edit(id, edit, who, any_image)
  local entry = promos.find(id)
  local fault = not_here(entry, id)
  if fault then return nil, fault end
  edit(entry.fields)
  fault = fault_of(entry.fields, any_image)
  if fault then return nil, fault end
  return stored.change(KIND, entry.id, entry.fields, who)
end

function promos.remove(id)
  local entry = promos.find(id)
  local fault = not_here(entry, id)
  if fault then return nil, fault end
  return stored.remove(KIND, entry.id)
end

return promos
