-- history.lua: earlier versions of what was saved, and a whole player as a file, from the console.
local console = require "plays.lib.console"
local play    = require "plays.lib.play"
local steps   = require "plays.lib.steps"

local function says(server, line, text)
  local said = server:ctl(line)
  play.equal({ 0, "" }, { said.code, said.err }, line)
  if text then play.equal(true, said.out:find(text, 1, true) ~= nil, line .. ": " .. said.out) end
  return said.out
end

local function refuses(server, line, text)
  local said = server:ctl(line)
  play.equal(1, said.code, line)
  play.equal(true, said.err:find(text, 1, true) ~= nil, line .. ": " .. said.err)
end

play.scene("a whole player as he was", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  -- Keys that no leaderboard counts: nobody is told of a new rating meanwhile.
  local function save(key, value) alice:asks("Util.userSettingsSave", { key = key, value = value, user_id = 0 }) end
  local function has(settings)
    alice:connects()
    steps.log_in(alice, "alice@example.org", "hunter22")
    alice:asks("Util.userSettingsLoadAll", {}, play.exactly { settings = settings })
  end
  local then_ = { Progress = "22,3", NewItem = "a", csreward = "7", Base = "b" }
  for i = 1, 3 do save("Progress", "22," .. i) end
  save("NewItem", "a")
  save("csreward", "7")
  save("Base", "b")
  local version = says(server, "players history alice@example.org Base"):match "(%x+)%s+Base"
  local moment  = says(server, "players history alice@example.org Base"):match "%d+%-%d+%-%d+ %d+:%d+:%d+"
  mu.sleep(1.1)                                  -- moments are seconds
  for i = 1, 30 do save("csreward", tostring(i)) end       -- that far back its versions do not reach
  save("Base", "b")                              -- no change: it is still that version
  save("Progress", "22,0")
  save("FaceCodes", "20;")
  alice:asks("Util.deleteUserSettings", { key = "NewItem", user_id = 0 })

  refuses(server, "players restore alice@example.org 00000000 --all", "there is no such version")
  refuses(server, "players restore alice@example.org " .. version .. " --check", "--check goes with --all")
  refuses(server, ("players restore alice@example.org '%s'"):format(moment), "say --all")
  local out = says(server, "players restore alice@example.org " .. version .. " --all --check",
    "would have 3 of its keys")
  for _, line in ipairs { "NewItem%s+is back", "Progress%s+as it was", "FaceCodes%s+goes: it was not there",
                          "csreward%s+stays: its versions do not reach back so far" } do
    play.equal(true, out:find(line) ~= nil, line .. ": " .. out)
  end
  alice:asks("Util.ping", {})                    -- nothing has happened yet
  says(server, ("players restore alice@example.org '%s' --all"):format(moment), "has 3 of its keys as at " .. moment)
  alice:is_disconnected()
  then_.csreward = "30"
  has(then_)
  save("Base", "c")

  -- What it was before is a version as well, and so is what a key had before it was deleted.
  out = says(server, "players history alice@example.org FaceCodes", "20;")
  play.equal(nil, out:find("now", 1, true), out)
  says(server, "players restore alice@example.org " .. out:match "(%x+)%s+FaceCodes", "FaceCodes")
  says(server, ("players restore alice@example.org '%s' --all"):format(moment), "has 2 of its keys as at")
  says(server, "audit", "players restore")
  alice:is_disconnected()
  has(then_)
  refuses(server, "players restore alice@example.org 'yesterday' --all", "there is no such version")
end)

play.scene("a save that went wrong is put back, and a player moves to another account", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  -- Her rating changes meanwhile, and she is told so whenever a second is over.
  local function asks(name, body)
    alice:sends(name, body)
    local answer
    repeat answer = alice:next() until answer.kind ~= "notification"
    play.equal({ kind = "response", name = name }, answer, "the answer")
  end
  local function save(key, value) asks("Util.userSettingsSave", { key = key, value = value, user_id = 0 }) end
  for i = 1, 25 do save("class1", "20;4;Adept;20;0.0000;" .. i) end
  save("class1", "20;4;Adept;20;0.0000;25")      -- the same once more is no version
  save("Completion", "22,70,0")
  asks("Util.deleteUserSettings", { key = "Completion", user_id = 0 })
  local out = says(server, "players history alice@example.org class1 --limit 100", "0.0000;25")
  play.equal(true, out:find("21 versions", 1, true) ~= nil, out)
  play.equal(nil, out:find("0.0000;4 ", 1, true), out)
  out = says(server, "players history alice@example.org Completion", "22,70,0")
  local gone = out:match "(%x%x%x%x%x%x%x%x%x%x)%s+Completion"
  local best = says(server, "players history alice@example.org class1"):match "(%x+)%s+class1[^\n]*0.0000;24"
  refuses(server, "players restore alice@example.org 00000000", "there is no such version")
  says(server, "players restore alice@example.org " .. best:sub(1, 6), "class1")
  alice:is_disconnected()
  refuses(server, "players restore alice@example.org " .. best, "this is what is there now")
  says(server, "players restore alice@example.org " .. gone, "Completion")
  says(server, "gaw set alice@example.org 75", "75.00 %")
  says(server, "players export alice@example.org alice.json", "alice.json")

  local bob = play.client(server, "Bob")
  steps.create_account(bob, "bob@example.org", "hunter22")
  refuses(server, "players import bob@example.org nothing.json", "No such file")
  refuses(server, "players import bob@example.org ../mu.db", "a file's name has letters")
  server:write("data/files/broken.json", "{\"format\":\"murelay player\",\"version\":1,\"settings\":{\"a b\":\"x\"}}")
  refuses(server, "players import bob@example.org broken.json", "settings.a b is no key")
  says(server, "players import bob@example.org alice.json", "alice.json")
  bob:is_disconnected()
  bob:connects()
  bob.rating = play.any
  steps.log_in(bob, "bob@example.org", "hunter22")
  bob:asks("Util.userSettingsLoadAll", {}, play.exactly {
    settings = { class1 = "20;4;Adept;20;0.0000;24", Completion = "22,70,0" },
  })
  says(server, "gaw show bob@example.org", "75.00 %")
  server:passes(1)                               -- the boards count a second later
  console.until_it_says(server, "leaderboards show n7rating", "720")
end)
