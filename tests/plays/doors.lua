-- doors.lua: each way in, from the first byte to the main menu.
local play   = require "plays.lib.play"
local steps  = require "plays.lib.steps"
local tunnel = require "plays.lib.tunnel"

-- What a game learns before it logs in, by the door it came by.
local function is_told(client, told)
  local hello   = steps.hello(client)
  local configs = steps.configs(client)
  play.equal(told.qos, hello.qos.latency_sites["ea-sjc"], "the ping site")
  play.equal(told.data, configs.ME3_DATA, "ME3_DATA")
  play.equal("Mu Relay", configs.ME3_MSG.MSG_1_title, "the title of the first message")
  play.equal("ME3_PRC_REBELLION", configs.ME3_ENT.ENT_14_entitlement, "entitlement 14")
  play.equal(play.text "ME3_REPACK_ARSENAL", configs.ME3_DIME.Config, "ME3_DIME")
end

play.scene("an unmodified game: redirector over SSLv3, then plain Blaze", function()
  local server     = play.server {}
  local redirector = play.client(server, "Alice at the redirector", { via = "ssl3" })
  redirector:asks("Redirector.getServerInstance", { client_name = "MassEffect3-pc", platform = "Windows" }, {
    address = { address = { host = "127.0.0.1", ip = 0x7F000001, port = server:port "game" } }, secure = false,
  })
  redirector:leaves()

  local alice = play.client(server, "Alice", { via = "blaze" })
  local http  = "http://127.0.0.1:" .. server:port "http"
  is_told(alice, {
    qos  = { address = "127.0.0.1", port = server:port "http", site_name = "prod-sjc" },
    data = {
      GAW_SERVER_BASE_URL = http .. "/gaw", IMG_MNGR_BASE_URL = http .. "/content/",
      TEL_SERVER = "127.0.0.1", TEL_PORT = tostring(server:port "telemetry"),
    },
  })
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.to_the_menu(alice)
end)

play.scene("a Pocket Relay client: look-up, upgrade, its own machine in every address", function()
  local server = play.server {}
  local base   = "http://127.0.0.1:" .. server:port "http"
  local found  = mu.json.decode(mu.http_client.get(base .. "/api/server").body)
  play.equal({ ident = "POCKET_RELAY_SERVER", version = "0.8.1", association = play.text "^[%w_-]+%.[%w_-]+$",
               server = { name = "Mu Relay" } }, found, "/api/server")
  play.equal(66, #found.association, "the length of the association token")
  local alice = play.client(server, "Alice", { via = "upgrade", headers = {
    ["x-pocket-relay-scheme"] = "http", ["x-pocket-relay-host"] = "127.0.0.1", ["x-pocket-relay-port"] = "42131",
    ["x-pocket-relay-local-http"] = "true", ["x-association"] = found.association,
  } })
  is_told(alice, {
    qos  = { address = "127.0.0.1", port = 42131, site_name = "prod-sjc" },
    data = {
      GAW_SERVER_BASE_URL = "http://127.0.0.1:42131", IMG_MNGR_BASE_URL = "http://127.0.0.1:42131/content/",
      TEL_SERVER = "127.0.0.1", TEL_PORT = "42129",
    },
  })
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.to_the_menu(alice)
end)

play.scene("an old client without HTTP of its own is told the server's URL", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice", { via = "upgrade", headers = {
    ["x-pocket-relay-scheme"] = "http", ["x-pocket-relay-host"] = "play.example.org", ["x-pocket-relay-port"] = "8080",
  } })
  is_told(alice, {
    qos  = { address = "play.example.org", port = 8080 },
    data = { GAW_SERVER_BASE_URL = "http://play.example.org:8080", TEL_SERVER = "127.0.0.1", TEL_PORT = "42129" },
  })
end)

play.scene("raw Blaze on the port that serves everything", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice", { via = "blaze", door = "http" })
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.to_the_menu(alice)
end)

play.scene("Blaze inside TLS", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice", { via = "tls" })
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.to_the_menu(alice)
end)

play.scene("a configured public address is what everybody is told", function()
  local server = play.server { set = { "public_address=play.example.org" } }
  local alice  = play.client(server, "Alice at the redirector", { via = "ssl3" })
  alice:asks("Redirector.getServerInstance", {}, { address = { address = { host = "play.example.org", ip = 0 } } })
  local bob = play.client(server, "Bob", { via = "blaze" })
  is_told(bob, {
    qos  = { address = "play.example.org" },
    data = { TEL_SERVER = "play.example.org", GAW_SERVER_BASE_URL = play.text "^http://play%.example%.org:%d+/gaw$" },
  })
end)

play.scene("who knocks wrongly at the upgrade door is told so", function()
  local server = play.server {}
  local base   = "http://127.0.0.1:" .. server:port "http"
  local plain  = mu.http_client.get(base .. "/api/server/upgrade")
  play.equal({ status = 426, headers = { upgrade = "blaze" } }, plain, "without an upgrade")
  play.equal({ status = 400 }, mu.http_client.get(base .. "/api/server/tunnel"), "the tunnel, without a token")
  play.equal({ status = 405 }, mu.http_client.post(base .. "/api/server/upgrade", ""), "POST")
  play.equal({ status = 200, body = "" }, mu.http_client.post(base .. "/api/server/telemetry",
    '{"values":[["TLM3","000002DF/-;00000022/BOOT/SESS/OLNG/vlng=INT"]]}'), "telemetry")
  play.equal({ status = 200 }, mu.http_client.get(base .. "//api/server"), "two slashes")
  local alice = play.client(server, "Alice", { headers = { ["x-association"] = "no.token" } })
  alice:asks("Util.ping", {}, { server_time = play.any })
end)

