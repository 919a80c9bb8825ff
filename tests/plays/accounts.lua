-- accounts.lua: making accounts and the ways to log in to them.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local FAILED = play.exactly { persona_name = "", user_id = 0 }

play.scene("create an account, log out, come back the next day without a password", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "Alice@Example.org", "hunter22")
  steps.to_the_menu(alice)
  alice:asks("Authentication.logout", {})
  alice:is_notified("UserSessions.UserRemoved", { user_id = alice.id })
  alice:is_refused("Util.userSettingsLoadAll", {}, "ERR_AUTHENTICATION_REQUIRED")
  alice:leaves()
  server:stop()
  server:restart()
  alice:connects()
  steps.silent_login(alice)
  steps.to_the_menu(alice)
end)

play.scene("log in with e-mail and password", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:comes_back()
  steps.log_in(alice, " ALICE@example.org ", "hunter22")
  steps.to_the_menu(alice)
end)

play.scene("a wrong password, an unknown address, no address at all", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local bob = play.client(server, "Bob")
  bob:is_refused("Authentication.login", { email = "alice@example.org", password = "hunter23" },
    "AUTH_ERR_INVALID_PASSWORD", FAILED)
  bob:is_refused("Authentication.login", { email = "carol@example.org", password = "hunter22" },
    "AUTH_ERR_INVALID_USER", FAILED)
  bob:is_refused("Authentication.login", { email = "nonsense", password = "hunter22" },
    "AUTH_ERR_INVALID_EMAIL", FAILED)
  bob:is_refused("Authentication.login", {}, "AUTH_ERR_INVALID_EMAIL", FAILED)
  alice:asks("Util.ping")
end)

play.scene("tokens: expired, forged, somebody else's", function()
  local server = play.server { set = { "accounts.token_days=0" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:comes_back()
  local function silently(token, id)
    return { token = token, persona_id = id, token_type = 2 }
  end
  alice:is_refused("Authentication.silentLogin", silently(alice.token, alice.id), "AUTH_ERR_EXPIRED_TOKEN", FAILED)
  local forged = alice.token:sub(1, -2) .. (alice.token:sub(-1) == "A" and "E" or "A")
  alice:is_refused("Authentication.silentLogin", silently(forged, alice.id), "AUTH_ERR_INVALID_TOKEN", FAILED)
  alice:is_refused("Authentication.silentLogin", silently("", alice.id), "AUTH_ERR_INVALID_TOKEN", FAILED)
  alice:is_refused("Authentication.silentLogin", silently(("A"):rep(5000), 1), "AUTH_ERR_INVALID_TOKEN", FAILED)
  -- What the game does then: log out (an empty answer) and show the login form.
  alice:asks("Authentication.logout", {})
  steps.log_in(alice, "alice@example.org", "hunter22")
end)

play.scene("a token is good for its own player only", function()
  local server = play.server {}
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  bob:comes_back()
  bob:is_refused("Authentication.silentLogin", { token = bob.token, persona_id = alice.id, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN", FAILED)
end)

play.scene("the official servers are not asked", function()
  local alice = play.client(play.server {}, "Alice")
  alice:is_refused("Authentication.originLogin", { token = "whatever", token_type = 1 }, "ERR_SYSTEM", FAILED)
end)

play.scene("the same e-mail twice, letters large or small", function()
  local server = play.server {}
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  bob:is_refused("Authentication.createAccount", { email = "ALICE@example.ORG", password = "another1" },
    "AUTH_ERR_EXISTS", { errors = { { cause = 4, field = 2 } } })
  -- Both at once: one of them gets it.
  bob:sends("Authentication.createAccount", { email = "carol@example.org", password = "another1" })
  local dave = play.client(server, "Dave")
  dave:sends("Authentication.createAccount", { email = "carol@example.org", password = "another2" })
  local kinds = { bob:next().kind, dave:next().kind }
  table.sort(kinds)
  play.equal({ "error", "response" }, kinds, "the two answers")
end)

play.scene("what an account may not be made of", function()
  local alice = play.client(play.server {}, "Alice")
  local function refused(email, password, fault, expected)
    alice:is_refused("Authentication.createAccount", { email = email, password = password }, fault, expected)
  end
  for _, email in ipairs { "", "alice", "@example.org", "alice@", "a b@example.org", "alice@-example.org", "a@b..c",
                           "alice@exam\nple.org", ("a"):rep(250) .. "@example.org" } do
    refused(email, "hunter22", "AUTH_ERR_INVALID_EMAIL", { errors = { { cause = 1, field = 2 } } })
  end
  refused("alice@example.org", "abc", "AUTH_ERR_INVALID_FIELD", { errors = { { cause = 7, field = 1 } } })
  refused("alice@example.org", ("x"):rep(65), "AUTH_ERR_INVALID_FIELD", { errors = { { cause = 8, field = 1 } } })
  steps.create_account(alice, "alice@example.org", ("x"):rep(64))
end)

play.scene("registration can be closed", function()
  local alice = play.client(play.server { set = { "accounts.registration=false" } }, "Alice")
  alice:is_refused("Authentication.createAccount", { email = "alice@example.org", password = "hunter22" },
    "AUTH_ERR_DISABLED")
end)

play.scene("guessing passwords ends", function()
  local server = play.server { set = { "limits.login_failures=3" } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local eve = play.client(server, "Eve")
  for i = 1, 3 do
    eve:is_refused("Authentication.login", { email = "alice@example.org", password = "guess" .. i },
      "AUTH_ERR_INVALID_PASSWORD")
  end
  eve:is_refused("Authentication.login", { email = "alice@example.org", password = "hunter22" },
    "ERR_TIMEOUT", FAILED)
end)

play.scene("nobody makes accounts by the hundred", function()
  local alice = play.client(play.server { set = { "limits.accounts_per_hour=1" } }, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local another = { email = "alice2@example.org", password = "hunter22" }
  alice:is_refused("Authentication.createAccount", another, "ERR_TIMEOUT")
end)

play.scene("two logins of one account: the first is told and ends", function()
  local server = play.server {}
  local first  = play.client(server, "The first")
  steps.create_account(first, "alice@example.org", "hunter22")
  local second = play.client(server, "The second")
  second.rating = 0
  steps.log_in(second, "alice@example.org", "hunter22")
  first:is_notified("UserSessions.UserSessionDisconnected", { reason = 0 })
  first:is_disconnected()
  steps.to_the_menu(second)
end)

play.scene("the same account again on the same connection", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:asks("Authentication.silentLogin", { token = alice.token, persona_id = alice.id, token_type = 2 })
  alice:is_notified("UserSessions.UserRemoved", { user_id = alice.id })
  steps.sees_itself(alice, alice.id)
  alice:asks("Util.userSettingsLoadAll", {})
end)

play.scene("small things around accounts", function()
  local alice = play.client(play.server {}, "Alice")
  alice:asks("Authentication.getPasswordRules", {},
    { min_length = 4, max_length = 64, characters = play.text "^ABC.*|" })
  alice:asks("Authentication.passwordForgot", { email = "alice@example.org" })
  alice:is_refused("Authentication.loginPersona", { persona_name = "x" }, "ERR_AUTHENTICATION_REQUIRED")
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:is_refused("Authentication.loginPersona", { persona_name = "x" }, "AUTH_ERR_PERSONA_NOT_FOUND", FAILED)
  alice:asks("Authentication.listUserEntitlements2", { tag = "ONLINE_ACCESS" }, play.exactly {})
end)
