-- lib/match_steps.lua: what games do when they play together, and what each of them must hear of it, in order.
--
--   local lobby = match.lobby(alice)                   alice makes a game and opens it
--   match.joins(bob, lobby)                            joinGame; everybody hears the right things
--   match.meshes(bob, lobby)                           bob and the host find each other; bob is in
--   match.leaves(bob, lobby)                           and is gone, for everybody
--
-- A lobby knows its members by slot ({ [0] = alice, bob }, holes where somebody left), its host and its id.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local match = { VERSION = "ME3-295976325-179181965240128" }

local VERSION = match.VERSION
local IN_GAME_SETTINGS <const> = 287
local CONNECTING, CONNECTED = 2, 4
local INVITE  = 4
local LEFT    = 6
local TUNNEL  = { address = { ip = 0x7F000001, port = 42132 } }

match.ATTRIBUTES = {
  ME3_dlc2300 = "required", ME3_dlc2500 = "required", ME3gameDifficulty = "difficulty1", ME3gameEnemyType = "enemy2",
  ME3map = "map2", ME3privacy = "PUBLIC",
}

local next_address = 0

-- A player with an account, logged in, whose network is known.
function match.player(server, name, how)
  how = how or {}
  local client = play.client(server, name, how)
  play.without_steps(function()
    steps.create_account(client, name:lower() .. "@example.org", "hunter22")
    match.network(client, how.nat or 1, how.latency or 50)
  end)
  return client
end

function match.network(client, nat, latency)
  next_address = next_address + 1
  client.address = {
    pair = {
      external = { ip = 0xCB007100 + next_address % 256, port = 3659 },
      internal = { ip = 0xC0A80100 + next_address % 256, port = 3659 },
    },
  }
  client:asks("UserSessions.updateNetworkInfo", {
    address = client.address, latencies = { ["ea-sjc"] = latency },
    qos     = { downstream_bits_per_second = 96000000, nat_type = nat, upstream_bits_per_second = 67200000 },
  })
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", { user_id = client.id })
end

