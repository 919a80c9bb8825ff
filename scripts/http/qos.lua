-- http/qos.lua: "what is my address, and how good is my connection?" (reference 03 §2.8)
-- The questions come over HTTP; the probes they lead to go by UDP to the address named here.
local config  = mu.config
local network = require "services.network"

local LOCAL     = 0x7F000001                     -- the player's own machine, where a Pocket Relay client answers
local ADDRESS   = "1"                            -- kinds of question: my address …
local BANDWIDTH = "2"                            -- … my latency and bandwidth

local HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

local function xml(text)
  return { text = HEAD .. text, type = "text/xml; charset=utf-8" }
end

local function probe_address()
  return network.ip(config.qos.probe_host) or LOCAL
end

mu.http.get("/qos/qos", {
  handle = function(request)
    local kind = request.query.qtyp
    local ours = kind == ADDRESS or kind == BANDWIDTH
    local bandwidth = kind == BANDWIDTH
    return xml(([[
<qos>
    <numprobes>%d</numprobes>
    <qosport>%d</qosport>
    <probesize>%d</probesize>
    <qosip>%d</qosip>
    <requestid>%d</requestid>
    <reqsecret>%d</reqsecret>
</qos>
]]):format(bandwidth and 10 or 0, ours and config.qos.probe_port or 0, bandwidth and 1200 or 0,
           ours and probe_address() or 0, ours and 1 or 0, bandwidth and 1 or 0))
  end,
})

mu.http.get("/qos/firewall", {
  handle = function()
    local ip, port = probe_address(), config.qos.probe_port
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
    <requestid>747</requestid>
    <reqsecret>502</reqsecret>
</firewall>
]]):format(ip, ip, port, port))
  end,
})

mu.http.get("/qos/firetype", {
  handle = function()
    return xml "<firetype>\n    <firetype>2</firetype>\n</firetype>\n"
  end,
})
