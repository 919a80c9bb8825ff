-- http/api/games.lua: the games that are there, over the REST API.
local config  = mu.config
local api     = require "http.api.api"
local games   = require "services.games"
local network = require "services.network"
local roles   = require "services.roles"
local types   = require "http.api.types"

local STATES = {
  [0] = "NewState", "Initializing", "InactiveVirtual", "ConnectionVerification", "PostGame", "Migrating", "Destructing",
  "Resettable", "ReplaySetup", "Unresponsive", [16] = "GameGroupInitialized", [130] = "PreGame", [131] = "InGame",
}
local NAT = { [0] = "Open", "Moderate", "StrictSequential", "Strict", "Unknown" }

local Game = types.object {
  id = types.u32, state = types.text, setting = types.integer, attributes = types.texts,
  players = types.nullable(types.list(types.object({
    player_id = types.u32, display_name = types.text, net = types.nullable(types.object {}),
  }))),
  total_players = types.integer, created_at = types.Time,
}

local function address(ip, port) return { address = network.text(ip), port = port } end

local function net_of(session)
  local pair = session.has_address and {
    external = address(session.external_ip, session.external_port),
    internal = address(session.internal_ip, session.internal_port),
  } or mu.null
  local latencies = {}
  for _, value in pairs(session.latencies) do latencies[#latencies + 1] = value end
  return {
    addr = pair, groups = pair,                  -- the dashboard reads it under the second name
    qos = { dbps = session.downstream, natt = NAT[session.nat_type] or "Unknown", ubps = session.upstream },
    hardware_flags = session.hardware_flags & 1 ~= 0 and "VOIP_HEADSET_STATUS" or "",
    ping_site_latency = mu.json.list(latencies),
  }
end

local function players_of(game, caller)
  if not caller and config.api.public_games_hide_players then return mu.null end
  local list, whole = {}, caller and roles.at_least(caller.role, "admin")
  for i, member in ipairs(games.members(game)) do
    list[i] = { player_id = member.player_id, display_name = member.session.player.name,
                net = whole and net_of(member.session) or mu.null }
  end
  return mu.json.list(list)
end

local function shown(game, caller)
  local attributes = {}
  for name, value in pairs(game.attributes) do attributes[name] = value end
  return {
    id = game.id, state = STATES[game.state] or "Unresponsive", setting = game.settings, attributes = attributes,
    players = players_of(game, caller), total_players = #game.members, created_at = api.time(game.created),
  }
end

api.get("/api/games", {
  text = "The games that are there, in the order of their ids.", login = "optional", query = types.page(20),
  response = types.object { games = types.list(Game), more = types.boolean, total_items = types.integer },
  handle = function(caller, request)
    local refusal = api.games_refused(caller)
    if refusal then return refusal end
    local ids, list = {}, {}
    for game in games.kind.all() do ids[#ids + 1] = game.id end
    table.sort(ids)                              -- numbers: thousands of them take a few milliseconds
    local skip, more = api.page(request.query, #ids)
    for i = skip + 1, math.min(skip + request.query.count, #ids) do
      list[#list + 1] = shown(games.get(ids[i]), caller)
    end
    return { games = mu.json.list(list), more = more, total_items = #ids }
  end,
})

api.get("/api/games/{id}", {
  text = "One game.", login = "optional", params = { id = types.u32 }, response = Game,
  handle = function(caller, request)
    local refusal = api.games_refused(caller)
    if refusal then return refusal end
    local game = games.get(request.params.id)
    return game and shown(game, caller) or api.refuse(404, "Game not found")
  end,
})
