-- console/tunnel.lua: tunnels, and why two players cannot play together.
local format  = require "console.format"
local tunnels = require "services.tunnel_why"

local ORDER = { "always", "stricter", "disabled" }

mu.section "tunnel" { text = "players who play through the server, and why two cannot" }

mu.word "tunnel_policy" {
  text     = "always, stricter, disabled, or usual: as config.lua says for everybody",
  find     = function(text) return (text == "usual" or tunnels.POLICIES[text]) and text or nil end,
  complete = function(prefix)
    local list = {}
    for _, name in ipairs { "usual", table.unpack(ORDER) } do
      if name:sub(1, #prefix) == prefix then list[#list + 1] = name end
    end
    return list
  end,
}

mu.command "tunnel list" {
  text    = "tunnels that are open, the newest first",
  options = "limit?: integer",
  example = "tunnel list",
  handle  = function(caller, options)
    local rows, total = tunnels.list(format.count(options.limit, 50, 10000))
    local now = mu.time.unix()
    for i, row in ipairs(rows) do
      rows[i] = { ("%08x"):format(row.id), row.kind, row.address, row.player or "-", row.game or "-",
                  format.span(now - row.opened) }
    end
    local counts = mu.relay.counts()
    return { columns = { "id", "kind", "address", "player", "game", "open for" }, rows = rows,
             note = ("%d tunnels; %d datagrams forwarded since the start"):format(total, counts.forwarded) }
  end,
}

-- "12 sent, 3 of them lost"
local function sent(facts)
  if not facts.sent then return nil end
  return ("%d to the other%s"):format(facts.sent, facts.lost > 0 and (", %d lost"):format(facts.lost) or "")
end

local function tunnel_of(facts)
  if not facts.online then return nil end
  if not facts.tunnel then return facts.client and "none open" or "none: no client that has tunnels" end
  return ("%s, heard %s ago"):format(facts.tunnel:upper(), format.span(facts.silent_for))
end

local LINES = {
  { "online", function(facts) return facts.online and facts.address or "no" end },
  { "router", function(facts) return facts.nat end },
  { "tunnel", tunnel_of },
  { "policy", function(facts) return facts.policy .. (facts.own_policy and " (of his own)" or "") end },
  { "game", function(facts) return facts.game and ("%d%s"):format(facts.game, facts.host and ", hosts" or "") end },
  { "datagrams", sent },
  { "last error", function(facts) return facts.last_error end },
}

mu.command "tunnel why" {
  text    = "what stands between two players: routers, tunnels, datagrams each way, and what to do",
  params  = "player: player, other: player",
  example = "tunnel why brave-varren-0421 quiet-pyjak-7753",
  handle  = function(caller, player, other)
    if player.id == other.id then return nil, "name two different players" end
    local why  = tunnels.why(player, other)
    local rows = {}
    for _, line in ipairs(LINES) do
      local mine, his = line[2](why.players[1]), line[2](why.players[2])
      if mine or his then rows[#rows + 1] = { line[1], mine or "-", his or "-" } end
    end
    return { columns = { "", player.name, other.name }, rows = rows,
             note = ("%s: %s.\nAdvice: %s."):format(why.path or "unknown", why.verdict, why.advice) }
  end,
}

mu.command "tunnel policy" {
  text    = "the tunnel policy for one player, from his next game on",
  params  = "player: player, policy: tunnel_policy",
  changes = true,
  example = "tunnel policy brave-varren-0421 always",
  handle  = function(caller, player, policy)
    local done, fault = tunnels.set_policy(player.id, policy ~= "usual" and policy or nil)
    if not done then return nil, fault end
    return ("%s: %s"):format(player.name, (tunnels.policy(player.id)))
  end,
}
