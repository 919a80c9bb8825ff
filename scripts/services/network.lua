-- services/network.lua: IPv4 addresses as numbers, and what a player's address really is.
local config = mu.config

local network = {}

-- "127.0.0.1" → 0x7F000001; nil for anything else.
function network.ip(text)
  local a, b, c, d = text:match "^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$"
  if not a then return nil end
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if a > 255 or b > 255 or c > 255 or d > 255 then return nil end
  return a << 24 | b << 16 | c << 8 | d
end

function network.text(ip)
  return ("%d.%d.%d.%d"):format(ip >> 24 & 255, ip >> 16 & 255, ip >> 8 & 255, ip & 255)
end

local function within(ip, first, bits)
  return ip >> (32 - bits) == first >> (32 - bits)
end

-- Loopback, private and link-local addresses: meaningless to a player elsewhere.
function network.is_local(ip)
  return within(ip, 0x7F000000, 8) or within(ip, 0x0A000000, 8) or within(ip, 0xAC100000, 12)
      or within(ip, 0xC0A80000, 16) or within(ip, 0xA9FE0000, 16)
end

-- Where a player really comes from: what the proxy in front of us says, else the other end of the connection.
function network.address(session)
  if session.real_address ~= "" then return session.real_address end
  return session.address
end

-- The address other players should try when the game could not find out its own (reference 02 §7.2): the one its
-- connection comes from, or ours when that is on our own network and we have a public one.
function network.public_address_of(session)
  local peer = network.ip(network.address(session)) or 0
  if not network.is_local(peer) then return peer end
  return network.ip(config.public_address) or peer
end

-- Fills in the outside address of an address pair; a pair that has one is left as it is.
function network.repair(session, pair)
  if pair.external.ip ~= 0 then return pair end
  return {
    external = { ip = network.public_address_of(session), port = pair.internal.port },
    internal = pair.internal,
  }
end

return network
