-- matchmaking_queue.lua: searches that wait, and how they end: cancelled, by time, replaced, forgotten; and requests
-- that are not as they should be.
local play   = require "plays.lib.play"
local match  = require "plays.lib.match_steps"
local search = require "plays.lib.search_steps"

local CANCEL = "GameManager.cancelMatchmaking"

play.scene("a cancelled search is over, and only its own player can cancel it", function()
  local alice, bob, carol = search.players(play.server {}, 3)
  search.starts(bob)
  search.waits(bob)
  carol:is_refused(CANCEL, { matchmaking_id = bob.search }, "GAMEMANAGER_ERR_NOT_MATCHMAKING_SESSION_OWNER")
  search.cancels(bob)
  bob:is_refused(CANCEL, { matchmaking_id = bob.search }, "GAMEMANAGER_ERR_UNKNOWN_MATCHMAKING_SESSION_ID")
  bob:is_refused(CANCEL, { matchmaking_id = 0xFFFFFFFF }, "GAMEMANAGER_ERR_UNKNOWN_MATCHMAKING_SESSION_ID")
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  match.is_quiet(lobby)
  bob:receives_nothing()
  search.comes(bob, lobby)                       -- he searches again
end)

local WITH_METRICS = [[
return { listeners = {
  { name = "http",    address = "127.0.0.1", port = 0, protocols = { "http", "blaze" } },
  { name = "metrics", address = "127.0.0.1", port = 0, metrics = true },
} }
]]

local function counts(server, line)
  local page = mu.http_client.get(("http://127.0.0.1:%d/metrics"):format(server:port "metrics")).body
  play.equal(true, page:find("\nmurelay_matchmaking_" .. line .. "\n", 1, true) ~= nil, line)
end

play.scene("a search is told about and ends after its time", function()
  local server = play.server {
    config = WITH_METRICS, set = { "matchmaking.status_seconds=20", "limits.silence_seconds=0" },
  }
  local alice, bob = search.players(server, 2)
  search.starts(alice, { duration = 15000 })
  search.waits(alice)
  search.starts(bob, { duration = 38000, map = "map7" })
  search.waits(bob)
  server:passes(21)
  search.ends(alice, search.TIMED_OUT)
  play.equal({ "map7" }, search.waits(bob).rules.ME3_gameMapMatchRule.values, "the maps that suit")
  server:passes(19)
  search.ends(bob, search.TIMED_OUT)
  alice:is_refused(CANCEL, { matchmaking_id = alice.search }, "GAMEMANAGER_ERR_UNKNOWN_MATCHMAKING_SESSION_ID")
  counts(server, "waiting 0")
  counts(server, 'searches_total{result="timed_out"} 2')
end)

play.scene("one search a player: another one ends it, a game of his own, and his going", function()
  local server = play.server { set = { "log.level=debug" } }
  local alice, bob, carol = search.players(server, 3)
  search.starts(bob, { map = "map3" })
  search.waits(bob)
  local first = bob.search
  bob:sends("GameManager.startMatchmaking", search.request { map = "map2" })
  local second = bob:receives { kind = "response", name = "GameManager.startMatchmaking" }.matchmaking_id
  search.ends(bob, search.CANCELED)              -- the first
  bob.search = second
  search.waits(bob)
  play.equal(true, second ~= first, "another number")
  search.starts(carol)
  search.waits(carol)
  local own = match.lobby(carol, { attributes = search.attributes { ME3map = "map9" } })
  carol:is_refused(CANCEL, { matchmaking_id = carol.search }, "GAMEMANAGER_ERR_UNKNOWN_MATCHMAKING_SESSION_ID")
  bob:leaves()
  server:wait_log "has logged out"
  local lobby = match.lobby(alice, { attributes = search.attributes() })   -- would have suited both
  match.is_quiet(lobby)
  match.is_quiet(own)
end)

local function odd(name, ...) return { name = name, threshold = "quickMatch", values = { ... } } end

play.scene("rules nobody knows stop neither the search nor anybody else's, and are told once", function()
  local server = play.server {}
  local alice, bob, carol, dave = search.players(server, 4)
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  search.starts(bob, { map = "map3", more = { odd("ME3_noSuchRule", "x", "y"), odd("", "") } })
  search.waits(bob)                              -- for ever unmatched, at the head of the queue
  server:wait_log "nobody knows the rule 'ME3_noSuchRule'"
  search.comes(carol, lobby, { more = { odd("ME3_noSuchRule", "x") } })
  search.starts(dave, { map = "map2", more = { odd("ME3_gameEnemyTypeRule", "abstain", ("x"):rep(3000)) } })
  search.finds(dave, lobby)
  match.meshes(dave, lobby)
  local _, count = server:log():gsub("'ME3_noSuchRule'", "")
  play.equal(1, count, "lines about the rule")
  bob:asks "Util.ping"
  dave:asks "Util.ping"
end)

