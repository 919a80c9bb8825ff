-- services/games_mesh.lua: the links between the players' machines, as they report them (reference 02 §12.10, 14.4).
--
-- Both ends of a link report it. A link to the host is what counts: whoever connects is in with the host's first word
-- about him, or his about the host. The host's word that a link is gone puts a member out; the others' word that the
-- host is gone counts when all of at least two say so, because one of them alone could then throw the host out.
local members   = require "services.games_members"
local migration = require "services.games_migration"
local records   = require "services.games_records"

local LINK, MEMBER, REMOVED = records.LINK, records.MEMBER, records.REMOVED
local ENOUGH_WITNESSES = 2
local KNOWN = { [LINK.DISCONNECTED] = true, [LINK.CONNECTING] = true, [LINK.CONNECTED] = true }

local mesh = {}

local function connected(game, guest)
  if guest.state == MEMBER.CONNECTING then
    members.complete(guest)
  elseif guest.state == MEMBER.MIGRATING then
    game.links_heard = true
    migration.linked(game, guest)
  end
end

local function host_is_lost(game)
  local host, witnesses = game.host, 0
  for _, member in ipairs(game.members) do
    if member ~= host and member.state ~= MEMBER.CONNECTING then
      if member.links[host.player_id] ~= LINK.DISCONNECTED then return false end
      witnesses = witnesses + 1
    end
  end
  return witnesses >= ENOUGH_WITNESSES
end

local function disconnected(game, from, about)
  if from == game.host then
    if about.state == MEMBER.CONNECTED then members.remove(about, REMOVED.CONNECTION_LOST) end
  elseif about == game.host and host_is_lost(game) then
    members.remove(about, REMOVED.CONNECTION_LOST)
  end
end

-- `from` says what his link to each of `targets` is now: { { player_id =, status = LINK }, … }.
function mesh.report(game, from, targets)
  for _, target in ipairs(targets) do
    local about = records.member.get(target.player_id)
    if about and about ~= from and about.game == game and KNOWN[target.status] then
      from.links[target.player_id] = target.status
      local host = game.host
      if target.status == LINK.CONNECTED and (from == host or about == host) then
        connected(game, from == host and about or from)
      elseif target.status == LINK.DISCONNECTED then
        disconnected(game, from, about)
      end
      if not game:exists() or not from:exists() then return end
    end
  end
end

return mesh
