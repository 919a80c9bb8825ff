-- games_console.lua: what an operator sees of games, and does to them.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

local KICKED, KICKED_FOR_GOOD, GAME_DESTROYED = 8, 9, 4

local function gives(server, line)
  local said = server:ctl("--json " .. line)
  play.equal(0, said.code, "exit code of " .. line .. "\n" .. said.err)
  return mu.json.decode(said.out)
end

local function refuses(server, line, expected)
  local said = server:ctl(line)
  play.equal(1, said.code, "exit code of " .. line)
  play.equal(play.text(expected), said.err, "what it said to " .. line)
end

play.scene("games list, show, kick and close", function()
  local server = play.server {}
  local alice, bob, carol = match.player(server, "Alice"), match.player(server, "Bob"), match.player(server, "Carol")
  play.equal({}, gives(server, "games list"), "no games")
  local lobby = match.lobby(alice)
  match.comes(bob, lobby)
  match.joins(carol, lobby)
  play.equal({ {
    id = lobby.id, host = alice.persona, players = "3/4", state = "pre_game", map = "map2", enemy = "enemy2",
    difficulty = "difficulty1", open = true,
  } }, gives(server, "games list --open"), "one game")
  for _, name in ipairs { lobby.id, bob.persona, bob.persona:upper() } do
    play.equal({
      { slot = 0, player = alice.persona, id = alice.id, state = "connected", host = true, admin = true, nat = 1 },
      { slot = 1, player = bob.persona, state = "connected", host = false, admin = true },
      { slot = 2, player = carol.persona, state = "connecting", host = false, admin = false },
    }, gives(server, "games show " .. name), "its members")
  end
  refuses(server, "games show 0", "there is no game '0'")
  refuses(server, "games kick nobody", "there is no game member 'nobody'")

  gives(server, "games kick " .. carol.persona)
  match.goes(carol, lobby, KICKED)
  match.comes(carol, lobby)
  gives(server, ("games kick %d --ban"):format(carol.id))
  match.goes(carol, lobby, KICKED_FOR_GOOD)
  carol:is_refused("GameManager.joinGame", { user = { id = alice.id }, method = 4 }, "GAMEMANAGER_ERR_PLAYER_BANNED")
  gives(server, "games kick " .. alice.persona)  -- the host as well, and the game goes on
  match.goes(alice, lobby, KICKED, false, bob)
  match.migrates(lobby, bob)
  match.has_migrated(lobby)
  match.comes(alice, lobby)

  gives(server, "games close " .. lobby.id)
  match.goes(alice, lobby, GAME_DESTROYED)
  match.goes(bob, lobby, GAME_DESTROYED)
  play.equal({}, gives(server, "games list"), "no games any more")
end)

play.scene("games history", function()
  local server = play.server {}
  local alice  = match.player(server, "Alice")
  local lobby  = match.lobby(alice)
  match.attributes(lobby, { ME3gameState = "IN_GAME_STARTING" })
  match.attributes(lobby, { ME3gameState = "IN_GAME_FINISHING" })
  alice:asks("GameManager.replayGame", { game_id = lobby.id })
  local rows
  play.waits_for("the match is written down", function()
    rows = gives(server, "games history " .. alice.persona)
    return rows[1]
  end)
  play.equal({ { completed = true, map = "map2", difficulty = "difficulty1", players = alice.persona } }, rows,
    "the match")
end)
