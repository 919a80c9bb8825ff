-- services/tunnel_why.lua: "why can't I join?": what stands between two players, in one sentence, and what to do.
--
--   local why = tunnels.why(alice, bob)              players or accounts: what has an id and a name
--   why.verdict, why.advice                          sentences
--   why.players[1]                                   name, nat, tunnel, silent_for, sent, lost, last_error, policy …
--   why.path                                         "tunnel" | "direct"; nil while that cannot be said
--
-- The host is whoever hosts the game of the two; while they are in none, the first of them.
local associations = require "services.associations"
local network      = require "services.network"
local sessions     = require "services.sessions"
local tunnels      = require "services.tunnels"

local OPEN, MODERATE = 0, 1
local NAT = { [0] = "open", "moderate", "strict (sequential)", "strict", "unknown" }
local FRESH = 30                                      -- seconds: an error that long ago still counts

-- What is known of one of the two. `other_index`: the tunnel index of the other one in their game.
local function facts_of(who)
  local player  = sessions.player(who.id)
  local session = player and player.session
  local facts   = { id = who.id, name = who.name, online = session ~= nil, session = session }
  facts.policy, facts.own_policy = tunnels.policy(who.id)
  if not session then return facts end
  facts.nat      = NAT[session.nat_type] or tostring(session.nat_type)
  facts.nat_type = session.nat_type
  facts.address  = network.address(session)
  facts.disputed = associations.waited_for(session) ~= nil
  facts.client   = session.association ~= ""
  facts.game     = session.member and session.member.game
  facts.report   = facts.client and mu.relay.report(session.association) or nil
  local report   = facts.report
  if report then
    facts.tunnel, facts.silent_for = report.kind, report.silent_for
    if report.last_error and report.last_error_ago < FRESH then facts.last_error = report.last_error end
  end
  return facts
end

-- Datagrams of the one to the other through the relay, and those that could not be delivered.
local function ways(from, to)
  local mine, his = from.report, to.report
  if not mine or not his or not mine.game or mine.game ~= his.game then return nil, nil end
  return mine.sent_to[his.index] or 0, mine.lost_to[his.index] or 0
end

local function no_tunnel(facts)
  if facts.disputed then
    return ("%s's client is also that of another account, which is still logged in and has its tunnel")
             :format(facts.name),
           ("%s should wait a minute, or log the other account out"):format(facts.name)
  end
  if not facts.client then
    return ("%s plays without the Pocket Relay client or plugin, or with one from before tunnels"):format(facts.name),
           ("%s should install the present Pocket Relay client or plugin"):format(facts.name)
  end
  local advice = "%s should stop the game, connect the client anew and look into its log"
  if tunnels.advertised_port() then
    advice = advice .. "; if UDP port %d of this server is behind a firewall, open it or take the listener out of "
             .. "config.lua: clients then use HTTP"
  end
  return ("%s's client has no tunnel open"):format(facts.name), advice:format(facts.name, tunnels.advertised_port())
end

local function through_tunnels(host, guest)
  local there, back = guest.sent, host.sent
  if (there or 0) > 0 and (back or 0) > 0 then
    return "datagrams go both ways through their tunnels: the network is not what keeps them apart",
           "compare the versions and DLCs of the two games, then try again"
  end
  if (there or 0) == 0 and (back or 0) == 0 then
    return "neither game has sent the other one anything through its tunnel",
           ("both should restart their game while the client stays connected; %s first, who hosts"):format(host.name)
  end
  local silent, other = host, guest
  if (there or 0) == 0 then silent, other = guest, host end
  return ("%s's game answers nothing: what %s sends arrives at the tunnel and nothing comes back")
           :format(silent.name, other.name),
         ("%s should restart the game and the client, and let both through the firewall of that machine")
           :format(silent.name)
end

-- Why a game that is not open to all goes without a tunnel.
local function untunnelled(host, guest)
  if host.policy == "disabled" then return "tunnels are switched off for the host" end
  if guest.policy == "disabled" then return ("tunnels are switched off for %s"):format(guest.name) end
  if not host.tunnel then return (no_tunnel(host)) end
  if not guest.tunnel then return (no_tunnel(guest)) end
  return "the host's tunnel was not there when the game was made"
end

local function directly(host, guest)
  if not host.session.has_address then
    return ("%s's game has not told its address yet"):format(host.name),
           ("%s should go back to the main menu and wait a moment"):format(host.name)
  end
  if host.nat_type == OPEN or host.nat_type == MODERATE then
    return ("they connect directly, and %s's router (%s) should let that happen"):format(host.name, host.nat),
           ("UDP port 3659 must be free in the firewalls of both; else set the policy of %s to \"always\"")
             :format(host.name)
  end
  local reason = untunnelled(host, guest)
  local who    = not host.tunnel and host or not guest.tunnel and guest
  local advice = who and select(2, no_tunnel(who)) or "make the game anew"
  if host.policy == "disabled" or guest.policy == "disabled" then
    advice = "set the policy of both to \"stricter\": tunnel policy <player> stricter"
  end
  return ("%s's router (%s) lets no strangers in, and the game is not tunnelled: %s")
           :format(host.name, host.nat, reason), advice
end

local function judge(host, guest)
  for _, facts in ipairs { host, guest } do
    if not facts.online then
      return nil, ("%s is not online"):format(facts.name), "ask again when both are in the game's menu"
    end
  end
  local game = host.game ~= nil and host.game == guest.game and host.game or nil
  local wanted = host.policy == "always" or host.policy == "stricter" and host.nat_type ~= OPEN
  local path
  if game then
    path = tunnels.between(game, guest.session) and "tunnel" or "direct"
  else
    path = wanted and host.tunnel and guest.tunnel and "tunnel" or "direct"
  end
  if path == "direct" then
    if host.game and tunnels.is_tunnelled(host.game) and not guest.tunnel then
      local verdict, advice = no_tunnel(guest)
      return path, "the host's game is tunnelled, but " .. verdict, advice
    end
    return path, directly(host, guest)
  end
  if game then return path, through_tunnels(host, guest) end
  return path, ("both have a tunnel, and a game of %s's goes through them: nothing is in the way"):format(host.name),
         "let one of them join the other, and ask again while it fails"
end

-- What stands between two players. Suspends.
function tunnels.why(one, other)
  local first, second = facts_of(one), facts_of(other)
  local host, guest = first, second
  local game = second.game
  if game and game:exists() and game.host.player_id == second.id and first.game ~= game
     or game and first.game == game and game.host.player_id == second.id then
    host, guest = second, first
  end
  first.sent, first.lost   = ways(first, second)
  second.sent, second.lost = ways(second, first)
  local path, verdict, advice = judge(host, guest)
  for _, facts in ipairs { first, second } do
    facts.host = facts == host
    facts.game = facts.game and facts.game.id
    facts.session, facts.report = nil, nil
  end
  return { players = { first, second }, path = path, verdict = verdict, advice = advice }
end

return tunnels
