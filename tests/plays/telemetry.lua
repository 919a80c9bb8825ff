-- telemetry.lua: what games tell about themselves, over both ways, as events that a script hears.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

-- Tells the log what it hears.
local LISTENER = [[
mu.on("telemetry", function(event)
  local names = {}
  for key in pairs(event.fields) do names[#names + 1] = key end
  mu.log.info("heard %x %x %s/%s/%s, %d fields, inst %s, dead %s, of player %s", event.time, event.sequence,
    event.module, event.group, event.name, #names, event.fields.inst, event.fields.dead, event.player_id)
end)
]]

-- Reference 04 appendix D; what follows the NUL is ignored.
local KILL = "00000055/-;00000029/GAME/MULT/KILL/inst=Jacob&dead=SFXPawn_Cannibal2&ksrc=M-8Avenger&posX=6180.4721" ..
  "&posY=1858.0004&posZ=91.1499&mapv=biop_mpcer3&clas=AdeptHumanMale&levl=3&diff=0&mtch=1\0t"
local HEARD = "heard 55 29 GAME/MULT/KILL, 11 fields, inst Jacob, dead SFXPawn_Cannibal2, of player %s"

local KEY = "The truth is back in style."

-- As the game disguises it: xor, and the high bit for what would end a line or a value.
local function disguised(text)
  local out = {}
  for i = 1, #text do
    local c = text:byte(i) ~ KEY:byte((i - 1) % #KEY + 1)
    out[i] = string.char((c < 0x16 or c == 0x3D) and c | 0x80 or c)
  end
  return "@8a-" .. table.concat(out)
end

local function message(lines)
  return "&lgr" .. ("\0"):rep(4) .. (">I4"):pack(12 + #lines) .. lines
end

local function server_that_hears()
  return play.server { files = { ["scripts/http/content.lua"] = LISTENER } }
end

play.scene("a kill, told over the game's own connection and by its client, is the event a script hears", function()
  local server = server_that_hears()
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local game = play.client(server, "Alice's game", { via = "blaze", door = "telemetry" })
  game:raw(message("SUB=1\nTLM3=" .. disguised(KILL) .. "\nAUTH=a=b\0"))
  server:wait_log(HEARD:format(alice.id))

  local mark = server:mark()
  local url  = ("http://127.0.0.1:%d/api/server/telemetry"):format(server:port "http")
  local body = mu.json.encode { values = { { "TLM3", KILL }, { "AUTH", "[97, 61, 98]" } } }
  play.equal({ status = 200, body = "" }, mu.http_client.post(url, body), "the POST")
  server:wait_log(HEARD:format(alice.id), mark)
end)

play.scene("of several players at one address the event says whose it is; nonsense is survived", function()
  local server = server_that_hears()
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  local url = ("http://127.0.0.1:%d/api/server/telemetry"):format(server:port "http")
  local function post(body, status) play.equal(status, mu.http_client.post(url, body).status, body) end
  local function values(text) return mu.json.encode { values = { { "TLM3", text } } } end
  post(values(KILL), 200)
  server:wait_log(HEARD:format "nil")
  post(values((KILL:gsub("Jacob", bob.persona))), 200)
  server:wait_log(("inst %s, dead SFXPawn_Cannibal2, of player %d"):format(bob.persona, bob.id))
  post(values "nonsense,00/x,,", 200)
  for _, body in ipairs { "", "{}", "[1]", '{"values":7}', '{"values":[["TLM3"]]}', '{"values":[["TLM3",{}]]}' } do
    post(body, 400)
  end
  local game = play.client(server, "A game", { via = "blaze", door = "telemetry" })
  game:raw("&lgr\0\0\0\0\0\0\0\3")               -- shorter than its own header
  game:is_disconnected()
  alice:asks "Util.ping"
end)

play.scene("who sends too much is not listened to", function()
  local server = play.server {
    set = { "limits.uploads_per_minute=3" }, files = { ["scripts/http/content.lua"] = LISTENER },
  }
  local game = play.client(server, "A game", { via = "blaze", door = "telemetry" })
  for i = 1, 6 do
    game:raw(message("TLM3=" .. disguised(("0000000%d/-;00000029/GAME/MULT/KILL/"):format(i)) .. "\n"))
  end
  server:wait_log("limit 'uploads from an address' reached")
  server:wait_log("heard 3 29")
  play.equal(nil, server:log():find("heard 4 29", 1, true), "the fourth")
end)
