-- services/lists.lua: which players a player has on his lists (configs/lists.lua), and who shows as here because of it.
--
-- The store keeps the lists. Of players who are online and have looked at theirs, records keep who is on them, so that
-- a login finds by a look-up who wants to be told of it. A login itself reads nothing from the store.
local declared      = require "configs.lists"
local players       = require "services.players"
local sessions      = require "services.sessions"
local subscriptions = require "services.subscriptions"

local by_id, by_name = {}, {}
for _, list in ipairs(declared) do
  assert(list.id >= 1 and list.id <= 31 and not by_id[list.id], "configs/lists.lua: ids are different, from 1 to 31")
  by_id[list.id], by_name[list.name] = list, list
end

local entry_kind = mu.record "list_entry" {
  owner_id  = mu.u32 { index = true },
  member_id = mu.u32 { index = true },
  list      = mu.u16,
}

local lists = { declared = declared }

-- The list that a request names by its number or else its name; nil and the name of an error.
function lists.find(id)
  local list = id.type ~= 0 and by_id[id.type] or id.type == 0 and by_name[id.name]
  if list then return list end
  return nil, id.type ~= 0 and "ASSOCIATIONLIST_ERR_LIST_NOT_FOUND" or "ASSOCIATIONLIST_ERR_INVALID_LIST_NAME"
end

-- The ids of those whom a player has on the list of this number.
function lists.members(player_id, number)
  local ids = {}
  for _, row in ipairs(players.list_members(player_id)) do
    if row.list == number then ids[#ids + 1] = row.member_id end
  end
  return ids
end

-- What is known of a player's lists ----------------------------------------------------------------------------------

local function entry_of(owner_id, member_id, list)
  for entry in entry_kind.where { owner_id = owner_id } do
    if entry.member_id == member_id and entry.list == list.id then return entry end
  end
end

-- The members of all lists of a player, in order: { list, member_id, added, name }. From here on his lists are known.
function lists.read(player)
  local id   = player.id
  local rows = players.list_members(id)
  if not player:exists() or player.lists_known then return rows end
  for _, row in ipairs(rows) do entry_kind.create { owner_id = id, member_id = row.member_id, list = row.list } end
  player.lists_known = true
  return rows
end

local function know(player)
  if player.lists_known then return end
  mu.exclusive("lists " .. player.id, function()
    if player:exists() and not player.lists_known then lists.read(player) end
  end)
end

-- Whether a player whose lists are known hides from another.
local function hides(player, from_id)
  for entry in entry_kind.where { owner_id = player.id } do
    local list = by_id[entry.list]
    if list and list.hides and entry.member_id == from_id then return true end
  end
end

-- Presence -----------------------------------------------------------------------------------------------------------

local function shows(owner, list)
  return list and list.presence and owner.lists_shown and owner.lists_off & 1 << list.id == 0
end

-- Whether a player has another on any list that shows who is here.
local function watches(owner, member_id)
  for entry in entry_kind.where { owner_id = owner.id } do
    if entry.member_id == member_id and shows(owner, by_id[entry.list]) then return true end
  end
end

-- Lets `owner` see that `member` is here, if he may. Both are online, and nothing here suspends.
local function show(owner, member)
  if watches(owner, member.id) and not hides(member, owner.id) and member.introduced then
    subscriptions.list(owner.session, member.session)
  else
    subscriptions.unlist(owner.session, member.session)
  end
end

-- Brings what `owner` sees of `member_id` up to date, if that player is here.
local function look(owner, member_id)
  local member = sessions.player(member_id)
  if not member or member_id == owner.id then return end
  know(member)
  if owner:exists() and member:exists() then show(owner, member) end
end

-- A player has come in: those who have him on a list are told, unless he hides from them.
local announce = mu.timer "lists.announce" {
  handle = function(player)
    know(player)
    if not player:exists() then return end
    local id = player.id
    for entry in entry_kind.where { member_id = id } do
      local owner = sessions.player(entry.owner_id)
      if owner and owner.id ~= id then show(owner, player) end
    end
  end,
}

sessions.when_here(function(player)
  if entry_kind.count() > 0 and entry_kind.first { member_id = player.id } then announce:start(0, player) end
end)

sessions.when_leaving(function(player)
  if not player.lists_known then return end
  for entry in entry_kind.where { owner_id = player.id } do entry:remove() end
end)

-- A player looks at his lists: from now on he sees who of them is here.
function lists.watch(player)
  if player.lists_shown then return end
  player.lists_shown = true
  local members = {}
  for entry in entry_kind.where { owner_id = player.id } do members[#members + 1] = entry.member_id end
  for _, member_id in ipairs(members) do
    if player:exists() then look(player, member_id) end
  end
end

-- Subscribes a player to one of his lists or ends that. False when it is so already.
function lists.subscribe(player, list, wanted)
  local bit = 1 << list.id
  if (wanted and player.lists_on or player.lists_off) & bit ~= 0 then return false end
  player.lists_on  = wanted and player.lists_on | bit or player.lists_on & ~bit
  player.lists_off = wanted and player.lists_off & ~bit or player.lists_off | bit
  local members = {}
  for entry in entry_kind.where { owner_id = player.id } do
    if entry.list == list.id then members[#members + 1] = entry.member_id end
  end
  for _, member_id in ipairs(members) do
    if player:exists() then look(player, member_id) end
  end
  return true
end

-- Changes ------------------------------------------------------------------------------------------------------------

-- Somebody has come to or gone from a list: what both see of each other follows.
local function follow(player, list, member_id)
  if list.presence then look(player, member_id) end
  local member = list.hides and player:exists() and sessions.player(member_id)
  if member and member_id ~= player.id then show(member, player) end
end

-- Puts `added` on a list and takes `removed` off it (lists of ids; both are right); committed when it returns. Only
-- inside lists.changing.
function lists.change(player, list, added, removed)
  players.change_list(player.id, list.id, added, removed)
  if not player:exists() then return end
  for _, id in ipairs(removed) do
    local entry = entry_of(player.id, id, list)
    if entry then entry:remove() end
  end
  for _, id in ipairs(added) do
    if not entry_of(player.id, id, list) then
      entry_kind.create { owner_id = player.id, member_id = id, list = list.id }
    end
  end
  for _, changed in ipairs { removed, added } do
    for _, id in ipairs(changed) do
      if player:exists() then follow(player, list, id) end
    end
  end
end

-- Runs fn while nobody else changes this player's lists, which are known inside.
function lists.changing(player, fn)
  return mu.exclusive("lists " .. player.id, function()
    if not player.lists_known then lists.read(player) end
    return fn()
  end)
end

return lists
