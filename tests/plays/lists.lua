-- lists.lua: friends and blocks: kept, changed, and who sees that whom is here.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local FRIENDS = { type = 1 }
local BLOCKS  = { name = "blockList" }
local LISTS   = "AssociationLists."

local function logged_in(server, name)
  local client = play.client(server, name)
  steps.create_account(client, name:lower() .. "@example.org", "hunter22")
  return client
end

local function adds(client, other, list)
  return client:asks(LISTS .. "addUsersToList", { list = list or FRIENDS, members = { { id = other.id } } },
    { members = { { member = { id = other.id, name = other.persona }, added = play.any } } })
end

local function removes(client, other, list)
  client:asks(LISTS .. "removeUsersFromList", { list = list or FRIENDS, members = { { id = other.id } } },
    { removed = { { id = other.id } } })
end

local function sees(client, other)
  client:is_notified("UserSessions.UserAdded", {
    user = { id = other.id, name = other.persona }, data = { address = play.where(function(address)
      return not address
    end, "no address") },
  })
  client:is_notified("UserSessions.UserUpdated", { flags = 3, user_id = other.id })
end

local function sees_leaving(client, other)
  client:is_notified("UserSessions.UserUpdated", { flags = 1, user_id = other.id })
end

local function looks(client, ...)
  local ids = {}
  for i, other in ipairs { ... } do ids[i] = { member = { id = other.id, name = other.persona } } end
  client:asks(LISTS .. "getLists", { lists = { { list = FRIENDS, flags = 1 } }, most = 0xFFFFFFFF }, { lists = {
    {
      info = { list = { name = "friendList", type = 1 }, flags = 4, max_size = 200, pair_id = 0 },
      members = play.where(function(list)
        list = list or {}
        if #list ~= #ids then return false end
        for i, info in ipairs(list) do
          if info.member.id ~= ids[i].member.id or info.member.name ~= ids[i].member.name then return false end
        end
        return true
      end, #ids .. " members"),
      offset = 0, total = #ids,
    },
  } })
end

-- A tag as its three bytes on the wire.
local function packed(tag)
  local bits = 0
  for i = 1, 4 do bits = bits << 6 | (tag:byte(i) or 32) - 32 & 63 end
  return (">I3"):pack(bits)
end

play.scene("an empty list is what a game has always got", function()
  local alice = logged_in(play.server {}, "Alice")
  alice:sends(LISTS .. "getLists", {
    lists = { { object = { 0, 0, 0 }, flags = 1, list = { name = "", type = 1 }, max_size = 0, pair_id = 0 } },
    most = 0xFFFFFFFF, offset = 0,
  })
  local answer = alice:next()
  play.equal({ 0x19, 1, alice.id << 8 | 1 }, answer.body.lists[1].info.object, "the list as an object")
  play.equal(nil, answer.bytes:find(packed "MEML", 1, true), "members of an empty list")
  play.equal(true, answer.bytes:find(packed "TOCT", 1, true) ~= nil, "the total of an empty list")
  looks(alice)
end)

play.scene("friends are kept and show as here", function()
  local server = play.server {}
  local alice, bob, carol = logged_in(server, "Alice"), logged_in(server, "Bob"), logged_in(server, "Carol")
  looks(alice)
  adds(alice, bob)
  sees(alice, bob)
  alice:asks(LISTS .. "addUsersToList", { list = FRIENDS, members = { { name = carol.persona:upper() } } },
    { members = { { member = { id = carol.id } } } })
  sees(alice, carol)
  bob:receives_nothing()

  bob:asks("Authentication.logout", {})
  bob:is_notified("UserSessions.UserRemoved", { user_id = bob.id })
  sees_leaving(alice, bob)
  steps.silent_login(bob)
  sees(alice, bob)
  bob:leaves()
  sees_leaving(alice, bob)

  play.kill(server)
  server:restart()
  for _, client in ipairs { alice, carol } do
    client:connects()
    steps.silent_login(client)
  end
  looks(alice, bob, carol)
  sees(alice, carol)
  bob:connects()
  steps.silent_login(bob)
  sees(alice, bob)

  -- What Bob tells of himself reaches his friend, without his address.
  bob:asks("UserSessions.updateNetworkInfo", {
    address = { pair = { external = { ip = 0xCB007107, port = 1 }, internal = { ip = 0xC0A80105, port = 3659 } } },
  })
  bob:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = { address = { pair = play.any } } })
  alice:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
    user_id = bob.id, data = { address = play.where(function(address) return not address end, "no address") },
  })
  removes(alice, bob)
  alice:is_notified("UserSessions.UserRemoved", { user_id = bob.id })
  bob:asks("Authentication.logout", {})
  alice:receives_nothing()
  looks(alice, carol)
end)