play.scene("requests that are not as they should be", function()
  local server = play.server { set = { "matchmaking.tickets=1" } }
  local stranger = play.client(server, "Stranger")
  stranger:is_refused("GameManager.startMatchmaking", search.request(), "ERR_AUTHENTICATION_REQUIRED")
  stranger:is_refused(CANCEL, { matchmaking_id = 1 }, "ERR_AUTHENTICATION_REQUIRED")
  local alice, bob = search.players(server, 2)
  alice.search = alice:asks("GameManager.startMatchmaking", {}).matchmaking_id   -- asks for nothing at all
  alice:is_notified "GameManager.NotifyMatchmakingAsyncStatus"
  bob:is_refused("GameManager.startMatchmaking", search.request(), "GAMEMANAGER_ERR_MATCHMAKING_EXCEEDED_MAX_REQUESTS")
  search.cancels(alice)
  search.starts(bob, { version = "ME3-1-1" })
  search.waits(bob)
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  match.is_quiet(lobby)                          -- bob's game speaks another version
  bob:receives_nothing()
end)

play.scene("the console tells who searches, why nobody is found, and ends a search", function()
  local server = play.server {}
  local alice, bob = search.players(server, 2)
  local lobby = match.lobby(alice, { attributes = search.attributes { ME3privacy = "PRIVATE" } })
  play.equal({ code = 1, err = play.text "is not searching" }, server:ctl("matchmaking why " .. bob.persona))
  search.starts(bob, { map = "map3", packs = { 2300 } })
  search.waits(bob)
  local list = server:ctl("matchmaking list").out
  for _, words in ipairs { bob.persona:gsub("%-", "%%-"), "map3", "any", "2300", "searches: 1, games: 1" } do
    play.equal(play.text(words), list, "the list")
  end
  local why = server:ctl(("matchmaking why %s %d"):format(bob.persona, lobby.id)).out
  for _, words in ipairs { "is private", "has ME3map map2, wanted is map3", "needs ME3_dlc2500, which the" } do
    play.equal(play.text(words), why, "why")
  end
  play.equal(play.text "games looked at: 1", server:ctl("matchmaking why " .. bob.persona).out, "why of all")
  play.equal({ code = 0 }, server:ctl("matchmaking end " .. bob.persona))
  search.ends(bob, search.TERMINATED)
  play.equal({ code = 1 }, server:ctl("matchmaking end " .. bob.persona))
end)

play.scene("who has searched long enough is made host, and others find his game", function()
  local server = play.server { set = { "matchmaking.create_seconds=20", "matchmaking.status_seconds=60" } }
  local alice, bob = search.players(server, 2)
  search.starts(alice, { map = "map9" })
  search.waits(alice)
  server:passes(21)
  search.waits(alice)
  local setup = alice:is_notified("GameManager.NotifyGameSetup", {
    game = {
      state = 1, settings = 1311, capacities = { 4, 0 }, attributes = search.attributes {
        ME3map = "map9", ME3gameEnemyType = "random",
      },
    },
    players = { { player_id = alice.id, slot = 0, state = 4 } },
    reason  = { matchmaking = { result = 0, matchmaking_id = alice.search, fit = 21600, max_fit = 21600 } },
  })
  alice:is_notified("UserSessions.UserSessionExtendedDataUpdate", { user_id = alice.id })
  alice:is_refused(CANCEL, { matchmaking_id = alice.search }, "GAMEMANAGER_ERR_UNKNOWN_MATCHMAKING_SESSION_ID")
  alice:asks("GameManager.advanceGameState", { game_id = setup.game.id, state = 130 })
  alice:is_notified("GameManager.NotifyGameStateChange", { state = 130 })
  search.starts(bob, { map = "map9" })
  bob:is_notified("GameManager.NotifyMatchmakingAsyncStatus", { searches = { { find_game = { games = 1 } } } })
  bob:is_notified("UserSessions.UserAdded", { user = { id = alice.id } })
end)

-- A rule table of an operator's own: the map does not matter any more, but a lobby has to say a word.
local OWN_RULES = [[
local rules = { compared = 1, BEST_FIT = 21600, pair = {} }
rules.asked = { { kind = "choice", rule = "ME3_word", attribute = "ME3word", values = { "yes" } } }
rules.lobby = { { why = "is silent", test = function(game) return game.attributes.ME3word ~= nil end } }
function rules.free(game) return 4 - #game.members end
function rules.fit() return 1 end
function rules.host_rating() return 0 end
return rules
]]

play.scene("another rule table counts at once, for those who search already too", function()
  local server = play.server {}
  local alice, bob, carol = search.players(server, 3)
  local lobby = match.lobby(alice, { attributes = search.attributes { ME3word = "yes" } })
  search.starts(bob, { map = "map3" })
  search.waits(bob)
  server:write("data/scripts/matchmaking/rules.lua", OWN_RULES)
  server:reload()
  bob:is_notified("GameManager.NotifyMatchmakingAsyncStatus", { matchmaking_id = bob.search })
  match.enters(bob, lobby, { matchmaking = { fit = 1, matchmaking_id = bob.search } })
  match.meshes(bob, lobby)
  bob:receives_nothing()
  carol.search = carol:asks("GameManager.startMatchmaking", {
    criteria = { rules = { { name = "ME3_word", values = { "no" } } } },
  }).matchmaking_id
  carol:is_notified("GameManager.NotifyMatchmakingAsyncStatus", { searches = { { find_game = { games = 0 } } } })
  match.attributes(lobby, { ME3word = "no" })
  carol:is_notified("GameManager.NotifyMatchmakingAsyncStatus", { searches = { { find_game = { games = 1 } } } })
  match.enters(carol, lobby, { matchmaking = { fit = 1, matchmaking_id = carol.search } })
end)
