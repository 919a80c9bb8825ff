-- main.lua: the whole server on a page. scripts/README.md says which file to edit for what.

-- The protocol's own names. Everything below speaks in them.
mu.protocol {
  components = require "protocol.components",
  errors     = require "protocol.errors",
}

require "guards"

-- What games ask, one file per component.
require "components.redirector"
require "components.util"
require "components.authentication"
require "components.accounts"
require "components.entitlements"
require "components.user_sessions"
require "components.messaging"
require "components.stats"
require "components.association_lists"
require "components.game_manager"
require "components.game_manager_hosts"
require "components.matchmaking"
require "components.game_reporting"
require "services.seats"
require "services.games_matches"
require "services.games_metrics"

-- What players' own clients, and browsers, ask.
require "http.content"
require "http.galaxy_at_war"
require "http.server"
require "http.qos"

-- The REST API, for the dashboard and other programs.
require "http.api"
require "http.dashboard"
require "http.tunnel"
require "http.telemetry"

-- What is different in the game itself (balance/).
require "content"

-- Connections come and go.
local sessions = require "services.sessions"
mu.on("session_opened", sessions.opened)
mu.on("session_closed", sessions.closed)

-- Boards are in memory: filled when the server starts, and by a reload that adds one.
local leaderboards = require "services.leaderboards"
if not mu.test_mode then
  mu.on("started", leaderboards.fill)
  mu.on("reloaded", leaderboards.fill)
end

-- Who changed what; who may do what.
local super_admin = require "services.super_admin"
if not mu.test_mode then
  mu.on("started", super_admin.ensure)
  mu.on("reloaded", super_admin.ensure)
end

-- What games tell about themselves.
mu.on("telemetry_message", require("services.telemetry").received)

-- Tunnels come and go.
local tunnels = require "services.tunnels"
mu.on("tunnels", tunnels.heard)
if not mu.test_mode then mu.on("started", tunnels.started) end

-- A word to the operator, once the doors are open.
if not mu.test_mode then mu.on("started", require("services.welcome").started) end   -- a test opens no door

-- What the operator can say in the console.
require "console"

-- The doors, as config.lua says.
for _, listener in ipairs(mu.config.listeners) do
  if not listener.tunnel and not listener.qos then mu.listen(listener) end
end
tunnels.listen()