play.scene("who is blocked sees nobody", function()
  local server = play.server {}
  local alice, bob = logged_in(server, "Alice"), logged_in(server, "Bob")
  looks(alice)
  adds(alice, bob)
  sees(alice, bob)
  adds(bob, alice, BLOCKS)
  alice:is_notified("UserSessions.UserRemoved", { user_id = bob.id })
  bob:comes_back()
  steps.silent_login(bob)
  alice:receives_nothing()
  alice:comes_back()
  steps.silent_login(alice)
  looks(alice, bob)
  alice:receives_nothing()
  removes(bob, alice, BLOCKS)
  sees(alice, bob)
end)

play.scene("lists are changed as a whole, subscribed to, and not overfilled", function()
  local server = play.server { files = { ["scripts/configs/lists.lua"] = [[
return { { id = 1, name = "friendList", size = 2, presence = true }, { id = 2, name = "blockList", size = 2 } }
]] } }
  local alice, bob = logged_in(server, "Alice"), logged_in(server, "Bob")
  local carol, dave = logged_in(server, "Carol"), logged_in(server, "Dave")
  local function sets(...)
    local members = {}
    for i, other in ipairs { ... } do members[i] = { id = other.id } end
    return { list = FRIENDS, members = members }
  end
  local function may_not(command, request, fault)
    alice:is_refused(LISTS .. command, request, "ASSOCIATIONLIST_ERR_" .. fault)
  end
  alice:asks(LISTS .. "setUsersToList", sets(bob, carol), { members = { { member = { id = bob.id } }, {} } })
  may_not("addUsersToList", sets(dave), "LIST_IS_FULL_OR_TOO_MANY_USERS")
  may_not("addUsersToList", sets(bob, carol, dave), "LIST_IS_FULL_OR_TOO_MANY_USERS")
  may_not("addUsersToList", sets(alice), "CANNOT_INCLUDE_SELF")
  may_not("addUsersToList", sets({ id = 4711 }), "USER_NOT_FOUND")
  may_not("addUsersToList", sets(bob, bob), "DUPLICATE_USER_FOUND")
  may_not("addUsersToList", { list = FRIENDS, members = { {} } }, "INVALID_USER")
  may_not("addUsersToList", { list = { type = 77 }, members = {} }, "LIST_NOT_FOUND")
  may_not("addUsersToList", { list = { name = "x" }, members = {} }, "INVALID_LIST_NAME")
  may_not("addUsersToList", { list = FRIENDS, members = {}, mutual = true }, "MUTUAL_ACTION_NOT_SUPPORTED")
  may_not("addUsersToList", { list = FRIENDS, members = { { id = bob.id } }, validate_add = true },
    "MEMBER_ALREADY_IN_THE_LIST")
  may_not("removeUsersFromList", { list = FRIENDS, members = { { id = dave.id } }, validate_delete = true },
    "MEMBER_NOT_FOUND_IN_THE_LIST")
  may_not("getLists", { lists = { {} } }, "INVALID_LIST_NAME")
  may_not("getLists", { lists = { { list = FRIENDS }, { list = FRIENDS }, { list = FRIENDS } } },
    "LIST_IS_FULL_OR_TOO_MANY_USERS")
  alice:asks(LISTS .. "removeUsersFromList", sets(dave), play.exactly {})
  alice:asks(LISTS .. "setUsersToList", sets(carol, dave),
    { members = { { member = { id = dave.id } } }, removed = { { id = bob.id } } })
  alice:asks(LISTS .. "getListForUser", { list = FRIENDS, offset = 1, most = 1 },
    { members = { { member = { id = dave.id } } }, offset = 1, total = 2 })
  alice:is_refused(LISTS .. "getListForUser", { list = FRIENDS, user_id = bob.id }, "ERR_AUTHORIZATION_REQUIRED")
  alice:asks(LISTS .. "getConfigListsInfo", {}, { lists = { { id = 1, name = "friendList", size = 2 }, { id = 2 } } })

  may_not("unsubscribeFromLists", { lists = { { type = 77 } } }, "LIST_NOT_FOUND")
  alice:asks(LISTS .. "subscribeToLists", { lists = { FRIENDS } })
  for _ = 1, 2 do
    local added = alice:is_notified("UserSessions.UserAdded", {})
    alice:is_notified("UserSessions.UserUpdated", { flags = 3, user_id = added.user.id })
  end
  may_not("subscribeToLists", { lists = { FRIENDS } }, "LIST_ALREADY_SUBSCRIBED")
  alice:asks(LISTS .. "clearLists", { lists = { FRIENDS } })
  local got = {}
  for i = 1, 3 do got[i] = alice:next().name end
  play.equal({ "UserSessions.UserRemoved", "UserSessions.UserRemoved", LISTS .. "NotifyUpdateListMembership" }, got,
    "what Alice is told")
  adds(alice, bob)
  sees(alice, bob)
  alice:is_notified(LISTS .. "NotifyUpdateListMembership",
    { list = { type = 1 }, members = { { change = 1, member = { member = { id = bob.id } } } } })
  alice:asks(LISTS .. "unsubscribeFromLists", { lists = { FRIENDS } })
  alice:is_notified("UserSessions.UserRemoved", { user_id = bob.id })
  may_not("unsubscribeFromLists", { lists = { FRIENDS } }, "LIST_NOT_SUBSCRIBED")
end)
