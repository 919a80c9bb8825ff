-- http/server.lua: how a Pocket Relay client finds this server and brings its game in.
local config  = mu.config
local api     = require "http.api.api"
local doors   = require "services.doors"
local limits  = require "services.limits"
local proxy   = require "services.proxy"
local tunnels = require "services.tunnels"
local types   = require "http.api.types"

local IDENT  = "POCKET_RELAY_SERVER"             -- what the clients insist on
local MINUTE = 60

api.get("/api/server", {
  text = "What this server is, and a new token that ties the connections of one machine together.",
  response = types.object({
    ident = types.text, version = types.text, association = types.text, tunnel_port = types.nullable(types.integer),
    server = types.object { name = types.text, version = types.text },
  }),
  handle = function(_, request)
    local address = proxy.origin(request.http)
    if not limits.take("look-ups from an address", address, config.limits.associations_per_minute, MINUTE) then
      return api.refuse(429, "Too many look-ups, try again in a minute")
    end
    return {
      ident       = IDENT,
      version     = config.server.compatibility,
      association = mu.token.association(),
      tunnel_port = tunnels.advertised_port() or mu.null,
      server      = { name = config.server.name, version = mu.version },
    }
  end,
})

-- From here on the connection speaks the game's own protocol.
mu.http.get("/api/server/upgrade", {
  handle = function(request)
    local address, fault = proxy.address_of(request)
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
      real_address = address ~= request.address and address or "",
      base_url     = doors.base_url(request.headers),
      association  = token and mu.token.read_association(token) or "",   -- one we cannot read is as good as none
    })
  end,
})

api.preflight "/api/server/upgrade"