-- The members of a lobby, as a list in the order of their slots.
function match.members(lobby)
  local list = {}
  for slot = 0, 3 do list[#list + 1] = lobby.at[slot] end
  return list
end

function match.tells(lobby, name, expected, but)
  for _, client in ipairs(match.members(lobby)) do
    if client ~= but then client:is_notified("GameManager." .. name, expected) end
  end
end

local NONE = play.where(function(list) return list == nil or #list == 0 end, "none")

local function in_game(client, lobby)
  return { user_id = client.id, data = { objects = lobby and { { 4, 1, lobby.id } } or NONE } }
end

local function player(client, lobby, state)
  return {
    game_id = lobby.id, player_id = client.id, name = client.persona, slot = client.slot, state = state,
    address = client.address, slot_type = 0, team = 65535, user_group = { 0, 0, 0 }, custom_data = "",
    joined  = play.where(function(time) return (time == 0) == (state == CONNECTING) end, "the time he joined"),
  }
end

match.player_body = player

-- What GameSetup must be for `client`.
function match.setup(client, lobby, reason)
  local players, admins = {}, {}
  for i, member in ipairs(match.members(lobby)) do
    players[i] = player(member, lobby, member.state)
    if member.admin and member ~= lobby.host then admins[#admins + 1] = member.id end
  end
  table.insert(admins, 1, lobby.host.id)
  local host = { player_id = lobby.host.id, slot = lobby.host.slot }
  return {
    game = {
      id = lobby.id, name = lobby.host.persona, admins = admins,
      attributes = lobby.attributes, settings = lobby.settings,
      capacities = { 4, 0 }, max_capacity = 4, version = VERSION, version_hash = 406716719008519622, voip = 2,
      state = lobby.state, presence = 1, platform_host = host, topology_host = host,
      topology = lobby.tunnelled and 1 or 0,
      host_addresses = { lobby.tunnelled and TUNNEL or lobby.host.address },
      qos = { downstream_bits_per_second = 96000000 },
    },
    players = players, reason = reason,
  }
end

-- `client` makes a game and opens it to others. `options`: settings, attributes, closed = leave it as it was made,
-- tunnelled = his host's address is that of a tunnel.
function match.lobby(client, options)
  options = options or {}
  local attributes = options.attributes or match.ATTRIBUTES
  local lobby = {
    at = { [0] = client }, host = client, state = 1, settings = options.settings or IN_GAME_SETTINGS,
    attributes = attributes, tunnelled = options.tunnelled,
  }
  client.slot, client.state, client.admin = 0, CONNECTED, true
  lobby.id = client:asks("GameManager.createGame", {
    attributes = attributes, settings = lobby.settings, capacities = { 4, 0 }, max_capacity = 4, presence = 1,
    voip = 2, version = VERSION, name = "somebody@example.org", team = 65535, host_addresses = { client.address },
  }, { game_id = play.where(function(id) return id > 0 and id < 1 << 24 end, "a game's id") }).game_id
  local setup = client:is_notified("GameManager.NotifyGameSetup",
    match.setup(client, lobby, { direct = { context = 0 } }))
  lobby.seed, lobby.uuid, lobby.reporting_id = setup.game.seed, setup.game.uuid, setup.game.reporting_id
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", in_game(client, lobby))
  client:asks("GameManager.finalizeGameCreation", { game_id = lobby.id })
  if not options.closed then match.state(lobby, 130) end
  return lobby
end

-- The host advances the game.
function match.state(lobby, state)
  lobby.host:asks("GameManager.advanceGameState", { game_id = lobby.id, state = state })
  lobby.state = state
  match.tells(lobby, "NotifyGameStateChange", { game_id = lobby.id, state = state })
end

function match.attributes(lobby, changed)
  lobby.host:asks("GameManager.setGameAttributes", { game_id = lobby.id, attributes = changed })
  local now = {}
  for key, value in pairs(lobby.attributes) do now[key] = value end
  for key, value in pairs(changed) do now[key] = value end
  lobby.attributes = now
  match.tells(lobby, "NotifyGameAttribChange", { game_id = lobby.id, attributes = play.exactly(changed) })
end

function match.settings(lobby, settings)
  lobby.host:asks("GameManager.setGameSettings", { game_id = lobby.id, settings = settings })
  lobby.settings = settings
  match.tells(lobby, "NotifyGameSettingsChange", { game_id = lobby.id, settings = settings })
end

local function meets(one, other)
  one:is_notified("UserSessions.UserAdded", { user = { id = other.id, name = other.persona } })
  one:is_notified("UserSessions.UserUpdated", { user_id = other.id, flags = 3 })
end

-- Everything that is heard when `client` comes into a lobby by whatever way: `reason` as GameSetup has it.
function match.enters(client, lobby, reason)
  local others = match.members(lobby)
  local slot = 0
  while lobby.at[slot] do slot = slot + 1 end
  client.slot, client.state, client.admin, lobby.at[slot] = slot, CONNECTING, false, client
  for _, other in ipairs(others) do meets(client, other) end
  local setup = client:is_notified("GameManager.NotifyGameSetup", match.setup(client, lobby, reason))
  play.equal({ lobby.seed, lobby.uuid, lobby.reporting_id },
             { setup.game.seed, setup.game.uuid, setup.game.reporting_id }, "what all members share")
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", in_game(client, lobby))
  for _, other in ipairs(others) do
    meets(other, client)
    other:is_notified("GameManager.NotifyPlayerJoining", {
      game_id = lobby.id, player = player(client, lobby, CONNECTING),
    })
    other:is_notified("UserSessions.UserSessionExtendedDataUpdate", in_game(client, lobby))
  end
end

-- `client` joins by joinGame: the host's game, or whatever `request` says.
function match.joins(client, lobby, request)
  request = request or { user = { id = lobby.host.id }, method = INVITE }
  request.version = request.version or VERSION
  client:asks("GameManager.joinGame", request, { game_id = lobby.id, join_state = 0 })
  match.enters(client, lobby, { direct = { context = 1 } })
end

function match.reports(client, lobby, other, status)
  client:asks("GameManager.updateMeshConnection", {
    game_id = lobby.id, targets = { { flags = 0, player_id = other.id, status = status } },
  })
end

-- Everybody hears that `client` is connected.
function match.is_in(client, lobby)
  client.state = CONNECTED
  for _, member in ipairs(match.members(lobby)) do
    member:is_notified("GameManager.NotifyGamePlayerStateChange", {
      game_id = lobby.id, player_id = client.id, state = CONNECTED,
    })
    member:is_notified("GameManager.NotifyPlayerJoinCompleted", { game_id = lobby.id, player_id = client.id })
  end
end

-- The host makes `client` an admin, as hosts do with everybody who has joined.
function match.admin(client, lobby)
  lobby.host:asks("GameManager.addAdminPlayer", { game_id = lobby.id, player_id = client.id })
  client.admin = true
  match.tells(lobby, "NotifyAdminListChange", {
    player_id = client.id, game_id = lobby.id, operation = 0, updater_id = lobby.host.id,
  })
end

-- `client` and the host find each other; `first` says which of the two reports first ("host" if not given).
function match.meshes(client, lobby, first)
  local one, other = lobby.host, client
  if first == "guest" then one, other = other, one end
  match.reports(one, lobby, other, 2)
  match.is_in(client, lobby)
  match.reports(other, lobby, one, 2)
  match.admin(client, lobby)
end

-- Joins and meshes.
function match.comes(client, lobby, first)
  match.joins(client, lobby)
  match.meshes(client, lobby, first)
end

-- Everything the others hear when `client` goes, and he himself unless he is `deaf`; the host does not change.
function match.goes(client, lobby, reason, deaf, updater)
  lobby.at[client.slot] = nil
  local others = match.members(lobby)
  local removed = { game_id = lobby.id, player_id = client.id, reason = reason }
  for _, other in ipairs(others) do
    other:is_notified("GameManager.NotifyPlayerRemoved", removed)
    other:is_notified("UserSessions.UserRemoved", { user_id = client.id })
    other:is_notified("GameManager.NotifyAdminListChange", {
      player_id = client.id, game_id = lobby.id, operation = 1, updater_id = (updater or lobby.host).id,
    })
  end
  if deaf then return end
  client:is_notified("GameManager.NotifyPlayerRemoved", removed)
  for _, other in ipairs(others) do client:is_notified("UserSessions.UserRemoved", { user_id = other.id }) end
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", in_game(client, nil))
end

-- `client` leaves by himself.
function match.leaves(client, lobby)
  client:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = client.id, reason = LEFT })
  match.goes(client, lobby, LEFT)
end

-- The host goes by himself; `successor` must be chosen. Everybody hears that the game migrates, and to whom.
function match.host_leaves(lobby, successor)
  local old = lobby.host
  old:asks("GameManager.removePlayer", { game_id = lobby.id, player_id = old.id, reason = LEFT })
  match.goes(old, lobby, LEFT, false, successor)
  match.migrates(lobby, successor)
end

function match.migrates(lobby, successor)
  lobby.host, successor.admin = successor, true
  match.tells(lobby, "NotifyGameStateChange", { game_id = lobby.id, state = 5 })
  match.starts_migration(lobby, successor)
end

function match.starts_migration(lobby, successor)
  lobby.host, successor.admin = successor, true
  match.tells(lobby, "NotifyHostMigrationStart", {
    game_id = lobby.id, player_id = successor.id, kind = 2, slot = successor.slot,
  })
end

-- Everybody hears that it is done, and that the game is what it was.
function match.has_migrated(lobby)
  match.tells(lobby, "NotifyHostMigrationFinished", { game_id = lobby.id })
  match.tells(lobby, "NotifyGameStateChange", { game_id = lobby.id, state = lobby.state })
end

-- The new host's machine says that it has taken over.
function match.takes_over(lobby)
  lobby.host:asks("GameManager.updateGameHostMigrationStatus", { game_id = lobby.id, kind = 2 })
  match.has_migrated(lobby)
end

-- `client` and the new host find each other.
function match.relinks(client, lobby, first)
  local one, other = lobby.host, client
  if first == "guest" then one, other = other, one end
  match.reports(one, lobby, other, 2)
  match.tells(lobby, "NotifyGamePlayerStateChange", { game_id = lobby.id, player_id = client.id, state = CONNECTED })
  match.reports(other, lobby, one, 2)
end

-- A lobby of these players, the first of them its host, all connected. How they come in is another play's matter.
function match.together(players, options)
  local lobby
  play.without_steps(function()
    lobby = match.lobby(players[1], options)
    for i = 2, #players do match.comes(players[i], lobby) end
  end)
  return lobby
end

-- Four players in one lobby.
function match.four(server, options)
  local all = {}
  for i, name in ipairs { "Alice", "Bob", "Carol", "Dave" } do all[i] = match.player(server, name) end
  return match.together(all, options), table.unpack(all)
end

-- Nobody in the lobby hears anything more.
function match.is_quiet(lobby)
  for _, client in ipairs(match.members(lobby)) do client:receives_nothing() end
end

return match
