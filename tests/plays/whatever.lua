-- whatever.lua: a player sends whatever he likes, to every route there is: made of the declarations, so that a new
-- message is tried, too. He gets answers and errors of the protocol; no script fails, and nobody else notices.
local play    = require "plays.lib.play"
local console = require "plays.lib.console"
local match   = require "plays.lib.match_steps"

local ROUNDS = mu.test.mode == "plain" and 25 or 4
local TRIES  = 40                                -- of a round

-- Routes that end what the others need, or wait for a password on purpose.
local NOT_THESE = {
  ["Authentication.logout"] = true, ["Authentication.login"] = true, ["Authentication.createAccount"] = true,
  ["Authentication.expressLogin"] = true, ["Authentication.originLogin"] = true,
  ["Authentication.silentLogin"] = true, ["GameManager.destroyGame"] = true,
}

local seed = 20261121
local function random(most)
  seed = (seed * 6364136223846793005 + 1442695040888963407)
  return (seed >> 33) % most + 1
end
local function one_of(list) return list[random(#list)] end

local STRINGS = {
  "", "%", "%1%s%d{name}", "Bob", "ME3map", "ME3gameState", "IN_GAME_STARTING", "IN_GAME_FINISHING", "IN_LOBBY",
  "map2", "abstain", "N7RatingGlobal", "N7Rating%%", "N7RatingDE", "ME3_MSG", "\xFF\xFE\xC0", "a\nb", ("x"):rep(65),
  ("%a"):rep(150), ("y"):rep(5000), "Base", "class1", "char0", "Progress", "Completion", "-1", "cem_ea_id",
  "20;4;%s;99999999999999999999;nan;-1",
}
local NUMBERS = {
  0, 0, 1, 1, 2, 3, 4, 8, 16, 130, 131, 255, -1, 256, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFFF, 0x100000000,
  math.maxinteger, math.mininteger,
}
local WHO = { player_id = true, user_id = true, id = true }

local structs = {}                               -- name → as declared

local value

local function struct_of(name, world, depth)
  local body, declared = {}, structs[name]
  for _, field in ipairs(declared and declared.fields or {}) do
    if random(4) > 1 then body[field.name] = value(field, world, depth + 1) end
  end
  return body
end

function value(field, world, depth)
  local kind = field.type
  if depth > 5 then return nil end
  if kind == "boolean" then return random(2) == 1 end
  if kind == "string" then return one_of(STRINGS) end
  if kind == "integer" then
    if field.name == "game_id" and random(8) > 1 then return world.game_id end
    if WHO[field.name] and random(3) > 1 then return one_of(world.ids) end
    return one_of(NUMBERS)
  end
  local item = kind:match "^(.*)%[%]$"
  if item then
    local list = {}
    for i = 1, random(4) - 1 do list[i] = value({ name = field.name, type = item }, world, depth + 1) end
    return list
  end
  local key, of = kind:match "^table<(%w+), (.*)>$"
  if key then
    local map = {}
    for _ = 1, random(4) - 1 do
      local k = key == "string" and one_of(STRINGS) or one_of(NUMBERS)
      map[k] = value({ name = field.name, type = of }, world, depth + 1)
    end
    return map
  end
  return struct_of(kind:gsub("^schema%.", ""), world, depth)
end

-- Sends one request; what comes until its answer is read away. The name of the error, "unsaid" when no message can say
-- that; and the answer.
local function tries(client, name, body)
  local fine, number = pcall(client.link.send, client.link, name, body)
  if not fine then return "unsaid" end
  while true do
    local message = client:next()
    if message.kind ~= "notification" and message.number == number then return message.error, message.body end
  end
end

local function reads_away(client) tries(client, "Util.ping", {}) end

-- All of them in a game of one of the first two.
local function gather(everybody, world)
  for _, client in ipairs(everybody) do reads_away(client) end
  local host = everybody[random(2)]
  local fault, made = tries(host, "GameManager.createGame", { attributes = match.ATTRIBUTES, settings = 287 })
  if fault then play.fails("there is no game to try in: %s", fault) end
  world.game_id = made.game_id
  for _, other in ipairs(everybody) do
    if other ~= host then tries(other, "GameManager.joinGame", { user = { id = host.id }, method = 4 }) end
  end
  return host
end

local function tries_something(client, routes, world)
  local route = one_of(routes)
  for _ = 1, 8 do
    local body = struct_of(route.request or "", world, 0)
    if tries(client, route.name, body) ~= "unsaid" then break end
  end
  if client.link.closed then play.fails("%s ended the connection", route.name) end
end

-- What can be sent, in an order that is always the same.
local function routes_to_try()
  local routes = {}
  for _, route in ipairs(mu.declared "routes") do
    if not NOT_THESE[route.name] then routes[#routes + 1] = route end
  end
  table.sort(routes, function(a, b) return a.name < b.name end)
  for _, one in ipairs(mu.declared "structs") do structs[one.name] = one end
  return routes
end

play.scene("whatever a player sends", function()
  local server = play.server { set = { "limits.changes_per_minute=0" } }
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  local routes, world = routes_to_try(), { ids = { alice.id, bob.id, carol.id } }
  for _ = 1, ROUNDS do
    mu.test.step()
    play.without_steps(function()
      local host = gather({ alice, bob, carol }, world)
      for _ = 1, TRIES do tries_something(one_of { alice, bob, host }, routes, world) end
    end)
  end
  console.does(server, "errors handlers --trace", "no handler has failed")
  local wrong = server:log():match "[^\n]* error [^\n]*"
  if wrong then play.fails("the log says: %s", wrong) end
end)

-- Going in the middle ------------------------------------------------------------------------------------------------

local function log_in(client, as)
  pcall(client.link.send, client.link, "Authentication.silentLogin",
    { token = as.token, persona_id = as.id, token_type = 2 })
end

-- Each sends a few things and waits for nothing; one goes, or somebody else logs in to his account.
local function rushes(server, everybody, routes, world)
  for _, client in ipairs(everybody) do
    for _ = 1, random(4) do
      local route = one_of(routes)
      pcall(client.link.send, client.link, route.name, struct_of(route.request or "", world, 0))
    end
  end
  local victim = one_of(everybody)
  if random(2) == 1 then return victim:leaves() end
  local other = play.client(server, "another " .. victim.name, {})
  log_in(other, victim)
  if random(2) == 1 then other:leaves() end
end

play.scene("who goes, or is sent away, while his requests are being answered leaves nothing behind", function()
  local server    = play.server { set = { "games.seat_seconds=1", "limits.changes_per_minute=0" } }
  local everybody = { match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol") }
  local routes, world = routes_to_try(), { ids = { everybody[1].id, everybody[2].id, everybody[3].id } }
  for _ = 1, ROUNDS do
    mu.test.step()
    play.without_steps(function()
      for _, client in ipairs(everybody) do
        client:comes_back()
        log_in(client, client)
      end
      pcall(gather, everybody, world)            -- whoever was sent away meanwhile is in no game
      for _ = 1, 3 do rushes(server, everybody, routes, world) end
    end)
  end
  play.leave_all()
  console.until_it_says(server, "players list --online", "\n0 online")
  console.does(server, "games list", "0 games, 0 players in them")
  console.does(server, "matchmaking list", "searches: 0, games: 0")
  console.does(server, [[> require("services.games_records").member.count()]], "0")
  for wrong in server:log():gmatch "[^\n]* error [^\n]*" do
    if not wrong:find " %d+ is gone" then play.fails("the log says: %s", wrong) end
  end
end)