play.scene("quality of service is answered, whatever is asked", function()
  local server = play.server {}
  local base   = "http://127.0.0.1:" .. server:port "http"
  local function body(path) return mu.http_client.get(base .. path).body end
  play.equal(play.text "<qosip>2130706433</qosip>", body "/qos/qos?prpt=3659&vers=1&qtyp=1", "kind 1")
  play.equal(play.text "<numprobes>10</numprobes>.*<probesize>1200</probesize>", body "/qos/qos?qtyp=2", "kind 2")
  play.equal(play.text "<qosport>42130</qosport>", body "/qos/qos", "no kind: the address")
  play.equal(play.text "<numprobes>10</numprobes>", body "/qos/qos?qtype=2", "the name that one server wanted")
  play.equal(play.text "<qosport>0</qosport>", body "/qos/qos?qtyp=7", "an unknown kind")
  play.equal(play.text "<numinterfaces>2</numinterfaces>", body "/qos/firewall?vers=1&nint=1", "firewall")
  play.equal(play.text "<firetype>2</firetype>", body "/qos/firetype?vers=1&rqid=747&rqsc=502&inip=-1", "firetype")
end)

play.scene("a game without a client is sent to our own probe listeners, and answered there", function()
  local server = play.server { config = tunnel.config(0, [[
    { name = "qos",  address = "127.0.0.1", port = 0, qos = true },
    { name = "qos2", address = "127.0.0.1", port = 0, qos = true },]]) }
  local base   = "http://127.0.0.1:" .. server:port "http"
  local first, second = server:port "qos", server:port "qos2"
  local function body(path, headers) return mu.http_client.get(base .. path, { headers = headers }).body end
  play.equal(play.text(("<qosport>%d</qosport>.*<qosip>2130706433<"):format(first)), body "/qos/qos?qtyp=1", "direct")
  play.equal(play.text(("<ports>%d</ports>.*<ports>%d</ports>"):format(first, second)),
    body "/qos/firewall?vers=1&nint=1", "firewall")
  play.equal(play.text "<qosport>42130</qosport>",
    body("/qos/qos?qtyp=1", { ["user-agent"] = "PocketRelayClient/v0.3.0" }), "behind a client")
  local game, probe = mu.test.udp(), (">I4I4I4I4I4"):pack(2, 1, 0, 1, 0x12345678)
  game:send(probe, first)
  play.equal(probe .. (">I4I2I4"):pack(0x7F000001, game:port(), 0), (game:receive()), "my address")
  local long = (">I4I4I4I4I4"):pack(5, 1, 1, 0, 10) .. ("p"):rep(1180)
  game:send(long, second)
  play.equal(long:sub(1, 20) .. (">I4I2"):pack(6000000, game:port()) .. ("p"):rep(1174), (game:receive()), "latency")
  game:send((">I4I4"):pack(747, 502), first)    -- a firewall probe is not answered: the next answer is the next one's
  game:send(probe, first)
  play.equal(20, #game:receive() - 10, "the answer to a firewall probe")
end)

play.scene("what is no telemetry ends its connection and nothing else", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice", { via = "blaze", door = "telemetry" })
  alice:raw(("TLM3 is not for us"):rep(1000))
  alice:is_disconnected()
  play.client(server, "Bob"):asks "Util.ping"
end)

play.scene("behind a reverse proxy a player's address is what the proxy says", function()
  local server = play.server { set = { "reverse_proxy=true" } }
  local base   = "http://127.0.0.1:" .. server:port "http"
  for _, address in ipairs { "", "nonsense", "2001:db8::1", "1.2.3.256", "1.2.3.4:x" } do
    local headers = { upgrade = "blaze", connection = "upgrade", ["x-real-ip"] = address ~= "" and address or nil }
    play.equal({ status = 400 }, mu.http_client.get(base .. "/api/server/upgrade", { headers = headers }), address)
  end
  local alice = play.client(server, "Alice", { headers = { ["x-real-ip"] = "203.0.113.9:4711" } })
  steps.create_account(alice, "alice@example.org", "hunter22")
  alice:asks("UserSessions.updateNetworkInfo", {
    address = { pair = { external = { ip = 0, port = 0 }, internal = { ip = 0xC0A80105, port = 3659 } } },
  })
  alice:is_notified("UserSessions.UserSessionExtendedDataUpdate", {
    data = { address = { pair = { external = { ip = 0xCB007109, port = 3659 } } } },
  })
  -- A chain of proxies: what came before the last address that is no proxy's anybody may have written.
  for header, text in pairs {
    ["6.6.6.6, 203.0.113.10:4711, ::ffff:127.0.0.1, 127.0.0.2"] = "203.0.113.10", ["203.0.113.11"] = "203.0.113.11",
    ["::ffff:203.0.113.12"] = "203.0.113.12", ["127.0.0.1"] = "127.0.0.1",
  } do
    local bob = play.client(server, "Bob", { headers = { ["x-forwarded-for"] = header } })
    bob:asks "Util.ping"
    play.equal(true, server:ctl("sessions list").out:find(text, 1, true) ~= nil, header)
  end
end)
