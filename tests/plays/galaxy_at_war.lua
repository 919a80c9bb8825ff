-- galaxy_at_war.lua: the war over HTTP: login, ratings, matches, refusals, as the game and its clients spell it.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local function document(ratings, level, promotions)
  local lines = { '<?xml version="1.0" encoding="utf-8"?>', "<galaxyatwargetratings>", "    <ratings>" }
  local function add(text) lines[#lines + 1] = text end
  for _, value in ipairs(ratings) do add("        <ratings>" .. value .. "</ratings>") end
  add "    </ratings>"
  add("    <level>" .. level .. "</level>")
  add "    <assets>"
  for i = 1, 10 do add("        <assets>" .. (i == 1 and promotions or 0) .. "</assets>") end
  add "    </assets>"
  add "</galaxyatwargetratings>"
  return table.concat(lines, "\n") .. "\n"
end

play.scene("the war: login, ratings, matches, promotions, what nobody may", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local token = alice:asks("Authentication.getAuthToken", {}).token
  local base  = "http://127.0.0.1:" .. server:port "http"
  local function answers(path, text, status)
    local reply = mu.http_client.get(base .. path)
    play.equal(status or 200, reply.status, path)
    play.equal(text, reply.body, path)
    if reply.status ~= 400 then play.equal("text/xml;charset=UTF-8", reply.headers["content-type"], path) end
  end
  local refused = '<?xml version="1.0" encoding="utf-8"?>\n<error>\n    <component>2049</component>\n'
    .. "    <errorCode>1074003968</errorCode>\n    <errorName>ERR_AUTHENTICATION_REQUIRED</errorName>\n</error>\n"

  local login = mu.http_client.get(base .. "/authentication/sharedTokenLogin?auth=" .. token)
  play.equal(token, login.body:match "<sessioninfo>.-<sessionkey>(.-)</sessionkey>", "session key")
  play.equal(tostring(alice.id), login.body:match "<blazeuserid>(.-)</blazeuserid>", "player")
  local fresh = document({ 5000, 5000, 5000, 5000, 5000 }, 5000, 0)
  for _, prefix in ipairs { "", "/", "/gaw", "/wal/masseffect-gaw-pc" } do
    answers(prefix .. "/galaxyatwar/getRatings/" .. token, fresh)
  end
  alice:asks("Util.userSettingsSave", { key = "class1", value = "20;4;Adept;20;0.0000;7", user_id = 0 })
  server:passes(1)                               -- then he is told of his rating
  alice:is_notified "UserSessions.UserSessionExtendedDataUpdate"
  alice:asks("Util.userSettingsSave", { key = "class2", value = "20;4;Soldier;20;0.0000;x", user_id = 0 })
  local increase = "/galaxyatwar/increaseRatings/" .. token
  answers(increase .. "?rinc|0=100&rinc|1=0&rinc%7C2=65535&rinc|3=-4&rinc|4=99999999999",
    document({ 5100, 5000, 10099, 5000, 5000 }, 6039, 7))
  answers(increase, document({ 5100, 5000, 10099, 5000, 5000 }, 6039, 7))
  server:stop()
  server:restart()
  base = "http://127.0.0.1:" .. server:port "http"
  answers("/galaxyatwar/getRatings/" .. token .. "?assets=1", document({ 5100, 5000, 10099, 5000, 5000 }, 6039, 7))

  local forged = token:sub(1, -2) .. (token:sub(-1) == "A" and "B" or "A")
  for _, wrong in ipairs { forged, "1", ("x"):rep(500), "%3Cb%3E" } do
    answers("/galaxyatwar/getRatings/" .. wrong, refused)
    answers("/galaxyatwar/increaseRatings/" .. wrong .. "?rinc|0=1", refused)
    answers("/authentication/sharedTokenLogin?auth=" .. wrong, refused)
  end
  answers("/authentication/sharedTokenLogin", "auth is missing: the token from getAuthToken", 400)

  -- What nobody knows the address of: an empty list, or an error that the game understands; told once, without tokens.
  local unknown = refused:gsub("1074003968", "1073938432"):gsub("ERR_[%u_]+", "ERR_COMMAND_NOT_FOUND")
  local function empty(root, inside)
    return ('<?xml version="1.0" encoding="utf-8"?>\n<%s>\n    %s\n</%s>\n'):format(root, inside, root)
  end
  answers("/galaxyatwar/getFriends/" .. token, unknown)
  answers("/gaw/somewhere/else?key=" .. token, unknown)
  answers("/wal/masseffect-gaw-pc/messages/getMessages/" .. token, empty("getmessages", "<messages/>"))
  answers("/galaxyatwar/sendMessage", empty("sendmessage", "<messageids/>"))
  answers("/galaxyatwar/touchMessages/" .. token, empty("touchmessages", "<count>0</count>"))
  server:wait_log("a game asks for /galaxyatwar/getFriends/…")
  play.equal(nil, server:log():find(token, 1, true), "no token in the log")
end)

play.scene("the token in the addresses of the war is good for the war, and no other one is", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local war  = alice:asks("Authentication.getAuthToken", {}).token
  local base = "http://127.0.0.1:" .. server:port "http"
  local function asks(path, headers) return mu.http_client.get(base .. path, { headers = headers }) end
  local function plays(token)
    local login, ratings = asks("/authentication/sharedTokenLogin?auth=" .. token),
                           asks("/galaxyatwar/getRatings/" .. token)
    local fine = login.body:find("<fulllogin>", 1, true) and ratings.body:find("<level>", 1, true)
    local refused = login.body:find("ERR_AUTHENTICATION", 1, true) and ratings.body:find("ERR_AUTHENTICATION", 1, true)
    if not fine and not refused then play.fails("neither: %s %s", login.body, ratings.body) end
    return fine ~= nil
  end
  play.equal({ true, false }, { plays(war), plays(alice.token) }, "the war's, the login's")
  play.equal({ 60, true }, { #war, war ~= alice.token }, "both have the same form")

  -- It logs nobody in: not over HTTP, not a game. And no token in an address does.
  play.equal(401, asks("/api/players/self", { ["x-token"] = war }).status, "the war's as a login")
  play.equal(200, asks("/api/players/self", { ["x-token"] = alice.token }).status, "the login's")
  for _, name in ipairs { "x-token", "token", "auth", "X-Token" } do
    play.equal(401, asks("/api/players/self?" .. name .. "=" .. alice.token).status, name .. " in the address")
  end
  local other = play.client(server, "Other")
  other:is_refused("Authentication.silentLogin", { token = war, persona_id = alice.id, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN")

  -- Logged out everywhere is logged out of the war as well; the next token is good again.
  play.equal(0, server:ctl("players logout alice@example.org").code, "players logout")
  alice:is_disconnected()
  play.equal(false, plays(war), "after a logout everywhere")
  play.equal(401, asks("/api/players/self", { ["x-token"] = alice.token }).status, "the login's then")
  alice:connects()
  steps.log_in(alice, "alice@example.org", "hunter22")
  play.equal(true, plays(alice:asks("Authentication.getAuthToken", {}).token), "a new one")
end)
