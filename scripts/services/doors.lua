-- services/doors.lua: what a game is told about addresses. It depends on the door it came by:
--
--   direct    the game talks to us itself: our own host, the ports of our listeners
--   upgrade   a Pocket Relay client on the player's machine brings the game in through /api/server/upgrade and serves
--             everything else locally: 127.0.0.1 and that client's fixed ports
--
-- Everything can be set in config.lua (`doors`). Nothing else in the scripts knows a host or a port.
local config = mu.config

local LOCAL           = "127.0.0.1"
local LOCAL_HTTP      = 42131
local LOCAL_TELEMETRY = 42129

local doors = {}

-- The first listener that serves `protocol`; one that serves nothing else is preferred.
local function listener_for(protocol)
  local found
  for _, listener in ipairs(config.listeners) do
    for _, served in ipairs(listener.protocols or {}) do
      if served == protocol and #listener.protocols == 1 then return listener end
      if served == protocol then found = found or listener end
    end
  end
  return found
end

local function telemetry_listener()
  for _, listener in ipairs(config.listeners) do
    if listener.telemetry then return listener end
  end
end

-- Ports may be chosen by the system (port = 0), so they are asked for when they are needed.
local function port_of(listener)
  if not listener then return 0 end
  return listener.port ~= 0 and listener.port or mu.listener_port(listener.name)
end

local function either(set, worked_out)
  if set ~= "" and set ~= 0 then return set end
  return worked_out
end

-- The host a player reaches us by: configured, else the address this one connected to.
function doors.host(session)
  return either(config.public_address, session.local_address)
end

-- host, port of the main server, as the redirector tells it.
function doors.main_server(session)
  local host = either(config.redirector.host, doors.host(session))
  return host, either(config.redirector.port, port_of(listener_for "blaze"))
end

-- All that the answers of this module depend on, as a key for kept bodies.
function doors.key(session)
  local url = session.base_url
  return url ~= "" and url or doors.host(session)
end

local function direct(session)
  local host = doors.host(session)
  local port = port_of(listener_for "http")
  local http = ("http://%s:%d"):format(host, port)
  return config.doors.direct, {
    http = http, galaxy_at_war = "/gaw", http_host = host, http_port = port,
    telemetry_host = host, telemetry_port = port_of(telemetry_listener()), ticker_host = host,
  }
end

local function upgraded(session)
  local http = session.base_url
  local host, port = http:match "^%w+://([^/:]+):?(%d*)"
  return config.doors.upgrade, {
    http = http, galaxy_at_war = "", http_host = host, http_port = tonumber(port) or 80,
    telemetry_host = LOCAL, telemetry_port = LOCAL_TELEMETRY, ticker_host = LOCAL,
  }
end

-- Everything a game behind this session's door is told.
function doors.of(session)
  local set, own = (session.base_url ~= "" and upgraded or direct)(session)
  local http = either(set.http, own.http)
  return {
    http          = http,
    galaxy_at_war = either(set.galaxy_at_war, http .. own.galaxy_at_war),
    images        = either(set.images, http .. "/content/"),
    telemetry     = { host = either(set.telemetry_host, own.telemetry_host),
                      port = either(set.telemetry_port, own.telemetry_port) },
    ticker        = { host = either(set.ticker_host, own.ticker_host), port = set.ticker_port },
    qos           = { host = either(set.qos_host, own.http_host), port = either(set.qos_port, own.http_port),
                      sites = set.qos_sites, probes = set.qos_probes },
  }
end

local function names_of(sites)
  local names = {}
  for alias in pairs(sites) do names[#names + 1] = alias end
  table.sort(names)
  return names
end

local direct_sites, upgrade_sites = names_of(config.doors.direct.qos_sites), names_of(config.doors.upgrade.qos_sites)

-- The ping sites a session was told of, in the order of their names.
function doors.ping_sites(session)
  return session.base_url ~= "" and upgrade_sites or direct_sites
end

-- The base URL that an upgrade request asks for with its headers (reference 05 B.6): the player's own machine for every
-- client since 0.2.5, the URL the client was given for older ones.
function doors.base_url(headers)
  local host = headers["x-pocket-relay-host"]
  local port = math.tointeger(tonumber(headers["x-pocket-relay-port"]))
  if port and (port < 1 or port > 65535) then port = nil end
  if headers["x-pocket-relay-local-http"] == "true" or host == LOCAL or not host then
    return ("http://%s:%d"):format(LOCAL, port or LOCAL_HTTP)
  end
  local scheme = headers["x-pocket-relay-scheme"] == "https" and "https" or "http"
  if #host > 253 or host:find "[^%w%.%-]" then return ("http://%s:%d"):format(LOCAL, LOCAL_HTTP) end
  return ("%s://%s:%d"):format(scheme, host, port or (scheme == "https" and 443 or 80))
end

return doors
