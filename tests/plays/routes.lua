-- routes.lua: what can be wrong with a declaration is told at its line, all of it at once.
local play = require "plays.lib.play"

local FILE = "data/scripts/services/welcome.lua"

local function refused(server, text, expected)
  server:write(FILE, text)
  local taken, log = server:reload()
  play.equal(false, taken, "the reload")
  for line, sentences in pairs(expected) do
    for _, sentence in ipairs(type(sentences) == "table" and sentences or { sentences }) do
      play.equal(play.text(("data/scripts/services/welcome%%.lua:%d: [^\n]*%s"):format(line, sentence)), log, sentence)
    end
  end
end

play.scene("routes, notifications and guards", function()
  local server = play.server {}
  refused(server, [[
local groups = mu.component "Playgroups"
mu.component("Util").ping { handle = function() end }
groups.joinPlaygruop { handle = function() end }
groups.joinPlaygroup { handel = function() end }
groups.leavePlaygroup { handle = 7, request = {}, response = mu.tdf.int, logn = true, 8 }
groups.lookupPlaygroupInfo "x"
groups.kickPlaygroupMember {
  handle = function() end, login = true,
  reqest = mu.tdf.struct { a = mu.tdf.int "A" },
}
local note = mu.component("UserSessions").notification "UserAdded" { bdy = 1 }
mu.http.get("/one/{a}", { handle = function() end })
mu.http.post("/one/{b}", { handle = function() end })
mu.http.get("/one/{a}", { handle = function() end })
mu.http.get("one", { handle = function() end })
mu.http.get("/two/{a}/{a}", { handle = function() end })
mu.http.get("/three", { handel = function() end, max_body = "big" })
return { started = function() end }
]], {
    [2]  = "Util%.ping is declared twice; the other one is in scripts/components/util%.lua:%d+",
    [3]  = "Playgroups has no joinPlaygruop; did you mean 'joinPlaygroup'%?",
    [4]  = { "Playgroups%.joinPlaygroup: a route has no 'handel', .*; did you mean 'handle'%?",
             "'handle' must be a function" },
    [5]  = { "Playgroups%.leavePlaygroup: 'handle' must be a function",
             "'request' must be a struct made by mu%.tdf%.struct", "'response' must be a struct",
             "a route has no 'logn', .*; did you mean 'login'%?",
             "a route has named fields only" },
    [6]  = "Playgroups%.lookupPlaygroupInfo: expected a table",
    [7]  = "Playgroups%.kickPlaygroupMember: a route has no 'reqest', .*; did you mean 'request'%?",
    [11] = { "UserSessions%.UserAdded: a notification has a 'body' and nothing else",
             "UserAdded is declared twice" },
    [13] = "mu%.http%.post: '/one/{b}' and '/one/{a}' match the same requests",
    [14] = "mu%.http%.get: \"/one/{a}\" has been declared already",
    [15] = "mu%.http%.get: 'one' must begin with /",
    [16] = "mu%.http%.get: '/two/{a}/{a}' has two parameters of one name",
    [17] = { "unknown key 'handel'; did you mean 'handle'%?", "'max_body' must be a number",
             "'handle' must be a function" },
  })
end)

play.scene("what stops a file is told beside what stops others", function()
  local server = play.server {}
  local function first(statement, sentence)
    refused(server, "\n" .. statement .. "\nreturn { started = function() end }", { [2] = sentence })
  end
  first('mu.component "Utill"', "the protocol has no component 'Utill'; did you mean 'Util'%?")
  first('mu.component("UserSessions").notification "UserAded"',
        "UserSessions %(notifications%) has no UserAded; did you mean 'UserAdded'%?")
  first('mu.guard "login" (function() end)', "the guard 'login' is declared twice")
  first('mu.guard "handle" (function() end)', "'handle' is a field of every route already")
  first('mu.on("session_open", print)', "session_open.*did you mean 'session_opened'")
  first('mu.tdf.struct { a = mu.tdf.int "A", b = mu.tdf.int "A" }', "t%.struct: .*A")
  first('mu.listen { name = "x", adress = "127.0.0.1" }', "adress")
end)
