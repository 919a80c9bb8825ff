-- player.lua: one player of a soak: a game that answers what it hears as the real one does, and asks for something at
-- random. He does not know what the others do, so many of his wishes are refused: that is part of it. What may not
-- happen: no answer, an answer that names a fault of the server, a connection that ends although he did not end it.
--
--   local player = players.new(server, crowd, "soak1")
--   player:lives()                                      one life: in, some wishes, out (or gone without a word)
local play   = require "plays.lib.play"
local steps  = require "plays.lib.steps"
local match  = require "plays.lib.match_steps"
local search = require "plays.lib.search_steps"

local ANSWER_SECONDS = 60
local CONNECTED      = 2                         -- of a link
local LEFT           = 6
local PRE_GAME, IN_GAME = 130, 131
local WISHES         = 20                        -- of one life, at most
local CONFIGS        = { "ME3_DATA", "ME3_MSG", "ME3_ENT", "ME3_DIME", "ME3_BINI_VERSION" }

-- Refusals that only say that the world has moved on, by the beginnings of their names.
local FINE = { "GAMEMANAGER_ERR_", "UTIL_USS_RECORD_NOT_FOUND", "ERR_AUTHORIZATION_REQUIRED" }

local function is_fine(fault)
  for _, beginning in ipairs(FINE) do
    if fault:sub(1, #beginning) == beginning then return true end
  end
end

local player = {}
player.__index = player

local players = {}

-- `crowd`: what all share: { ids = list of player ids, asked = counter, heard = counter, refused = { text = count } }.
function players.new(server, crowd, name)
  return setmetatable({ server = server, crowd = crowd, name = name, duties = {} }, player)
end

-- What he hears -------------------------------------------------------------------------------------------------------

function player:must(duty) self.duties[#self.duties + 1] = duty end

function player:links_to(other)
  self:must(function()
    self:asks("GameManager.updateMeshConnection", {
      game_id = self.game, targets = { { flags = 0, player_id = other, status = CONNECTED } },
    })
  end)
end

local hears = {}

hears["GameManager.NotifyGameSetup"] = function(self, body)
  self.game, self.host, self.search = body.game.id, body.game.platform_host.player_id, nil
  if self.host ~= self.id then self:links_to(self.host) end
end

hears["GameManager.NotifyPlayerJoining"] = function(self, body)
  local other = body.player.player_id
  if self.host ~= self.id then return end
  self:links_to(other)
  self:must(function() self:asks("GameManager.addAdminPlayer", { game_id = self.game, player_id = other }) end)
end

hears["GameManager.NotifyPlayerRemoved"] = function(self, body)
  if body.player_id == self.id and body.game_id == self.game then self.game = nil end
end

hears["GameManager.NotifyGameRemoved"] = function(self, body)
  if body.game_id == self.game then self.game = nil end
end

hears["GameManager.NotifyHostMigrationStart"] = function(self, body)
  self.host = body.player_id
  if self.host ~= self.id then return self:links_to(self.host) end
  self:must(function() self:asks("GameManager.updateGameHostMigrationStatus", { game_id = self.game, kind = 2 }) end)
end

hears["GameManager.NotifyMatchmakingFailed"] = function(self) self.search = nil end

function player:hears(message)
  self.crowd.heard = self.crowd.heard + 1
  local reaction = hears[message.name]
  if reaction then reaction(self, message.body) end
end

-- What he asks --------------------------------------------------------------------------------------------------------

function player:fails(format, ...) play.fails("%s: %s", self.name, format:format(...)) end

-- The answer's body, or nil and the refusal's name.
function player:asks(name, body)
  local number = self.client.link:send(name, body or {})
  self.crowd.asked = self.crowd.asked + 1
  while true do
    local message = self.client.link:receive(ANSWER_SECONDS)
    if not message then
      self:fails("%s: %s", name, self.client.link.closed and "the server ended the connection" or "no answer")
    elseif message.kind == "notification" then
      self:hears(message)
    elseif message.number ~= number then
      self:fails("%s #%d was answered by %s #%d", name, number, message.name, message.number)
    elseif not message.error then
      return message.body
    else
      if not is_fine(message.error) then self:fails("%s was refused with %s", name, message.error) end
      local text = name .. ": " .. message.error
      self.crowd.refused[text] = (self.crowd.refused[text] or 0) + 1
      return nil, message.error
    end
  end
end

-- Hears for a while, and does what has to be done about it.
function player:listens(seconds)
  local until_then = mu.time.mono() + seconds
  repeat
    local duty = table.remove(self.duties, 1)
    if duty then
      if self.game then duty() end
    else
      local message = self.client.link:receive(math.max(0, until_then - mu.time.mono()))
      if message then self:hears(message) end
      if self.client.link.closed then self:fails "the server ended the connection" end
    end
  until #self.duties == 0 and mu.time.mono() >= until_then
end

-- His wishes ----------------------------------------------------------------------------------------------------------

local wishes = {}

function wishes.ping(self) self:asks "Util.ping" end

function wishes.config(self) self:asks("Util.fetchClientConfig", { id = CONFIGS[math.random(#CONFIGS)] }) end

function wishes.save(self)
  self:asks("Util.userSettingsSave", {
    key = "class" .. math.random(6), value = ("20;4;Adept;%d;0.0000;%d"):format(math.random(20), math.random(50)),
  })
end

function wishes.progress(self)
  self:asks("Util.userSettingsSave", { key = "Progress", value = "22," .. ("0,"):rep(757) .. math.random(1000) })
end

function wishes.load(self) self:asks "Util.userSettingsLoadAll" end

function wishes.board(self)
  self:asks("Stats.getCenteredLeaderboard", { board_name = "N7RatingGlobal", center = self.id, count = 60 })
end

function wishes.lists(self) self:asks "AssociationLists.getLists" end

function wishes.creates(self)
  if self.game or self.search then return end
  local made = self:asks("GameManager.createGame", {
    attributes = search.attributes(), settings = 287, capacities = { 4, 0 }, max_capacity = 4, presence = 1, voip = 2,
    version = match.VERSION, host_addresses = { self.client.address },
  })
  if not made then return end
  self:listens(0)
  self:asks("GameManager.finalizeGameCreation", { game_id = made.game_id })
  self:asks("GameManager.advanceGameState", { game_id = made.game_id, state = PRE_GAME })
end

function wishes.joins(self)
  if self.game or self.search then return end
  local ids = self.crowd.ids
  self:asks("GameManager.joinGame",
    { user = { id = ids[math.random(#ids)] }, method = 4, version = match.VERSION })
end

function wishes.searches(self)
  if self.game or self.search then return end
  local found = self:asks("GameManager.startMatchmaking", search.request { duration = 5000 })
  self.search = found and not self.game and found.matchmaking_id
end

function wishes.gives_up(self)
  if self.search then self:asks("GameManager.cancelMatchmaking", { matchmaking_id = self.search }) end
end

function wishes.plays(self)
  if not self.game or self.host ~= self.id then return end
  self:asks("GameManager.advanceGameState", { game_id = self.game, state = IN_GAME })
  self:listens(0.05)
  if self.game then self:asks("GameManager.replayGame", { game_id = self.game }) end
end

function wishes.changes_the_map(self)
  if not self.game or self.host ~= self.id then return end
  self:asks("GameManager.setGameAttributes",
    { game_id = self.game, attributes = { ME3map = "map" .. math.random(8) } })
end

function wishes.leaves_the_game(self)
  if not self.game then return end
  self:asks("GameManager.removePlayer", { game_id = self.game, player_id = self.id, reason = LEFT })
end

local names = {}
for name in pairs(wishes) do names[#names + 1] = name end
table.sort(names)

-- His life ------------------------------------------------------------------------------------------------------------

function player:comes()
  self.client = play.client(self.server, self.name, { via = math.random(2) == 1 and "upgrade" or "blaze" })
  self.client.persona, self.client.id, self.client.token = self.persona, self.id, self.token
  self.game, self.host, self.search, self.duties = nil, nil, nil, {}
  if not self.id then
    steps.create_account(self.client, self.name .. "@example.org", "hunter22")
    self.id, self.persona = self.client.id, self.client.persona
    table.insert(self.crowd.ids, self.id)
  else
    local hello = self:asks("Authentication.silentLogin", { token = self.token, persona_id = self.id, token_type = 2 })
    self.client.token = hello.token
  end
  self.token = self.client.token
  self.client.address = { pair = {
    external = { ip = 0xCB007100 + self.id % 256, port = 3659 },
    internal = { ip = 0xC0A80100 + self.id % 256, port = 3659 },
  } }
  self:asks("UserSessions.updateNetworkInfo", {
    address = self.client.address, latencies = { ["ea-sjc"] = math.random(200) },
    qos     = { downstream_bits_per_second = 96000000, nat_type = math.random(5) - 1 },
  })
end

-- Once in three he goes without a word, in the middle of a question.
function player:goes()
  local how = math.random(3)
  if how == 1 then self.client.link:send("Util.userSettingsLoadAll", {}) end
  if how == 2 then self:asks "Authentication.logout" end
  self.client:leaves()
end

function player:lives(goes_on)
  self:comes()
  for _ = 1, math.random(WISHES) do
    if not goes_on() then break end
    wishes[names[math.random(#names)]](self)
    self:listens(math.random() * 0.2)
  end
  self:goes()
end

return players
