-- services/stored.lua: what operators add, while the server runs, to what files declare: messages of the menu, packs of
-- the shop. Each item is a table of fields as the file would say it, kept in the database and, once read, in records,
-- so that a reload keeps it and an answer waits for nothing. Each change makes a new version of its kind.
local MOST_ITEMS = 500                           -- of one kind
local MOST_BYTES = 16384                         -- of one item, as JSON

local item = mu.record "stored_item" {
  id       = mu.u32 { key = true },
  kind     = mu.string { index = true, max = 16 },
  fields   = mu.string { max = MOST_BYTES },
  revision = mu.u32,
  changed  = mu.i64,
  who      = mu.string { max = 64 },
}

local state = mu.record "stored_state" {
  kind    = mu.string { key = true, max = 16 },
  version = mu.u32,
}

local stored = {}

local function answer(result, reason)
  if not result then error("what operators have added is not to be had: " .. tostring(reason), 0) end
  return result
end

local function put(row)
  local old = item.get(row.id)
  if old then old:remove() end
  item.create { id = row.id, kind = row.kind, fields = row.fields, revision = row.revision, changed = row.changed,
                who = row.who }
end

-- Reads a kind from the database, once.
local function load_kind(kind)
  if state.get(kind) then return end
  local rows = answer(mu.store.read("SELECT id, kind, fields, revision, changed, who FROM stored_items WHERE kind = ?",
                                    kind))
  if state.get(kind) then return end
  for _, row in ipairs(rows) do put(row) end
  state.create { kind = kind, version = 1 }
end

-- A record whose `version` is another number after each change; it lives as long as the process, so whoever asks often
-- keeps it. Waits only before the first answer of the process.
function stored.state(kind)
  local known = state.get(kind)
  if known then return known end
  mu.exclusive("stored " .. kind, load_kind, kind)
  return state.get(kind)
end

local function shown(record)
  return {
    id = record.id, fields = mu.json.decode(record.fields), revision = record.revision, changed = record.changed,
    who = record.who, place = ("stored as %d by %s"):format(record.id, record.who),
  }
end

-- All items of a kind, by id: { id, fields, revision, changed, who, place }.
function stored.list(kind)
  stored.state(kind)
  local list = {}
  for record in item.where { kind = kind } do list[#list + 1] = shown(record) end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

function stored.get(kind, id)
  stored.state(kind)
  local record = id >= 1 and id <= 0xFFFFFFFF and item.get(id)
  return record and record.kind == kind and shown(record) or nil
end

local function changed(kind)
  state.get(kind).version = state.get(kind).version + 1
end

local function encoded(fields)
  local text = mu.json.encode(fields)
  if #text > MOST_BYTES then return nil, ("that is longer than %d bytes"):format(MOST_BYTES) end
  return text
end

-- Adds one, committed when it returns: its id; nil and a sentence.
function stored.add(kind, fields, who)
  local text, fault = encoded(fields)
  if not text then return nil, fault end
  if #stored.list(kind) >= MOST_ITEMS then
    return nil, ("there are %d already, and no room for more"):format(MOST_ITEMS)
  end
  local row = { kind = kind, fields = text, revision = 1, changed = mu.time.unix(), who = who:sub(1, 64) }
  local done = answer(mu.store.batch {
    { "INSERT INTO stored_items (kind, fields, changed, who) VALUES (?, ?, ?, ?)", kind, text, row.changed, row.who } })
  row.id = done[1].last_id
  put(row)
  changed(kind)
  return row.id
end

-- Replaces the fields of one: true; nil and a sentence.
function stored.change(kind, id, fields, who)
  local text, fault = encoded(fields)
  if not text then return nil, fault end
  local old = stored.get(kind, id)
  if not old then return nil, "it is not there any more" end
  local row = { id = id, kind = kind, fields = text, revision = old.revision + 1, changed = mu.time.unix(),
                who = who:sub(1, 64) }
  local done = answer(mu.store.batch {
    { "UPDATE stored_items SET fields = ?, revision = ?, changed = ?, who = ? WHERE id = ?", text, row.revision,
      row.changed, row.who, id } })
  if done[1].changes == 0 then return nil, "it is not there any more" end    -- removed meanwhile
  put(row)
  changed(kind)
  return true
end

function stored.remove(kind, id)
  if not stored.get(kind, id) then return nil, "it is not there any more" end
  answer(mu.store.batch { { "DELETE FROM stored_items WHERE id = ?", id } })
  local record = item.get(id)
  if record then record:remove() end
  changed(kind)
  return true
end

return stored
