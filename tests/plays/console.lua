-- console.lua: what an operator does from outside: murelay ctl against a server, commands of his own, reload.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

-- A script of the operator's with commands of every kind, in the place of the console's section "stub".
local OWN = [[
mu.section "own" { text = "the operator's own" }
mu.word "fruit" {
  text = "a fruit",
  find = function(text)
    mu.sleep(0.001)
    return ({ apple = "an apple", pear = "a pear" })[text]
  end,
  complete = function() return { "apple", "pear" } end,
}
mu.command "own eat" { text = "eats", params = "fruit: fruit, times?: integer",
  options = "slowly?: boolean, with?: fruit",
  handle = function(caller, fruit, times, options)
    local how = (options.slowly and " slowly" or "") .. (options.with and " with " .. options.with or "")
    return ("%s eats %s %s times%s"):format(caller.kind, fruit, times, how)
  end }
mu.command "own secret" { text = "keeps it", params = "word: secret", changes = true,
  handle = function(_, word) return #word end }
mu.command "own table" { text = "a table", handle = function()
  return { columns = { "name", "count", "ok" }, rows = { { "übel", 7, true }, { "b", 12345 } }, note = "2 things" }
end }
mu.command "own nothing" { text = "nothing", handle = function() end }
mu.command "own refusal" { text = "no", changes = true, handle = function() return nil, "not today" end }
mu.command "own bug" { text = "a bug", handle = function() local x = nil; return x.y end }
mu.command "own loop" { text = "for ever", handle = function() while true do end end }
mu.command "own memory" { text = "too much", handle = function()
  local t = {}
  while true do t[#t + 1] = ("x"):rep(1000) .. #t end
end }
mu.command "own waits" { text = "waits", handle = function(caller)
  caller:print("waiting in " .. mu.generation)
  mu.log.info("own waits has begun")
  while mu.scripts.status().number == mu.generation do mu.sleep(0.01) end
  return "waited in " .. mu.generation
end }
mu.command "own says" { text = "the rest", params = "to: string, text: rest", handle = function(_, to, text)
  return to .. ": " .. text
end }
]]

local function server_with(text, set)
  return play.server { files = { ["scripts/console/stub.lua"] = text or OWN }, set = set }
end

local function says(server, line, expected, code)
  local said = server:ctl(line)
  play.equal(code or 0, said.code, "exit code of " .. line .. "\n" .. said.out .. said.err)
  play.equal(expected, code and code ~= 0 and said.err or said.out, "what it said to " .. line)
end

-- What a line gave, as JSON said it.
local function gives(server, line)
  local said = server:ctl("--json " .. line)
  play.equal(0, said.code, "exit code of " .. line .. "\n" .. said.err)
  return mu.json.decode(said.out)
end

play.scene("one command and its exit code: done, failed, not understood, no server", function()
  local server = server_with()
  says(server, "own nothing", "done\n")
  says(server, "own refusal", "not today\n", 1)
  says(server, "own refusals", "'own' has no command 'refusals'; did you mean 'refusal'?\n", 2)
  says(server, "onw", "there is no command 'onw'; did you mean 'own'?\n", 2)
  says(server, "own eat",
       "own eat needs <fruit>; it is written: own eat <fruit> [times] [--slowly] [--with <fruit>]\n", 2)
  says(server, "own eat apple --slwly", "own eat has no option --slwly; did you mean --slowly?\n", 2)
  server:stop()
  says(server, "own nothing", play.text "no server answers at .*/console%.sock: start it with %./mu serve", 2)
end)

play.scene("words of scripts are found, and suggested where they are not", function()
  local server = server_with()
  says(server, "own eat apple 3 --slowly --with pear", "socket eats an apple 3 times slowly with a pear\n")
  says(server, "own eat aple", "there is no fruit 'aple'; did you mean 'apple'?\n", 1)
  says(server, "own eat apple 3 --with stone", "there is no fruit 'stone'\n", 1)
  says(server, [[own says alice "it's one word"]], "alice: it's one word\n")
  says(server, [[own says "two words" it's "as" it --stands]], [[two words: it's "as" it --stands]] .. "\n")
end)

play.scene("a table, a value, JSON", function()
  local server = server_with()
  says(server, "own table", "name  count  ok\nübel      7  yes\nb     12345\n2 things\n")
  play.equal({ { name = "übel", count = 7, ok = true }, { name = "b", count = 12345 } }, gives(server, "own table"))
  says(server, "> { 1, a = { 'x\\n' }, f = print }", '{ 1, a = { "x\\n" }, f = function of the core }\n')
  says(server, "--json > { 1, 2 }", "[1,2]\n")
  says(server, "> nil, 2", "nil\n2\n")
  says(server, "> 1 +", ">:1: unexpected symbol near <eof>\n", 1)
end)

play.scene("Lua sees the running services, keeps what it assigns to itself, and cannot change theirs", function()
  local server = server_with()
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  says(server, "> require('services.sessions').players_online()", "1\n")
  says(server, ("> require('services.sessions').player(%d)"):format(alice.id),
       play.text "player %d+ %(.-%) {.*email = ")
  local said = server:ctl("-", nil, "> x = 5 y = x\n# a comment\n\n> x + y\n> mu.x = 1\n> x\n")
  play.equal(1, said.code)
  play.equal("10\n", said.out)
  says(server, "> x", "nil\n")
  says(server, "> mu.sleep(0.01) return 'slept'", '"slept"\n')
end)

play.scene("an error comes with its places, a limit with its name, and the console lives", function()
  local server = server_with(OWN, { "limits.burst_ms=300" })
  says(server, "own bug", play.text "console/stub%.lua:%d+: attempt to index a nil value.*\n  .*stub%.lua:%d+: in ", 1)
  play.equal(play.text "'own bug' of .* failed: ", server:log())
  says(server, "own loop", play.text "ran for more than %d+ ms without a pause %(limits%.burst_ms%)", 1)
  says(server, "own memory", play.text "memory", 1)
  says(server, "> local function f() error({ code = 5 }) end f()", play.text "{ code = 5 }", 1)
  says(server, "own nothing", "done\n")
end)

play.scene("what changes something is in the audit log, without secrets", function()
  local server = server_with()
  says(server, "own secret 'hunter 22'", "9\n")
  says(server, "own refusal", "not today\n", 1)
  local entries = gives(server, "> require('services.audit').last(2)")
  play.equal("own refusal", entries[1].what)
  play.equal("(failed: not today)", entries[1].detail)
  play.equal("own secret", entries[2].what)
  play.equal("(hidden)", entries[2].detail)
  if server:log():find("hunter 22", 1, true) then play.fails "the log has the secret" end
end)

play.scene("a reload while a command waits: it ends as it began; the next one is the new script's", function()
  local server = server_with()
  local done
  mu.spawn(function() done = server:ctl "own waits" end)
  server:wait_log "own waits has begun"
  play.equal(0, server:ctl("reload").code)
  while not done do mu.sleep(0.01) end
  play.equal(0, done.code)
  local began, ended = done.out:match "^waiting in (%d+)\nwaited in (%d+)\n$"
  play.equal(began, ended, "the generation it ended in")
  server:write("data/scripts/console/stub.lua", (OWN:gsub("not today", "not tomorrow")))
  play.equal(0, server:ctl("reload").code)
  says(server, "own refusal", "not tomorrow\n", 1)
end)

play.scene("a broken edit is told with every place; check changes nothing; the way back", function()
  local server = server_with()
  server:write("data/scripts/console/stub.lua", OWN .. "mu.command 'own eat' { txet = 1 }\nmu.section 'own' {}\n")
  local said = server:ctl "reload --check"
  play.equal(1, said.code)
  play.equal(play.text "stub%.lua:%d+: mu%.command \"own eat\": it has no field 'txet'; did you mean 'text'%?",
             said.err)
  play.equal(play.text "stub%.lua:%d+: mu%.section \"own\": it is declared already, at ", said.err)
  says(server, "own nothing", "done\n")
  play.equal(1, server:ctl("reload").code)
  server:write("data/scripts/console/stub.lua", (OWN:gsub("own nothing", "own something")))
  says(server, "reload", play.text "^generation %d+ %(%x+%) is running")
  says(server, "own something", "done\n")
  says(server, "rollback", play.text "^generation %d+ %(%x+%) is running")
  says(server, "own nothing", "done\n")
end)

play.scene("help is everything that is declared, and knows the functions of scripts", function()
  local server = play.server {}
  local said = server:ctl "help"
  play.equal(0, said.code)
  for _, command in ipairs(mu.console.commands()) do
    if not said.out:find("\n  " .. command.name, 1, true) then play.fails("help says nothing of %s", command.name) end
  end
  says(server, "help stub", play.text "stub <component> <command>\n.*declared in scripts/console/stub%.lua:%d+\n")
  says(server, "stub --help", play.text "example: stub Util ping\n")
  says(server, "help mu.crypto.random", play.text "^mu%.crypto%.random%(count: integer%) → string\n")
  says(server, "help mu.crypto.randon", play.text "did you mean 'mu%.crypto%.random'%?", 1)
  says(server, "help Util.ping", play.text "response: PingResponse\n    server_time +integer STIM\n  declared in ")
  says(server, "help limits.burst_ms", play.text "^setting limits%.burst_ms\n")
  says(server, "stub Util ping", play.text "\nutil%.ping {\n.*response = schema%.PingResponse,\n")
  says(server, "stub Util pinng", "Util has no command 'pinng'; did you mean 'ping'?\n", 1)
  says(server, "status", play.text "^what +value\nversion +%d")
end)

play.scene("one server on a data folder; its end from the console", function()
  local server = play.server {}
  local good, reason = pcall(play.server, { data = server:folder() .. "/data" })
  play.equal(false, good)
  play.equal(play.text "a server runs on the data folder .* already %(process %d+%): stop it, or give this one", reason)
  says(server, "shutdown", "the server ends\n")
  play.equal(0, server:wait())
  server:restart()
  play.kill(server)
  server:restart()                               -- the socket it left behind is replaced
  play.equal(0, server:ctl("status").code)
end)
