-- config.lua: the settings of this server. Every key is here with what it is when you say nothing.
-- Take the two dashes off a line to change it: a running server uses it as soon as the file is saved.
-- A copy of this file in the data folder wins over this one, key by key, and survives upgrades. `config set` of the
-- console writes config.set.lua beside that copy, which wins over both; `config show` says where a value comes from.

return {
  server = {
    -- name = "Mu Relay",            -- what players see
    -- compatibility = "0.8.1",      -- the Pocket Relay version their clients are told; at least 0.5.0
    -- zone_files = "/usr/share/zoneinfo",    -- the system's time zones: the package tzdata
  },

  -- Host name or IPv4 address players reach this server by. "": whatever address they connected to.
  -- public_address = "play.example.org",

  -- true behind nginx and the like (README.md has its configuration): a player's address is then the header X-Real-IP,
  -- when the connection comes from one of the trusted proxies.
  -- reverse_proxy = false,
  -- trusted_proxies = { "127.0.0.0/8", "::1" },     -- addresses and networks

  -- The certificate that TLS shows. It is read again when the files change.
  tls = {
    -- certificate = "",             -- PEM, own certificate first, then its chain: "/etc/ssl/play.example.org.pem"
    -- key = "",                     -- PEM; "": in the same file. Both "": one of our own making in the data folder
    -- check_seconds = 60,           -- how often to look whether they have changed; 0: only at a reload
  },

  -- The doors. The first bytes of a connection tell the protocols apart, so one port can serve several:
  --   http    the Pocket Relay clients, the game's images and quality-of-service questions, the dashboard
  --   tls     the same, and blaze, inside TLS 1.2 or 1.3
  --   ssl3    what an unmodified game speaks to the redirector
  --   blaze   the game's own protocol, plain
  -- `prefer` decides for a client that offers both SSLv3 and TLS. Port 0 is any free port.
  listeners = {
    { name = "main",       address = "0.0.0.0", port = 8080,  protocols = { "http", "tls", "blaze", "ssl3" } },
    { name = "redirector", address = "0.0.0.0", port = 42127, protocols = { "ssl3", "tls" }, prefer = "ssl3" },
    { name = "game",       address = "0.0.0.0", port = 14219, protocols = { "blaze" } },
    { name = "telemetry",  address = "0.0.0.0", port = 9988,  telemetry = true },
    -- Game datagrams of players whose routers let no others in, by UDP. Players' clients are told of it, and wait for
    -- half an hour when a firewall or router in front of this server lets nothing through: open the port first.
    -- Without it they use the main port (HTTP), which always works and is a little slower.
    -- { name = "tunnel",   address = "0.0.0.0", port = 9032, tunnel = true },
    -- The game's own probes, by UDP, for players without a Pocket Relay client: how games learn their outside address.
    { name = "qos",        address = "0.0.0.0", port = 17499, qos = true },
    -- { name = "metrics",  address = "127.0.0.1", port = 9090,  metrics = true },   -- OpenMetrics at /metrics
  },

  -- Players who cannot reach each other play through this server, with the Pocket Relay client or plugin on their side.
  tunnel = {
    -- policy = "stricter",          -- "always"; "stricter": unless the host's router is open to all; "disabled"
    -- external_port = 0,            -- the UDP port players reach, where a router maps it; 0: the tunnel listener's
    -- keep_alive_seconds = 10,
    -- expire_seconds = 40,          -- a tunnel silent for so long has ended
    -- datagrams_per_second = 5000,  -- that one tunnel may send
  },

  redirector = {
    -- host = "",                    -- the main server the redirector names; "": as public_address
    -- port = 0,                     -- 0: the first listener that speaks only blaze
  },

  accounts = {
    -- registration = true,          -- new accounts may be made in the game
    -- token_days = 30,              -- days the game logs in by itself after a password
    -- password_min = 4,
    -- password_max = 64,
  },

  client = {
    -- ping_period = 15,                       -- seconds
    -- job_throttle = { 10000, 5000, 1000 },   -- milliseconds between background jobs; zeros suit a LAN
    -- integer_source = false,                 -- the authentication source as a number, as in one old capture
    -- server_version = "Blaze 3.15.08.0 (CL# 750727)",
  },

  promos = {
    -- hide_expired = true,          -- leave out the messages of configs/me3_msg.lua whose last day has passed
    -- zone = "UTC",                 -- the zone of days and times that name none: "UTC", "Europe/Berlin" or "+01:00"
  },

  matchmaking = {
    -- longest_seconds = 1800,       -- a search ends after this long, or sooner where the game asks so
    -- status_seconds = 15,          -- how often a searcher is told that the search goes on
    -- create_seconds = 0,           -- whoever has searched so long in vain is made host of a game; 0: never
    -- tickets = 10000,              -- most players who may be searching at once
  },

  dashboard = {
    -- disable_registration = false, -- true: no new accounts over the REST API
  },

  -- The REST API, which the dashboard uses: every endpoint is in /api/openapi.json.
  api = {
    -- public_games = false,             -- the lists of games and reports without a login …
    -- public_games_hide_players = true, -- … but without their players
    -- access_tokens = {},               -- fixed tokens of programs: { ["a long random text"] = 17 }: account 17
  },

  galaxy_at_war = {
    -- decay = 0.0,                  -- percent that a theatre loses per day without a match; 0: none
    -- increase_factor = 1.0,        -- what a match adds, times this
    -- increases_per_hour = 60,      -- matches of one player that count; 0: no limit
    -- token_hours = 24,             -- how long the token in its addresses is good after its game has gone
    -- promotions = true,            -- promoted classes count as an asset of the war …
    -- most_promotions = 65535,      -- … but no more than so many
  },

  games = {
    -- join_seconds = 45,            -- a player who has not reached the host of his game by then is out
    -- seat_seconds = 10,            -- a guest whose connection breaks may come back to his game within that time
    -- migration = "wait",           -- when the host leaves: "wait" for the new one to take over, or go on "at_once"
    -- migration_seconds = 12,       -- the longest wait for it
    -- link_seconds = 30,            -- how long members may take to connect to a new host
    -- history_days = 365,           -- how long matches are remembered; 0: for ever
  },

  content = {
    -- version = "40128",            -- of the live configuration; another one separates players: keep it
  },

  telemetry = {
    -- domain = "pc/masseffect-3-pc-anon",
    -- filter = "-UION/****",
    -- send_delay = 15000,           -- milliseconds
    -- send_percent = 75,
  },

  -- What a game is told about addresses. "" and 0: worked out from the door it came by, which is nearly always right.
  doors = {
    direct = {                       -- a game that talks to this server itself
      -- http = "",                  -- "http://play.example.org:8080"
      -- galaxy_at_war = "",         -- "http://play.example.org:8080/gaw"
      -- images = "",                -- "http://play.example.org:8080/content/"
      -- telemetry_host = "",  telemetry_port = 0,
      -- ticker_host = "",     ticker_port = 8999,
      -- qos_host = "",        qos_port = 0,
      -- qos_sites = { ["ea-sjc"] = "prod-sjc" },   -- {} switches quality of service off
      -- qos_probes = 10,
    },
    upgrade = {                      -- a game behind a Pocket Relay client: the same keys
      -- qos_probes = 1,
    },
  },
  qos = {
    -- probe_host = "",              -- "": the player's own machine, whose client answers the probes
    -- probe_port = 42130,
  },

  -- Mods that are switched on, in order (scripts/mods; README.md there says what each does), and their settings.
  -- mods = { "weekend_banner", "welcome_languages", weekend_banner = { first_day = "friday" } },

  scripts = {
    -- auto_reload = true,           -- a script or config file that is saved is used at once, if it is in order
  },

  -- The e-mail address of the account that is super admin: the only way to become one. "": nobody.
  -- super_admin = "me@example.org",

  audit = {
    -- entries = 10000,              -- changes that the audit log keeps
  },

  inspect = {
    -- slow_ms = 100,                -- a handler that takes so long is noted for the console's `slow`; 0: none
    -- stall_ms = 2000,              -- the log says when the server has stood still for so long; 0: never
  },

  log = {
    -- level = "info",               -- debug, info, warn, error: the least a line must matter
    -- file = "",                    -- "server.log": in the data folder; "": standard error. USR1 opens it anew
    -- json = false,                 -- true: each line a JSON object, for programs that collect logs
    -- packets = false,              -- true: every frame in the log, decoded, without credentials
  },

  limits = {
    -- silence_seconds = 60,         -- a connection from which nothing came for so long is closed; 0: never
    -- http_head_seconds = 10,       -- the head of an HTTP request must be there by then, whole …
    -- http_body_seconds = 30,       -- … and its body
    -- http_idle_seconds = 60,       -- an HTTP connection may wait so long for its next request
    -- resume_seconds = 120,         -- how long a lost session can be resumed
    -- setting_bytes = 65536,        -- longest value a game may save
    -- setting_keys = 255,           -- most keys one player may have

    -- How often one address or one account may do what costs something. Each figure is also how much may be done at
    -- once; it then comes back evenly. 64 players behind one router never meet them. 0: no limit.
    -- changes_per_minute = 600,     -- what one player changes about his game and himself, joins and searches included
    -- login_failures = 8,           -- wrong passwords a minute, for one account from one address
    -- account_login_failures = 120, -- the same for one account from everywhere
    -- address_login_failures = 240, -- the same from one address for all accounts
    -- connections_per_minute = 3000, -- games that connect, from one address
    -- logins_per_minute = 1200,     -- from one address
    -- accounts_per_hour = 200,      -- new ones, from one address
    -- codes_per_minute = 90,        -- and forgotten passwords; from one address, and for one account
    -- associations_per_minute = 600,  -- look-ups of this server, from one address
    -- tunnels_per_minute = 600,     -- tunnels inside HTTP connections, from one address
    -- uploads_per_minute = 1200,    -- telemetry, from one address

    -- What one script may take before it is ended (and named in the log):
    -- burst_warn_ms = 200,          -- running without a pause: from here on it is named …
    -- burst_ms = 1000,              -- … and here it is ended
    -- task_seconds = 60,            -- a handler's whole time, waiting included
    -- await_seconds = 30,           -- its longest wait for one answer
    -- task_memory_mib = 64,         -- its memory
    -- memory_mib = 256,             -- memory of all scripts together
    -- load_seconds = 10,            -- time to load all scripts
    -- source_kib = 1024,            -- size of one file of them
    -- sources_mib = 32,             -- … of all together
    -- coroutines = 20000,           -- coroutines that one handler may make without a pause
    -- tasks = 10000,                -- background tasks and handlers of events under way
    -- timers = 100000,              -- timers that run at once
  },
}
