-- http/qos.lua: "what is my address, and how good is my connection?" (reference 03 §2.8, 04 §9)
--
-- The questions come over HTTP; the probes they lead to go by UDP to the address named here: to the player's own
-- machine where a Pocket Relay client brings the question, for it answers them itself; to a listener with qos = true
-- (the relay answers there) for a game that talks to this server itself.
local config  = mu.config
local network = require "services.network"

local LOCAL      = 0x7F000001
local ADDRESS    = "1"                           -- kinds of question: my address …
local BANDWIDTH  = "2"                           -- … my latency and bandwidth
local PROBES, PROBE_BYTES = 10, 1200
local FIREWALL_ID, FIREWALL_SECRET = 747, 502
local FIRE_TYPE  = 2                             -- what both existing servers always say

local HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function xml(text)
  return { text = HEAD .. text, type = "text/xml; charset=utf-8" }
end

-- The ports of our own probe listeners, in the order of config.lua; empty where there are none.
local function own_ports()
  local ports = {}
  for _, listener in ipairs(config.listeners) do
    local port = listener.qos and mu.relay.port(listener.name)
    if port and port ~= 0 then ports[#ports + 1] = port end
  end
  return ports
end

-- IPv4 address and ports (at least one) that a question's probes are to go to.
local function probe_target(request)
  local host, port = network.ip(config.qos.probe_host), config.qos.probe_port
  if host then return host, { port } end
  local by_client = (request.headers["user-agent"] or ""):find("PocketRelayClient/", 1, true)
  local ports     = by_client and {} or own_ports()
  if #ports == 0 then return LOCAL, { port } end
  return network.ip(config.public_address) or network.ip(request.local_address) or LOCAL, ports
end

-- The game calls the kind "qtyp"; one server wanted "qtype", and clients were written for it. No kind: the address.
local function kind_of(request)
  return request.query.qtyp or request.query.qtype or ADDRESS
end

mu.http.get("/qos/qos", {
  handle = function(request)
    local kind      = kind_of(request)
    local bandwidth = kind == BANDWIDTH
    local ip, ports = 0, { 0 }
    if kind == ADDRESS or bandwidth then ip, ports = probe_target(request) end
    return xml(([[
<qos>
    <numprobes>%d</numprobes>
    <qosport>%d</qosport>
    <probesize>%d</probesize>
    <qosip>%d</qosip>
    <requestid>%d</requestid>
    <reqsecret>%d</reqsecret>
</qos>
]]):format(bandwidth and PROBES or 0, ports[1], bandwidth and PROBE_BYTES or 0, ip, ip ~= 0 and 1 or 0,
           bandwidth and 1 or 0))
  end,
})

mu.http.get("/qos/firewall", {
  handle = function(request)
    local ip, ports = probe_target(request)
    return xml(([[
<firewall>
    <ips>
        <ips>%d</ips>
        <ips>%d</ips>
    </ips>
    <numinterfaces>2</numinterfaces>
    <ports>
        <ports>%d</ports>
        <ports>%d</ports>
    </ports>
    <requestid>%d</requestid>
    <reqsecret>%d</reqsecret>
</firewall>
]]):format(ip, ip, ports[1], ports[2] or ports[1], FIREWALL_ID, FIREWALL_SECRET))
  end,
})

mu.http.get("/qos/firetype", {
  handle = function()
    return xml(("<firetype>\n    <firetype>%d</firetype>\n</firetype>\n"):format(FIRE_TYPE))
  end,
})
