-- boards.lua: leaderboards: places, shared ranks, countries, pages, the player in the middle, over a restart.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local NAMES = { "Alice", "Bob", "Carol", "Dave", "Erin" }

local function saves(client, promotions)
  client:asks("Util.userSettingsSave", { key = "class1", value = "20;4;Adept;20;0.0000;" .. promotions, user_id = 0 })
end

local function is_rated(client, promotions)      -- a second later: then it counts
  client.server:passes(1)
  client:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
    user_id = client.id, data = { data_map = { [0x70001] = promotions * 30 } },
  })
end

local function row(client, rank, score)
  return { id = client.id, name = client.persona, rank = rank, score = tostring(score), stats = { tostring(score) } }
end

local function board(client, command, request, rows)
  request.board_name = request.board_name or "N7RatingGlobal"
  local answer = client:asks("Stats." .. command, request, { rows = rows })
  play.equal(#rows, #answer.rows, command .. ": rows")
end

play.scene("places on the boards: ties, pages, the middle, friends, countries, a restart", function()
  local server, who = play.server {}, {}
  for i, name in ipairs(NAMES) do
    who[i] = play.client(server, name)
    steps.create_account(who[i], name:lower() .. "@example.org", "hunter22")
  end
  local alice, bob, carol, dave, erin = table.unpack(who)
  board(alice, "getLeaderboard", { first = 0, count = 60 }, {})
  board(alice, "getCenteredLeaderboard", { center = alice.id, count = 60 }, {})
  local promotions = { 1, 5, 3, 3 }              -- Erin has not played
  for i, count in ipairs(promotions) do saves(who[i], count) end
  for i, count in ipairs(promotions) do is_rated(who[i], count) end

  local all = { row(bob, 1, 150), row(carol, 2, 90), row(dave, 2, 90), row(alice, 4, 30) }
  board(alice, "getLeaderboard", { first = 0, count = 60 }, all)
  board(alice, "getLeaderboard", { first = 2, count = 1 }, { all[3] })
  board(alice, "getLeaderboard", { first = 4, count = 60 }, {})
  board(alice, "getLeaderboard", { first = -1, count = 60 }, {})
  board(alice, "getCenteredLeaderboard", { center = dave.id, count = 2 }, { all[2], all[3] })
  board(alice, "getCenteredLeaderboard", { center = bob.id, count = 3 }, { all[1], all[2], all[3] })
  board(alice, "getCenteredLeaderboard", { center = alice.id, count = 3 }, { all[2], all[3], all[4] })
  board(erin, "getCenteredLeaderboard", { center = erin.id, count = 2 }, { all[1], all[2] })
  board(erin, "getCenteredLeaderboard", { center = erin.id, count = 2, at_bottom = true }, { all[3], all[4] })
  board(alice, "getFilteredLeaderboard", { ids = { alice.id, dave.id, dave.id, erin.id, 4711 } }, { all[3], all[4] })
  board(alice, "getFilteredLeaderboard", { ids = { erin.id, 4711, dave.id }, with_unranked = true },
    { all[3], row(erin, 5, 0) })
  board(alice, "getFilteredLeaderboard", { board_name = "N7RatingNZ", ids = { erin.id }, with_unranked = true }, {})
  -- Among friends: the ranks are those of the whole board.
  local friends = { 0x19, 1, 1 }
  board(alice, "getLeaderboard", { first = 0, count = 60, user_set = friends }, { all[4] })
  alice:asks("AssociationLists.addUsersToList",
    { list = { type = 1 }, members = { { id = bob.id }, { id = dave.id } } })
  board(alice, "getLeaderboard", { first = 0, count = 60, user_set = friends }, { all[1], all[3], all[4] })
  board(alice, "getLeaderboard", { first = 1, count = 1, user_set = friends }, { all[3] })
  board(alice, "getCenteredLeaderboard", { center = alice.id, count = 2, user_set = friends }, { all[3], all[4] })
  board(alice, "getCenteredLeaderboard", { center = erin.id, count = 1, user_set = friends }, { all[1] })
  board(alice, "getLeaderboard", { first = 0, count = 60, user_set = { 0x19, 1, 77 } }, { all[4] })
  board(alice, "getLeaderboard", { first = 0, count = 60, user_set = { 0, 0, 0 } }, all)
  board(alice, "getLeaderboard", { board_name = "N7RatingNZ", first = 0, count = 60 }, all)
  board(alice, "getLeaderboard", { board_name = "N7RatingDE", first = 0, count = 60 }, {})
  board(alice, "getLeaderboard", { board_name = "Nonsense", first = 0, count = 60 }, {})
  alice:asks("Stats.getLeaderboardEntityCount", { board_name = "N7RatingGlobal" }, { count = 4 })

  alice:asks("Util.userSettingsSave", { key = "Completion", value = "22,1230,0,1", user_id = 0 })
  alice:asks("Stats.getLeaderboardGroup", { board_name = "ChallengePointsDE" }, {
    board_name = "ChallengePointsDE", description = "Challenge Points - Germany", stat_name = "ChallengePoints",
    key_scopes = { accountcountry = { values = { [0x4445] = 0x4445 } } },
    columns = { { category = "ME3ChallengeStats", name = "ChallengePoints" } },
  })
  alice:asks("Stats.getLeaderboardGroup", { board_name = "Nonsense" }, play.exactly {})
  saves(alice, 9)
  is_rated(alice, 9)                             -- one save later he is first, and the points were counted with it
  board(bob, "getLeaderboard", { first = 0, count = 1 }, { row(alice, 1, 270) })
  board(bob, "getLeaderboard", { board_name = "ChallengePointsGlobal", first = 0, count = 1 }, { row(alice, 1, 1230) })

  server:stop()
  server:restart()
  alice:comes_back()
  steps.log_in(alice, "alice@example.org", "hunter22")
  board(alice, "getLeaderboard", { first = 0, count = 60 },
    { row(alice, 1, 270), row(bob, 2, 150), row(carol, 3, 90), row(dave, 3, 90) })
end)
