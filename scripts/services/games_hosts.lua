-- services/games_hosts.lua: who becomes host when the host goes.
--
-- RULES is asked from the top: the first rule for which two members differ decides, the smaller figure wins. Change the
-- order, take a rule out, put one of your own in: `value` gets a member and the game.
local records = require "services.games_records"

local MEMBER, LINK = records.MEMBER, records.LINK
local WAY_OFF = 0x0FFF0FFF                       -- what a game says of a ping site it does not reach

local hosts = {}

hosts.RULES = {
  { name = "connected", text = "who is in the match already, before those who still connect",
    value = function(member) return member.state == MEMBER.CONNECTING and 1 or 0 end },

  { name = "here", text = "whose connection to the server is up",
    value = function(member) return member.session and not member.session.lost and 0 or 1 end },

  { name = "links", text = "who has links to most of the others",
    value = function(member, game)
      local missing = 0
      for _, other in ipairs(game.members) do
        if other ~= member and not hosts.linked(member, other) then missing = missing + 1 end
      end
      return missing
    end },

  { name = "nat", text = "whose router lets others in: open before moderate before strict before unknown",
    value = function(member) return member.session and member.session.nat_type or 4 end },

  { name = "latency", text = "who is nearest to a ping site",
    value = function(member)
      local least = WAY_OFF
      for _, latency in pairs(member.session and member.session.latencies or {}) do
        if latency >= 0 and latency < least then least = latency end
      end
      return least
    end },

  { name = "slot", text = "who has the lowest slot", value = function(member) return member.slot end },
}

mu.check("rules for hosts", function()
  for i, rule in ipairs(hosts.RULES) do
    if type(rule.name) ~= "string" or type(rule.value) ~= "function" then
      error(("services/games_hosts.lua: rule %d must be { name = text, value = function(member, game) }"):format(i), 0)
    end
  end
end)

-- Whether either of two members has said that their machines reach each other.
function hosts.linked(one, other)
  return one.links[other.player_id] == LINK.CONNECTED or other.links[one.player_id] == LINK.CONNECTED
end

-- A rule that fails decides nothing: a game must not lose its host and have no other.
local function compare(rule, one, other, game)
  local mine, his = rule.value(one, game), rule.value(other, game)
  return mine < his, mine ~= his
end

local function better(one, other, game)
  for _, rule in ipairs(hosts.RULES) do
    local fine, less, differs = pcall(compare, rule, one, other, game)
    if not fine then
      mu.log.error("the rule '%s' for hosts failed: %s", rule.name, less)
    elseif differs then
      return less
    end
  end
  return false
end

-- The member who is to be host of a game now; nil when there is nobody.
function hosts.choose(game)
  local best
  for _, member in ipairs(game.members) do
    if not best or better(member, best, game) then best = member end
  end
  return best
end

return hosts
