-- http/server.lua: how a Pocket Relay client finds this server and brings its game in.
local config  = mu.config
local doors   = require "services.doors"
local limits  = require "services.limits"
local network = require "services.network"

local IDENT  = "POCKET_RELAY_SERVER"             -- what the clients insist on
local MINUTE = 60

-- The player's address: that of the connection, or what our reverse proxy says. nil and a sentence when it is unusable.
local function address_of(request)
  if not config.reverse_proxy then return request.address end
  local header = request.headers["x-real-ip"]
  if not header then return nil, "The reverse proxy does not send X-Real-IP" end
  local address = header:match "^([%d%.]+)$" or header:match "^([%d%.]+):%d+$"
  if not address or not network.ip(address) then return nil, "X-Real-IP must be an IPv4 address" end
  return address
end

mu.http.get("/api/server", {
  handle = function(request)
    local address = address_of(request) or request.address
    if not limits.count("association", address, config.limits.associations_per_minute, MINUTE) then
      return { status = 429, text = "Too many look-ups, try again in a minute" }
    end
    return { json = {
      ident       = IDENT,
      version     = config.server.compatibility,
      association = mu.token.association(),
      tunnel_port = mu.null,                     -- no tunnels yet
      server      = { name = config.server.name, version = mu.version },
    } }
  end,
})

-- From here on the connection speaks the game's own protocol.
mu.http.get("/api/server/upgrade", {
  handle = function(request)
    local address, fault = address_of(request)
    if not address then
      mu.log.warn("a game could not come in: %s", fault)
      return { status = 400, text = fault }
    end
    if (request.headers["upgrade"] or ""):lower() ~= "blaze" then
      return { status = 426, text = "This is a door for games: Upgrade: blaze",
               headers = { connection = "Upgrade", upgrade = "blaze" } }
    end
    local token = request.headers["x-association"]
    return mu.upgrade("blaze", {
      real_address = config.reverse_proxy and address or "",
      base_url     = doors.base_url(request.headers),
      association  = token and mu.token.read_association(token) or "",   -- one we cannot read is as good as none
    })
  end,
})

-- What the player's machine collected: read, counted and dropped.
mu.http.post("/api/server/telemetry", {
  max_body = 65536,
  handle = function(request)
    return { status = 200 }
  end,
})
