-- components/association_lists.lua: friends and blocks. Which lists there are stands in configs/lists.lua.
local association_lists = mu.component "AssociationLists"
local schema  = require "schema.association_lists"
local lists   = require "services.lists"
local players = require "services.players"

local THIS, LIST       = 0x19, 1                 -- a list as an object: component, type, number
local SUBSCRIBED, LAST = 1, 4                    -- flags; nobody knows what the second says, but it is always there
local ADDED, REMOVED   = 1, 2
local LONGEST_NAME     = 99

local UpdateListMembership = association_lists.notification "NotifyUpdateListMembership" {
  body = schema.MembershipUpdate,
}

local function fail(name) return mu.fail("ASSOCIATIONLIST_ERR_" .. name) end

-- Telling lists ------------------------------------------------------------------------------------------------------

local function identification(list) return { name = list.name, type = list.id } end

local function member_info(row)
  return { member = { id = row.member_id, name = row.name }, added = row.added }
end

-- An empty list of a message is left out of it, as it always was.
local function unless_empty(list) return #list > 0 and list or nil end

local function on_list(rows, list)
  local found = {}
  for _, row in ipairs(rows) do
    if row.list == list.id then found[#found + 1] = row end
  end
  return found
end

-- One list as the answer to a request, from its member number `offset` on, `most` of them (0: all).
local function told(player, list, rows, offset, most)
  local found, members = on_list(rows, list), {}
  local last = most == 0 and #found or math.min(#found, offset + most)
  for i = offset + 1, last do members[#members + 1] = member_info(found[i]) end
  return {
    info = {
      object = { THIS, LIST, player.id << 8 | list.id }, list = identification(list), max_size = list.size,
      flags  = LAST | (player.lists_on & 1 << list.id ~= 0 and SUBSCRIBED or 0),
    },
    members = unless_empty(members), offset = offset, total = #found,
  }
end

association_lists.getLists {
  login    = true,
  request  = schema.GetListsRequest,
  response = schema.Lists,
  handle   = function(session, request)
    local player = session.player
    local wanted = {}
    for _, info in ipairs(request.lists) do
      local list, fault = lists.find(info.list)
      if not list then return mu.fail(fault) end
      wanted[#wanted + 1] = list
      if #wanted > #lists.declared then return fail "LIST_IS_FULL_OR_TOO_MANY_USERS" end
    end
    if #wanted == 0 then wanted = lists.declared end
    local rows = lists.read(player)
    lists.watch(player)
    local answer = {}
    for i, list in ipairs(wanted) do answer[i] = told(player, list, rows, request.offset, request.most) end
    return { lists = answer }
  end,
}

association_lists.getListForUser {
  login    = true,
  own_user = true,
  request  = schema.GetListForUserRequest,
  response = schema.ListMembers,
  handle   = function(session, request)
    local list, fault = lists.find(request.list)
    if not list then return mu.fail(fault) end
    return told(session.player, list, lists.read(session.player), request.offset, request.most)
  end,
}

association_lists.getConfigListsInfo {
  response = schema.ConfigLists,
  handle   = function()
    local infos = {}
    for i, list in ipairs(lists.declared) do
      infos[i] = { id = list.id, name = list.name, size = list.size, subscribe = list.presence == true }
    end
    return { lists = infos }
  end,
}

-- Changing them ------------------------------------------------------------------------------------------------------

-- The players a request means: { id = …, name = … } in its order, each once. `strict`: an error for whoever is unknown,
-- named twice, or the player himself; else they are left out. nil and the name of an error.
local function meant(player, members, most, strict)
  if #members > most then return nil, "LIST_IS_FULL_OR_TOO_MANY_USERS" end
  local ids, names = {}, {}
  for _, member in ipairs(members) do
    if member.id ~= 0 then
      ids[#ids + 1] = member.id
    elseif member.name ~= "" and #member.name <= LONGEST_NAME and utf8.len(member.name) then
      names[#names + 1] = member.name
    elseif strict then
      return nil, "INVALID_USER"
    end
  end
  local by_id, by_name = {}, {}
  for _, row in ipairs(players.among(ids, names)) do by_id[row.id], by_name[row.name:lower()] = row, row end
  local found, seen = {}, {}
  for _, member in ipairs(members) do
    local row   = member.id ~= 0 and by_id[member.id] or member.id == 0 and by_name[member.name:lower()] or nil
    local fault = not row and "USER_NOT_FOUND" or row.id == player.id and "CANNOT_INCLUDE_SELF"
               or seen[row.id] and "DUPLICATE_USER_FOUND"
    if fault and strict then return nil, fault end
    if not fault then
      found[#found + 1] = row
      seen[row.id] = true
    end
  end
  return found
end

-- The answer to a change, and the notification where the list is subscribed to.
local function changed(session, list, added, removed)
  local rows, added_ids, infos, gone, updates = lists.read(session.player), {}, {}, {}, {}
  for _, id in ipairs(added) do added_ids[id] = true end
  for _, row in ipairs(on_list(rows, list)) do
    if added_ids[row.member_id] then
      infos[#infos + 1]     = member_info(row)
      updates[#updates + 1] = { member = member_info(row), change = ADDED }
    end
  end
  for i, row in ipairs(removed) do
    gone[i] = { id = row.member_id, name = row.name }
    updates[#updates + 1] = { member = member_info(row), change = REMOVED }
  end
  if #updates > 0 and session.player and session.player.lists_on & 1 << list.id ~= 0 then
    session:notify(UpdateListMembership, { members = updates, list = identification(list) })
  end
  return { members = unless_empty(infos), removed = unless_empty(gone) }
end

local function ids_of(rows)
  local ids = {}
  for i, row in ipairs(rows) do ids[i] = row.member_id end
  return ids
end

-- A route that changes one list: `decide(found, present, rows, request)` gets the players meant, and the rows of the
-- list by id and in order; it returns the ids to add and the rows to remove, or nil and the name of an error.
local function change(strict, decide)
  return {
    login    = true,
    request  = schema.UpdateMembersRequest,
    response = schema.UpdateMembersResponse,
    handle   = function(session, request)
      local player = session.player
      local list, fault = lists.find(request.list)
      if not list then return mu.fail(fault) end
      if request.mutual then return fail "MUTUAL_ACTION_NOT_SUPPORTED" end
      local found, wrong = meant(player, request.members, list.size, strict(request))
      if not found then return fail(wrong) end
      return lists.changing(player, function()
        local rows = on_list(lists.read(player), list)
        local present = {}
        for _, row in ipairs(rows) do present[row.member_id] = row end
        local added, removed = decide(found, present, rows, request)
        if not added then return fail(removed) end
        if #rows + #added - #removed > list.size then return fail "LIST_IS_FULL_OR_TOO_MANY_USERS" end
        lists.change(player, list, added, ids_of(removed))
        return changed(session, list, added, removed)
      end)
    end,
  }
end

association_lists.addUsersToList(change(function() return true end, function(found, present, _, request)
  local added = {}
  for _, row in ipairs(found) do
    if not present[row.id] then
      added[#added + 1] = row.id
    elseif request.validate_add then
      return nil, "MEMBER_ALREADY_IN_THE_LIST"
    end
  end
  return added, {}
end))

association_lists.removeUsersFromList(change(function(request) return request.validate_delete end,
  function(found, present, _, request)
    local removed = {}
    for _, row in ipairs(found) do
      if present[row.id] then
        removed[#removed + 1] = present[row.id]
      elseif request.validate_delete then
        return nil, "MEMBER_NOT_FOUND_IN_THE_LIST"
      end
    end
    return {}, removed
  end))

-- From now on exactly these. A game may name people who never were here: they are left out unless it insists.
association_lists.setUsersToList(change(function(request) return request.validate_add end,
  function(found, present, rows)
    local added, removed, wanted = {}, {}, {}
    for _, row in ipairs(found) do
      wanted[row.id] = true
      if not present[row.id] then added[#added + 1] = row.id end
    end
    for _, row in ipairs(rows) do
      if not wanted[row.member_id] then removed[#removed + 1] = row end
    end
    return added, removed
  end))

-- Runs fn(player, list) for each list of a request; stops at the first error, which it returns.
local function for_each_list(session, request, fn)
  if #request.lists > #lists.declared then return fail "LIST_IS_FULL_OR_TOO_MANY_USERS" end
  local wanted = {}
  for i, id in ipairs(request.lists) do
    local list, fault = lists.find(id)
    if not list then return mu.fail(fault) end
    wanted[i] = list
  end
  local player = session.player
  return lists.changing(player, function()
    for _, list in ipairs(wanted) do
      local failure = fn(player, list)
      if failure then return failure end
    end
  end)
end

association_lists.clearLists {
  login   = true,
  request = schema.UpdateListsRequest,
  handle  = function(session, request)
    if request.mutual then return fail "MUTUAL_ACTION_NOT_SUPPORTED" end
    return for_each_list(session, request, function(player, list)
      local rows = on_list(lists.read(player), list)
      lists.change(player, list, {}, ids_of(rows))
      changed(session, list, {}, rows)
    end)
  end,
}

association_lists.subscribeToLists {
  login   = true,
  request = schema.UpdateListsRequest,
  handle  = function(session, request)
    return for_each_list(session, request, function(player, list)
      if not lists.subscribe(player, list, true) then return fail "LIST_ALREADY_SUBSCRIBED" end
      lists.watch(player)
    end)
  end,
}

association_lists.unsubscribeFromLists {
  login   = true,
  request = schema.UpdateListsRequest,
  handle  = function(session, request)
    return for_each_list(session, request, function(player, list)
      if not lists.subscribe(player, list, false) then return fail "LIST_NOT_SUBSCRIBED" end
    end)
  end,
}
