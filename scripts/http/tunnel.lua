-- http/tunnel.lua: a tunnel inside an HTTP connection, for players whose network lets no UDP through (reference 03
-- §3.3). From the 101 on the connection belongs to the relay.
local config = mu.config
local api    = require "http.api.api"
local limits = require "services.limits"
local proxy  = require "services.proxy"

local MINUTE = 60

mu.http.get("/api/server/tunnel", {
  handle = function(request)
    local address = proxy.origin(request)
    if not limits.take("tunnels from an address", address, config.limits.tunnels_per_minute, MINUTE) then
      return { status = 429, text = "Too many tunnels, try again in a minute" }
    end
    local token = request.headers["x-association"]
    local association = token and mu.token.read_association(token)
    if not association then return { status = 400, text = "Missing association token" } end
    if (request.headers["upgrade"] or ""):lower() ~= "tunnel" then
      return { status = 426, text = "This is a door for tunnels: Upgrade: tunnel",
               headers = { connection = "Upgrade", upgrade = "tunnel" } }
    end
    return mu.upgrade("tunnel", { association = association })
  end,
})

api.preflight "/api/server/tunnel"
