-- services/tunnels.lua: by which address a player is told to reach another one.
local tunnels = {}

local PEER_HOSTED = 0

-- The address pair that `viewer` is told about `member` (both sessions); false while it is not known.
function tunnels.address_pair(member, viewer, game)
  if not member.has_address then return false end
  return {
    pair = {
      external = { ip = member.external_ip, port = member.external_port },
      internal = { ip = member.internal_ip, port = member.internal_port },
    },
  }
end

-- Where `viewer` finds the host of a game, and the topology that goes with it (reference 04 §8.6).
function tunnels.host_address(game, viewer)
  local address = tunnels.address_pair(game.host.session, viewer, game)
  return address and { address } or {}, PEER_HOSTED
end

return tunnels
