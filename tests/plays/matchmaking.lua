-- matchmaking.lua: players find each other: by what they ask for, the best game first, and when a game becomes one that
-- suits (reference 02 §12.7, §14.3; 04 §3).
local play   = require "plays.lib.play"
local match  = require "plays.lib.match_steps"
local search = require "plays.lib.search_steps"

local CLOSED_TO_MATCHMAKING <const> = 285
local OPEN <const> = 287

play.scene("a host and three by matchmaking, then a seat that becomes free", function()
  local alice, bob, carol, dave, erin = search.players(play.server {}, 5)
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  search.comes(bob, lobby)
  search.comes(carol, lobby, { map = "map2", enemy = "enemy1", difficulty = "difficulty0" })
  search.comes(dave, lobby, { enemy = "enemy1" })
  search.starts(erin)                            -- full: he waits
  local status = search.waits(erin)
  play.equal({ "required", "preferred" }, status.rules.ME3_rule_dlc2300.values, "what suits")
  play.equal(30, #status.rules.ME3_gameMapMatchRule.values, "maps that suit who abstains")
  match.leaves(carol, lobby)
  search.finds(erin, lobby)
  play.equal(2, erin.slot, "the seat that became free")
  match.meshes(erin, lobby)
  match.is_quiet(lobby)
  carol:receives_nothing()
end)

play.scene("nobody waits behind somebody whom a game does not suit", function()
  local alice, bob, carol, dave = search.players(play.server {}, 4)
  search.starts(bob, { map = "map3" })
  search.waits(bob)
  search.starts(carol, { packs = { 2300 } })
  search.waits(carol)
  search.starts(dave, { map = "map2" })
  search.waits(dave)
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  search.finds(dave, lobby)                      -- past the two who search something else
  match.meshes(dave, lobby)
  bob:receives_nothing()
  match.attributes(lobby, { ME3map = "map3" })   -- now it suits the one who has waited longest
  search.finds(bob, lobby)
  match.meshes(bob, lobby)
  carol:receives_nothing()                   -- lacks four packs, whatever the map is
  match.is_quiet(lobby)
end)

play.scene("a game is offered again when its host opens it: settings, privacy, state", function()
  local alice, bob, carol, dave = search.players(play.server {}, 4)
  local lobby = match.lobby(alice, {
    attributes = search.attributes { ME3privacy = "PRIVATE" }, settings = CLOSED_TO_MATCHMAKING,
  })
  search.starts(bob, { map = "map2" })
  search.waits(bob)
  match.settings(lobby, OPEN)                    -- still private
  bob:receives_nothing()
  match.attributes(lobby, { ME3privacy = "PUBLIC" })
  search.finds(bob, lobby)
  match.meshes(bob, lobby)
  match.settings(lobby, 0x1F)                    -- nobody may come while a match runs
  match.state(lobby, 131)
  search.starts(carol)
  search.waits(carol)
  match.attributes(lobby, { ME3gameState = "IN_GAME_FINISHING" })
  match.state(lobby, 130)
  carol:receives_nothing()                   -- it is about to end
  match.attributes(lobby, { ME3gameState = "IN_LOBBY" })
  search.finds(carol, lobby)
  match.meshes(carol, lobby)
  match.settings(lobby, OPEN)
  match.state(lobby, 131)                        -- a lobby in it takes players as well (reference 02 §12.3)
  search.comes(dave, lobby)
end)

play.scene("the fullest game comes first, of equally full ones the one open longest", function()
  local alice, bob, carol, dave, erin, frank = search.players(play.server {}, 6)
  local older   = match.lobby(alice, { attributes = search.attributes() })
  local newer   = match.lobby(bob, { attributes = search.attributes() })
  local another = match.lobby(carol, { attributes = search.attributes { ME3map = "map5" } })
  match.comes(dave, newer)                       -- two players there
  search.comes(erin, newer)
  search.comes(frank, another, { map = "map5" })
  match.leaves(dave, newer)
  match.leaves(erin, newer)
  match.is_quiet(older)
  search.comes(dave, older, { map = "map2" })    -- one player in each
end)

play.scene("of equally full games the one whose host is nearest by rating comes first", function()
  local alice, bob, carol, dave = search.players(play.server {}, 4)
  for _, client in ipairs { bob, dave } do       -- ten promotions
    client.rating = 300
    client:asks("Util.userSettingsSave", { key = "class1", value = "20;4;Adept;20;0.0000;10" })
  end
  alice.server:passes(1)
  for _, client in ipairs { bob, dave } do
    client:is_notified("UserSessions.UserSessionExtendedDataUpdate", { data = { data_map = { [0x70001] = 300 } } })
  end
  match.lobby(alice, { attributes = search.attributes() })
  local rated = match.lobby(bob, { attributes = search.attributes { ME3map = "map5" } })
  search.comes(dave, rated)                      -- not Alice's, which is older
  search.starts(carol, { map = "map5" })
  search.finds(carol, rated, 21300)
end)

play.scene("a searcher who already waits comes before one who asks just now", function()
  local alice, bob, carol, dave, erin, frank = search.players(play.server {}, 6)
  local lobby = match.lobby(alice, { attributes = search.attributes() })
  for _, client in ipairs { bob, carol, dave } do search.comes(client, lobby) end
  search.starts(erin)
  search.waits(erin)
  search.starts(frank)
  search.waits(frank)
  match.leaves(bob, lobby)
  search.finds(erin, lobby)
  match.meshes(erin, lobby)
  frank:receives_nothing()
  match.leaves(carol, lobby)
  search.finds(frank, lobby)
end)
