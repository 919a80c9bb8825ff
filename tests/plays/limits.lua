-- limits.lua: who does too much is held back; a tournament behind one router is not.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"
local steps = require "plays.lib.steps"

-- In the hostile modes, where every byte is a write of its own, fewer do.
local PLAYERS = mu.test.mode == "plain" and 64 or 6

-- Sends with others at the same time: no step of the play, so that no reload comes in between.
local function sends_along(client, name, body)
  client.link:send(name, body or {})
end

local function behind(address)
  return { headers = { ["x-real-ip"] = address } }
end

play.scene("a tournament behind one router: everybody at once, three times", function()
  local server  = play.server { set = { "limits.await_seconds=600", "limits.task_seconds=600" } }
  local players = {}
  for i = 1, PLAYERS do players[i] = play.client(server, "Player " .. i) end
  for i, player in ipairs(players) do
    sends_along(player, "Authentication.createAccount", { email = i .. "@example.org", password = "hunter22" })
  end
  for _, player in ipairs(players) do
    local answer = player:receives { kind = "response", name = "Authentication.createAccount" }
    player.id, player.token = answer.account_id, answer.token
    player:comes_back()
  end

  for _, player in ipairs(players) do
    sends_along(player, "Authentication.silentLogin", { token = player.token, persona_id = player.id, token_type = 2 })
  end
  for _, player in ipairs(players) do player:receives { kind = "response", name = "Authentication.silentLogin" } end

  for _, player in ipairs(players) do player:comes_back() end
  for i, player in ipairs(players) do
    sends_along(player, "Authentication.login", { email = i .. "@example.org", password = "hunter22" })
  end
  for _, player in ipairs(players) do player:receives { kind = "response", name = "Authentication.login" } end
  play.equal(false, server:log():find("limit '", 1, true) ~= nil, "a limit was met")
end)

local WATCH_ALL = [[
mu.on("session_opened", function(session) session:watch(true) end)
return { started = function() end }
]]

-- The server answers in an order that only itself knows: its packets are in the log. A ping that comes while passwords
-- are looked at is answered before the first of them. A machine that stands still meanwhile may hide it, so it is tried
-- again; a server that waits for passwords never shows it.
play.scene("while passwords are looked at, others are answered", function()
  local server = play.server {
    files = { ["scripts/services/welcome.lua"] = WATCH_ALL },
    set   = { "limits.login_failures=0", "limits.account_login_failures=0", "limits.address_login_failures=0" },
  }
  local bystander, alice = play.client(server, "Bystander"), play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local guests = {}
  for i = 1, 4 do guests[i] = play.client(server, "Guest " .. i) end
  local function is_answered_meanwhile()
    local from = server:mark()
    for _, guest in ipairs(guests) do
      sends_along(guest, "Authentication.login", { email = "alice@example.org", password = "wrong" })
    end
    server:wait_log("-> request Authentication.login", from)
    sends_along(bystander, "Util.ping")
    bystander:receives { kind = "response", name = "Util.ping" }
    for _, guest in ipairs(guests) do guest:receives { kind = "error", error = "AUTH_ERR_INVALID_PASSWORD" } end
    local log = server:log(from)
    return log:find "<%- %l+ Authentication%.login" > log:find("<- response Util.ping", 1, true)
  end
  play.waits_for("a ping is answered before the first password", is_answered_meanwhile)
end)

play.scene("a guesser is held back within ten tries, the owner gets in from elsewhere", function()
  local server = play.server { set = { "reverse_proxy=true" } }
  local alice  = play.client(server, "Alice", behind "203.0.113.7")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:leaves()
  -- Twenty guesses at once, from one address.
  local eves, wrong, held = {}, 0, 0
  for i = 1, 20 do
    eves[i] = play.client(server, "Eve " .. i, behind "198.51.100.9")
    sends_along(eves[i], "Authentication.login", { email = "alice@example.org", password = "guess" .. i })
  end
  for _, eve in ipairs(eves) do
    local answer = eve:next()
    if answer.error == "AUTH_ERR_INVALID_PASSWORD" then wrong = wrong + 1 end
    if answer.error == "ERR_TIMEOUT" then held = held + 1 end
  end
  play.equal(20, wrong + held, "refusals")
  if wrong > 9 then play.fails("%d guesses were looked at", wrong) end
  -- The right password does not help her either, nor does another connection.
  play.waits_for("the right password is refused as well", function()
    local eve = eves[1]
    local function tries(password)
      sends_along(eve, "Authentication.login", { email = "alice@example.org", password = password })
      return eve:next().error
    end
    repeat until tries "guess" == "ERR_TIMEOUT"  -- a try comes back every few seconds: that is gone first
    local fault = tries "hunter22"
    if not fault then eve:comes_back() end       -- so slow that another one had come back
    return fault == "ERR_TIMEOUT"
  end)
  alice:connects()
  steps.log_in(alice, "alice@example.org", "hunter22")
  local carol = play.client(server, "Carol", behind "198.51.100.9")   -- another account, from where Eve is
  steps.create_account(carol, "carol@example.org", "hunter22")
  local _, lines = server:log():gsub("limit 'passwords to an account from an address' reached", "")
  play.equal(1, lines, "lines in the log")
end)

