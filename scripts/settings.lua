-- settings.lua: every key that config.lua may hold: its type, what it is without a line in config.lua, and what for.
-- A key of config.lua that is not declared here is an error that names file, line and the nearest key. The limits on
-- scripts themselves (limits.burst_ms and the like) are the engine's own.

mu.settings {
  ["server.name"] = { type = "string", default = "Mu Relay", max = 64,
    text = "The name players see: in the menu messages and in the server list of their client." },
  ["server.compatibility"] = { type = "string", default = "0.8.1", max = 32,
    text = "The Pocket Relay version we are compatible with; their clients refuse anything below 0.5.0." },
  ["public_address"] = { type = "string", default = "", max = 253,
    text = "Host name or IPv4 address players reach this server by. Empty: the address they connected to." },
  ["reverse_proxy"] = { type = "boolean", default = false,
    text = "A reverse proxy stands in front: take a player's address from its header X-Real-IP." },
  ["trusted_proxies"] = { type = "list", of = "string", max = 64, default = { "127.0.0.0/8", "::1" },
    text = "Where that proxy's connections come from: addresses and networks. Others' headers are not looked at." },
  ["tls.certificate"] = { type = "string", default = "", max = 512,
    text = "PEM file with the certificate of the TLS doors and its chain; seen from the data folder. Empty: our own." },
  ["tls.key"] = { type = "string", default = "", max = 512,
    text = "PEM file with its key. Empty: in the same file as the certificate." },
  ["tls.check_seconds"] = { type = "integer", default = 60, min = 0, max = 86400,
    text = "How often to look whether those files have changed. 0: only at a reload." },
  ["listeners"] = { type = "list", default = {}, max = 16,
    text = "The doors: { name, address, port, protocols, prefer, telemetry, metrics }. See config.lua.",
    of = {
      name      = { type = "string", max = 31 },
      address   = { type = "string", max = 64 },
      port      = { type = "integer", min = 0, max = 65535 },
      protocols = { type = "list", of = "string" },
      prefer    = { type = "string", values = { "ssl3", "tls" } },
      telemetry = { type = "boolean" },
      metrics   = { type = "boolean" },
    } },

  ["redirector.host"] = { type = "string", default = "", max = 253,
    text = "The main server's host that the redirector names. Empty: as public_address." },
  ["redirector.port"] = { type = "integer", default = 0, min = 0, max = 65535,
    text = "The main server's port that the redirector names. 0: that of the first listener that only speaks blaze." },

  ["client.ping_period"] = { type = "integer", default = 15, min = 5, max = 300,
    text = "Seconds between the pings of a game." },
  ["client.job_throttle"] = { type = "list", of = "integer", min = 3, max = 3, default = { 10000, 5000, 1000 },
    text = "Milliseconds between the game's background jobs of class 0, 1 and 2. Zeros suit a LAN." },
  ["client.integer_source"] = { type = "boolean", default = false,
    text = "Send the authentication source of preAuth as a number, as one old capture shows it." },
  ["client.server_version"] = { type = "string", default = "Blaze 3.15.08.0 (CL# 750727)", max = 128,
    text = "The server version told in preAuth." },

  ["accounts.registration"] = { type = "boolean", default = true,
    text = "New accounts may be made in the game." },
  ["accounts.token_days"] = { type = "integer", default = 30, min = 0, max = 3650,
    text = "Days for which the game can log in without asking for the password again. 0: it always asks." },
  ["accounts.password_min"] = { type = "integer", default = 4, min = 1, max = 64,
    text = "Least number of characters of a password." },
  ["accounts.password_max"] = { type = "integer", default = 64, min = 8, max = 128,
    text = "Greatest number of characters of a password." },

  ["promos.hide_expired"] = { type = "boolean", default = true,
    text = "Leave out the messages of configs/me3_msg.lua whose last day has passed." },

  ["galaxy_at_war.decay"] = { type = "number", default = 0.0, min = 0, max = 100,
    text = "Percent of readiness that a theatre loses per day without a match. 0: none." },
  ["galaxy_at_war.increase_factor"] = { type = "number", default = 1.0, min = 0, max = 100,
    text = "What a match adds to a theatre, times this." },
  ["galaxy_at_war.increases_per_hour"] = { type = "integer", default = 60, min = 0, max = 100000,
    text = "Matches per hour that count for one player. 0: no limit." },
  ["galaxy_at_war.promotions"] = { type = "boolean", default = true,
    text = "Promoted classes count as an asset of the war." },
  ["galaxy_at_war.most_promotions"] = { type = "integer", default = 65535, min = 0, max = 2147483647,
    text = "Promotions of one player that count at most." },

  ["games.join_seconds"] = { type = "integer", default = 45, min = 1, max = 600,
    text = "How long a player may take to connect to the host of a game he has joined." },
  ["games.migration"] = { type = "string", default = "wait", values = { "wait", "at_once" },
    text = "When the host of a game leaves: wait until the new one has taken over, or go on at once." },
  ["games.migration_seconds"] = { type = "integer", default = 12, min = 1, max = 300,
    text = "How long to wait for a new host that does not say that it has taken over." },
  ["games.link_seconds"] = { type = "integer", default = 30, min = 1, max = 600,
    text = "How long members may take to connect to a new host." },

  ["telemetry.domain"] = { type = "string", default = "pc/masseffect-3-pc-anon", max = 64,
    text = "Domain the game puts on its telemetry." },
  ["telemetry.filter"] = { type = "string", default = "-UION/****", max = 128,
    text = "Which telemetry events the game leaves out." },
  ["telemetry.send_delay"] = { type = "integer", default = 15000, min = 0, max = 3600000,
    text = "Milliseconds the game collects telemetry before it sends." },
  ["telemetry.send_percent"] = { type = "integer", default = 75, min = 0, max = 100,
    text = "Percent of telemetry events that are sent." },

  ["limits.silence_seconds"] = { type = "integer", default = 60, min = 0, max = 86400,
    text = "A connection from which nothing came for so long is closed. 0: never." },
  ["limits.http_head_seconds"] = { type = "integer", default = 10, min = 1, max = 600,
    text = "How long the head of an HTTP request may take to arrive, whole." },
  ["limits.http_body_seconds"] = { type = "integer", default = 30, min = 1, max = 3600,
    text = "How long its body may take, whole." },
  ["limits.http_idle_seconds"] = { type = "integer", default = 60, min = 1, max = 3600,
    text = "How long an HTTP connection may wait for its next request." },
  ["limits.resume_seconds"] = { type = "integer", default = 120, min = 0, max = 3600,
    text = "How long a lost session can be resumed by its key." },
  ["limits.setting_bytes"] = { type = "integer", default = 65536, min = 1024, max = 1048576,
    text = "Longest value a game may save under one key." },
  ["limits.setting_keys"] = { type = "integer", default = 200, min = 16, max = 1000,
    text = "Most keys one player may have." },
  ["limits.login_failures"] = { type = "integer", default = 8, min = 0, max = 100000,
    text = "Wrong passwords per minute for one account from one address. 0: no limit." },
  ["limits.account_login_failures"] = { type = "integer", default = 120, min = 0, max = 1000000,
    text = "Wrong passwords per minute for one account, wherever they come from. 0: no limit." },
  ["limits.address_login_failures"] = { type = "integer", default = 240, min = 0, max = 1000000,
    text = "Wrong passwords per minute from one address, whatever they are for. 0: no limit." },
  ["limits.connections_per_minute"] = { type = "integer", default = 3000, min = 0, max = 1000000,
    text = "Games that may connect per minute from one address. 0: no limit." },
  ["limits.logins_per_minute"] = { type = "integer", default = 1200, min = 0, max = 1000000,
    text = "Logins per minute from one address, right or wrong. 0: no limit." },
  ["limits.accounts_per_hour"] = { type = "integer", default = 200, min = 0, max = 1000000,
    text = "New accounts per hour from one address. 0: no limit." },
  ["limits.codes_per_minute"] = { type = "integer", default = 90, min = 0, max = 1000000,
    text = "Codes and forgotten passwords asked for per minute from one address, and by one account. 0: no limit." },
  ["limits.uploads_per_minute"] = { type = "integer", default = 1200, min = 0, max = 1000000,
    text = "Uploads (telemetry) per minute from one address. 0: no limit." },
  ["limits.associations_per_minute"] = { type = "integer", default = 600, min = 0, max = 1000000,
    text = "Server look-ups (association tokens) per minute from one address. 0: no limit." },
}

