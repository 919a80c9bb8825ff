-- services/proxy.lua: who is behind a reverse proxy? Its word, the header X-Real-IP or else X-Forwarded-For, counts
-- only when the connection comes from an address in trusted_proxies: everybody else could write anything there
-- (reference 03 §1.5, §11 no. 21).
local config  = mu.config
local network = require "services.network"

local proxy = {}

-- Addresses as lists of 16-bit numbers: two for IPv4, eight for IPv6; nil for what is none ----------------------------

local function groups_of(text)
  local groups = {}
  if text == "" then return groups end
  for group in (text .. ":"):gmatch "([^:]*):" do
    if not group:find "^%x%x?%x?%x?$" then return nil end
    groups[#groups + 1] = tonumber(group, 16)
  end
  return groups
end

local function parse_v6(text)
  local head, tail = text:match "^(.-)::(.*)$"
  local first, last = groups_of(head or text), groups_of(tail or "")
  if not first or not last then return nil end
  local missing = 8 - #first - #last
  if missing < 0 or (head and missing == 0) or (not head and missing ~= 0) then return nil end
  for _ = 1, missing do first[#first + 1] = 0 end
  for _, group in ipairs(last) do first[#first + 1] = group end
  return first
end

local function parse(text)
  local ip = network.ip(text)
  if ip then return { ip >> 16, ip & 0xFFFF } end
  return text:find(":", 1, true) and parse_v6(text) or nil
end

-- Trusted networks ---------------------------------------------------------------------------------------------------

local function parse_network(text)
  local address, bits = text:match "^([^/]+)/(%d+)$"
  local groups = parse(address or text)
  if not groups then error(("config.lua: trusted_proxies: '%s' is no address or network"):format(text), 0) end
  bits = tonumber(bits) or 16 * #groups
  if bits > 16 * #groups then error(("config.lua: trusted_proxies: '%s' has too many bits"):format(text), 0) end
  return { groups = groups, bits = bits }
end

local function contains(net, groups)
  if #net.groups ~= #groups then return false end
  local bits = net.bits
  for i, group in ipairs(groups) do
    if bits <= 0 then return true end
    local shift = bits < 16 and 16 - bits or 0
    if group >> shift ~= net.groups[i] >> shift then return false end
    bits = bits - 16
  end
  return true
end

local trusted = {}
for i, text in ipairs(config.trusted_proxies) do trusted[i] = parse_network(text) end

-- Is this address one of the trusted proxies?
function proxy.is_trusted(address)
  local groups = parse(address)
  for _, net in ipairs(groups and trusted or {}) do
    if contains(net, groups) then return true end
  end
  return false
end

-- Of the addresses in X-Forwarded-For the last one that is no trusted proxy's: what stands before it anybody may have
-- written.
local function forwarded(header)
  local entry
  for text in (header or ""):gmatch "[^,]+" do
    local address = text:match "^%s*(.-)%s*$"
    address = address:lower():match "^::ffff:([%d%.]+)$" or address
    if not entry or not proxy.is_trusted(address:match "^([%d%.]+):%d+$" or address) then entry = address end
  end
  return entry
end

-- The address a request really comes from; nil and a sentence when a trusted proxy does not tell it properly.
function proxy.address_of(request)
  if not config.reverse_proxy or not proxy.is_trusted(request.address) then return request.address end
  local header = request.headers["x-real-ip"] or forwarded(request.headers["x-forwarded-for"])
  if not header then return nil, "The reverse proxy does not send X-Real-IP" end
  local address = header:match "^([%d%.]+)$" or header:match "^([%d%.]+):%d+$"
  if not address or not network.ip(address) then return nil, "X-Real-IP must be an IPv4 address" end
  return address
end

-- The same for limits, which need some address: that of a proxy that does not tell.
function proxy.origin(request) return proxy.address_of(request) or request.address end

return proxy