play.scene("one address does not open connection after connection", function()
  local server = play.server { set = { "limits.connections_per_minute=3" } }
  local games  = {}
  for i = 1, 3 do
    games[i] = play.client(server, "Game " .. i, { via = "blaze" })
    games[i]:asks "Util.ping"
  end
  local fourth = play.client(server, "The fourth", { via = "blaze" })
  fourth:sends "Util.ping"                       -- a door that waits for bytes takes a silent one for nobody yet
  fourth:is_disconnected()
  for _, game in ipairs(games) do game:asks "Util.ping" end
  server:wait_log("limit 'connections from an address' reached")
end)

play.scene("a right password costs nothing", function()
  local server = play.server { set = { "limits.login_failures=2" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  for _ = 1, 4 do
    alice:comes_back()
    steps.log_in(alice, "alice@example.org", "hunter22")
  end
  for _ = 1, 2 do
    alice:is_refused("Authentication.updateAccount", { password = "another1", current_password = "wrong" },
      "AUTH_ERR_INVALID_PASSWORD")
  end
  alice:is_refused("Authentication.updateAccount", { password = "another1", current_password = "hunter22" },
    "ERR_TIMEOUT")
end)

play.scene("logins, codes and uploads have limits of their own; a reload forgets none", function()
  local server = play.server {
    set = { "limits.logins_per_minute=2", "limits.codes_per_minute=2", "limits.uploads_per_minute=2" },
  }
  local alice = play.client(server, "Alice")
  local guess = { token = "nonsense", persona_id = 1, token_type = 2 }
  alice:is_refused("Authentication.silentLogin", guess, "AUTH_ERR_INVALID_TOKEN")
  alice:is_refused("Authentication.silentLogin", guess, "AUTH_ERR_INVALID_TOKEN")
  server:reload()
  alice:is_refused("Authentication.silentLogin", guess, "ERR_TIMEOUT", { persona_name = "", user_id = 0 })
  alice:is_refused("Authentication.login", { email = "a@example.org", password = "x" }, "ERR_TIMEOUT")
  alice:asks("Authentication.passwordForgot", { email = "alice@example.org" })
  alice:is_refused("Authentication.consumecode", { code = "1" }, "AUTH_ERR_INVALID_CODE")
  alice:is_refused("Authentication.consumecode", { code = "2" }, "ERR_TIMEOUT")
  alice:is_refused("Authentication.passwordForgot", { email = "alice@example.org" }, "ERR_TIMEOUT")
  local url = ("http://127.0.0.1:%d/api/server/telemetry"):format(server:port "http")
  for i = 1, 3 do
    play.equal(i < 3 and 200 or 429, mu.http_client.post(url, '{"values":[]}').status, "upload " .. i)
  end
end)

play.scene("who changes his game without end is held back, and may leave at any time", function()
  local server = play.server { set = { "limits.changes_per_minute=10" } }
  local alice, bob = match.player(server, "Alice"), match.player(server, "Bob")
  local lobby = match.together { alice, bob }
  local mine  = { game_id = lobby.id, player_id = bob.id, attributes = { noise = ("x"):rep(255) } }
  local refused, heard = nil, 0
  for _ = 1, 100 do
    bob:sends("GameManager.setPlayerAttributes", mine)
    refused = bob:next().kind == "error"
    if refused then break end
    match.tells(lobby, "NotifyPlayerAttribChange", mine)
    heard = heard + 1
  end
  play.equal({ true, true }, { refused, heard > 0 }, "refused after some")
  alice:asks("GameManager.setGameSettings", { game_id = lobby.id, settings = 285 })   -- hers is her own
  match.tells(lobby, "NotifyGameSettingsChange", { settings = 285 })
  match.leaves(bob, lobby)
  server:wait_log("limit 'changes of a player' reached")
end)
