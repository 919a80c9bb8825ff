-- components/redirector.lua: where a game goes first: "which server am I to play on?"
local redirector = mu.component "Redirector"
local schema     = require "schema.redirector"
local doors      = require "services.doors"
local network    = require "services.network"

redirector.getServerInstance {
  request  = schema.ServerInstanceRequest,
  response = schema.ServerInstanceInfo,
  error    = schema.ServerInstanceError,
  handle   = function(session, request)
    local host, port = doors.main_server(session)
    return {
      address     = { address = { host = host, ip = network.ip(host) or 0, port = port } },
      secure      = false,
      default_dns = 0,
    }
  end,
}
