-- games_replay.lua: several matches of the same players; what is written down of them, and what games report.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local LEFT = 6

-- What the server has in store, for the play to see, and the events that scripts hear.
local WINDOW = [[
local matches = require "services.games_matches"

for _, event in ipairs { "game_created", "match_started", "player_joined" } do
  mu.on(event, function(game, id) mu.log.info("heard %s %d %s", event, game.id, id or "-") end)
end
mu.on("player_left", function(game, id, reason) mu.log.info("heard player_left %d %d", id, reason) end)
mu.on("game_destroyed", function(id) mu.log.info("heard game_destroyed %d", id) end)
mu.on("match_finished", function(game, result)
  mu.log.info("heard match_finished %d of %s with %d", result.id, game or "nobody", #result.players)
end)
mu.on("game_reported", function(player, report) mu.log.info("heard game_reported %s", report.country) end)

mu.http.get("/test/matches/{player}", { handle = function(request)
  return { json = mu.json.list(matches.of_player(tonumber(request.params.player), 10)) }
end })
mu.http.get("/test/noted/{game}", { handle = function(request)
  local match = matches.current(require("services.games").get(tonumber(request.params.game)))
  for _, player in ipairs(match.players) do
    if not player.noted then return { json = false } end
  end
  return { json = true }
end })
mu.http.get("/test/reports/{player}", { handle = function(request)
  return { json = mu.json.list(mu.store.read("SELECT * FROM game_reports WHERE player_id = ? ORDER BY id",
                                             tonumber(request.params.player))) }
end })
]]

local function server_with_window()
  return play.server { files = { ["scripts/http/content.lua"] = WINDOW } }
end

local function look(server, path)
  local answer = mu.http_client.get(("http://127.0.0.1:%d/test/%s"):format(server:port "http", path))
  return mu.json.decode(answer.body)
end

-- A saved list Progress with our counters behind the 745 of the game.
local function saves(client, extractions, adept, soldier)
  local counters = { extractions, adept }
  for i = 3, 12 do counters[i] = 0 end
  counters[13] = soldier                         -- SoldierHumanMale is the twelfth kit
  client:asks("Util.userSettingsSave", {
    key = "Progress", value = "22," .. ("0,"):rep(745) .. table.concat(counters, ","),
  })
end

local function replays(lobby)
  lobby.host:asks("GameManager.replayGame", { game_id = lobby.id })
  lobby.state = 130
  local before = lobby.reporting_id
  for _, client in ipairs(match.members(lobby)) do
    client:is_notified("GameManager.NotifyGameStateChange", { game_id = lobby.id, state = 130 })
    lobby.reporting_id = client:is_notified("GameManager.NotifyGameReportingIdChange", {
      game_id = lobby.id, reporting_id = play.where(function(id) return id > before end, "a new reporting id"),
    }).reporting_id
  end
end

-- The server has looked at the counters of everybody who is in the match: a real one lasts longer.
local function is_noted(server, lobby)
  play.waits_for("the players' counters are looked at", function() return look(server, "noted/" .. lobby.id) end)
end

local function plays_a_match(server, lobby)
  match.attributes(lobby, { ME3gameState = "IN_GAME_STARTING" })
  match.state(lobby, 131)
  match.attributes(lobby, { ME3gameState = "IN_GAME_MIDGAME" })
  is_noted(server, lobby)
end

play.scene("three matches in one lobby, each with a reporting id of its own", function()
  local server = server_with_window()
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  alice:asks("Util.userSettingsSave", { key = "char3", value = "20;4;SoldierHumanMale;Shep;0;45;0;47;45;9;9;0;0;0;0;0;"
    .. "AdrenalineRush 5 6.0000 1 0 0 2 3 0 1 True;;7,136;136 36 37,7 33;True;False" })
  saves(alice, 4, 1, 0)
  local lobby = match.lobby(alice)
  match.comes(bob, lobby)

  plays_a_match(server, lobby)                           -- alice gets away, bob's game does not count
  match.comes(carol, lobby)                      -- carol comes in its middle
  is_noted(server, lobby)
  match.attributes(lobby, { ME3gameState = "IN_GAME_FINISHING" })
  saves(alice, 5, 1, 1)
  local first = lobby.reporting_id
  replays(lobby)
  match.attributes(lobby, { ME3gameState = "IN_LOBBY" })
  server:wait_log("heard match_finished 1 of game")

  plays_a_match(server, lobby)                           -- as an adept now, and nobody gets away
  match.leaves(bob, lobby)
  match.attributes(lobby, { ME3gameState = "IN_GAME_FINISHING" })
  saves(alice, 5, 2, 1)
  replays(lobby)
  server:wait_log("heard match_finished 2 of game")

  plays_a_match(server, lobby)                           -- everybody leaves in the middle of the third
  match.leaves(carol, lobby)
  match.leaves(alice, lobby)
  server:wait_log("heard match_finished 3 of nobody")

  local third, second, one = table.unpack(look(server, "matches/" .. alice.id))
  play.equal({ reporting_id = tostring(first), game_id = lobby.id, completed = 1, extracted = 1,
    attributes = { ME3map = "map2", ME3gameState = "IN_GAME_FINISHING" },
    players = {
      { player_id = alice.id, slot = 0, host = 1, extracted = 1, kit = "SoldierHumanMale", name = alice.persona,
        equipment = { weapons = { 7, 136 } } },
      { player_id = bob.id, slot = 1, host = 0, extracted = 0 },
      { player_id = carol.id, slot = 2, host = 0, extracted = 0 },
    } }, one, "the first match")
  play.equal({ completed = 1, extracted = 0, players = {
    { player_id = alice.id, kit = "AdeptHumanMale", extracted = 0 },
    { player_id = bob.id, reason = LEFT, left_at = play.any },
    { player_id = carol.id },
  } }, second, "the second match")
  play.equal({ completed = 0, players = { { reason = LEFT }, { reason = LEFT } } }, third, "the third match")
  for _, words in ipairs {
    ("heard game_created %d"):format(lobby.id), ("heard match_started %d"):format(lobby.id),
    ("heard player_joined %d %d"):format(lobby.id, bob.id), ("heard player_left %d %d"):format(bob.id, LEFT),
    ("heard game_destroyed %d"):format(lobby.id),
  } do
    server:wait_log(words)
  end
end)

local function report(id, rating, name)
  local player = { country = 16725, challenge_points = 9, rating = rating }
  return { finished = 0, report = {
    reporting_id = 0, type_name = name or "massEffectReport",
    contents = { id = 3325869319, value = { game = {}, players = { [id] = player } } },
  } }
end

play.scene("a game reports what its player has; about others it may say nothing", function()
  local server = server_with_window()
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  alice:asks("GameReporting.submitOfflineGameReport", report(alice.id, 120))
  alice:is_notified("GameReporting.ResultNotification", { fault = 0, final = false, history_id = 0, reporting_id = 0 })
  server:wait_log("heard game_reported AU")
  alice:is_refused("GameReporting.submitOfflineGameReport", report(bob.id, 5000),
    "GAMEREPORTING_OFFLINE_ERR_REPORT_INVALID")
  local both = report(alice.id, 1)
  both.report.contents.value.players[bob.id] = { rating = 1 }
  alice:is_refused("GameReporting.submitOfflineGameReport", both, "GAMEREPORTING_OFFLINE_ERR_REPORT_INVALID")
  alice:is_refused("GameReporting.submitOfflineGameReport", {}, "GAMEREPORTING_OFFLINE_ERR_REPORT_INVALID")
  alice:is_refused("GameReporting.submitOfflineGameReport", report(alice.id, 1, "other"),
    "GAMEREPORTING_OFFLINE_ERR_INVALID_GAME_TYPE")
  for _ = 1, 2 do
    alice:asks("GameReporting.submitGameReport", report(alice.id, -1))
    alice:is_notified("GameReporting.ResultNotification", {})
  end
  alice:is_refused("GameReporting.submitTrustedEndGameReport", {}, "GAMEREPORTING_TRUSTED_ERR_CLIENT_NOT_TRUSTED")
  alice:asks("GameReporting.getGameReportTypes", {})
  play.kill(server)
  server:restart()
  play.equal({
    { player_id = alice.id, country = "AU", challenge_points = 9, rating = 120, game_type = "massEffectReport" },
    { rating = 0 }, { rating = 0 },
  }, look(server, "reports/" .. alice.id), "what is kept")
  play.equal({}, look(server, "reports/" .. bob.id), "of bob")
end)

play.scene("a host who begins a match again and again: so many are written down, the game goes on", function()
  local server = play.server {}
  local lobby  = match.lobby(match.player(server, "Alice"))
  play.without_steps(function()
    for i = 1, 122 do
      lobby.at[0]:sends("GameManager.setGameAttributes", {
        game_id = lobby.id, attributes = { ME3gameState = i % 2 == 1 and "IN_GAME_STARTING" or "IN_GAME_FINISHING" },
      })
      lobby.at[0]:receives { kind = "response", name = "GameManager.setGameAttributes" }
      lobby.at[0]:is_notified "GameManager.NotifyGameAttribChange"
    end
  end)
  server:wait_log("limit 'matches of a host' reached: 1 refused")
end)
