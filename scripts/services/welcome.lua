-- services/welcome.lua: what the operator reads when the server has started: how players get in.
local config = mu.config

-- The port an unmodified game knows by heart.
local REDIRECTOR_PORT = 42127

local welcome = {}

-- The first listener that speaks `protocol` (on `port`, where one is given), and the port it really has.
local function listener_with(protocol, port)
  for _, listener in ipairs(config.listeners) do
    for _, name in ipairs(listener.protocols or {}) do
      local open_on = name == protocol and mu.listener_port(listener.name)
      if open_on and (not port or port == open_on) then return listener, open_on end
    end
  end
end

local function host_of(listener)
  if config.public_address ~= "" then return config.public_address end
  local everywhere = listener.address == nil or listener.address == "0.0.0.0" or listener.address == "::"
  return everywhere and "<address of this machine>" or listener.address
end

function welcome.started()
  local http, http_port = listener_with "http"
  if http then
    mu.log.info("players with the Pocket Relay client or plugin connect to http://%s:%d", host_of(http), http_port)
  end
  local redirector = listener_with("ssl3", REDIRECTOR_PORT)
  if redirector then
    mu.log.info("an unmodified game connects where gosredirector.ea.com means %s (the hosts file of its machine)",
                host_of(redirector))
  end
end

return welcome