mu.settings {
  ["matchmaking.longest_seconds"] = { type = "integer", default = 1800, min = 1, max = 86400,
    text = "A search for a game ends after this long, or sooner where the game asks so (it asks for half an hour)." },
  ["matchmaking.status_seconds"] = { type = "integer", default = 15, min = 1, max = 600,
    text = "How often somebody who searches is told that the search goes on." },
  ["matchmaking.tickets"] = { type = "integer", default = 10000, min = 0, max = 1000000,
    text = "Most players who may be searching at once." },
}

-- What a game is told about addresses, for each of the two kinds of door. Empty and 0 mean: work it out
-- (services/doors.lua says how).
local function declare_door(name, whose, sites, probes)
  mu.settings {
    ["doors." .. name .. ".http"] = { type = "string", default = "", max = 512,
      text = "Base URL of our HTTP service as " .. whose .. " reaches it, without a trailing slash." },
    ["doors." .. name .. ".galaxy_at_war"] = { type = "string", default = "", max = 512,
      text = "Base URL of Galaxy at War, without a trailing slash." },
    ["doors." .. name .. ".images"] = { type = "string", default = "", max = 512,
      text = "Base URL of the menu's images, with a trailing slash." },
    ["doors." .. name .. ".telemetry_host"] = { type = "string", default = "", max = 253, text = "Telemetry host." },
    ["doors." .. name .. ".telemetry_port"] = { type = "integer", default = 0, min = 0, max = 65535,
      text = "Telemetry port." },
    ["doors." .. name .. ".ticker_host"] = { type = "string", default = "", max = 253, text = "Ticker host." },
    ["doors." .. name .. ".ticker_port"] = { type = "integer", default = 8999, min = 0, max = 65535,
      text = "Ticker port." },
    ["doors." .. name .. ".qos_host"] = { type = "string", default = "", max = 253, text = "QoS host (HTTP)." },
    ["doors." .. name .. ".qos_port"] = { type = "integer", default = 0, min = 0, max = 65535,
      text = "QoS port (HTTP)." },
    ["doors." .. name .. ".qos_sites"] = { type = "table", default = sites,
      text = "The ping sites, alias = name; empty switches QoS off." },
    ["doors." .. name .. ".qos_probes"] = { type = "integer", default = probes, min = 0, max = 100,
      text = "Latency probes per ping site." },
  }
end

declare_door("direct", "a game that talks to this server itself", { ["ea-sjc"] = "prod-sjc" }, 10)
declare_door("upgrade", "a game behind a Pocket Relay client", { ["ea-sjc"] = "prod-sjc" }, 1)

mu.settings {
  ["qos.probe_host"] = { type = "string", default = "", max = 15,
    text = "IPv4 address that /qos/qos names for UDP probes. Empty: the player's own machine (their client answers)." },
  ["qos.probe_port"] = { type = "integer", default = 42130, min = 0, max = 65535,
    text = "UDP port that /qos/qos names for probes." },
}

mu.settings {
  ["scripts.auto_reload"] = { type = "boolean", default = true,
    text = "A script or config file that is saved is used at once, if it is in order. Otherwise only when asked." },
  ["super_admin"] = { type = "string", default = "", max = 254,
    text = "E-mail address of the account that is super admin, whatever the database says. Empty: nobody is by this." },
  ["audit.entries"] = { type = "integer", default = 10000, min = 100, max = 10000000,
    text = "How many changes the audit log keeps; the oldest go first." },
  ["inspect.slow_ms"] = { type = "integer", default = 100, min = 0, max = 3600000,
    text = "A handler that takes so long, waiting included, is noted for the console's `slow`. 0: none is." },
  ["inspect.stall_ms"] = { type = "integer", default = 2000, min = 0, max = 600000,
    text = "When the server has not turned to its connections for so long, the log says so. 0: never." },
}

mu.settings {
  ["log.level"] = { type = "string", default = "info", values = { "debug", "info", "warn", "error" },
    text = "The least a line must matter to be written." },
  ["log.file"] = { type = "string", default = "", max = 512,
    text = "File the log is appended to; a relative name lies in the data folder. Empty: standard error. After a "
      .. "rotation send the server the signal USR1." },
  ["log.json"] = { type = "boolean", default = false,
    text = "Each line a JSON object (time, level, topic, text), for programs that collect logs." },
  ["log.packets"] = { type = "boolean", default = false,
    text = "Writes every frame of every session to the log, decoded, without credentials: to look into a problem." },
}
