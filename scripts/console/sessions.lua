-- console/sessions.lua: connections.
local format   = require "console.format"
local network  = require "services.network"
local sessions = require "services.sessions"

mu.section "sessions" { text = "connections of games" }

local function player_of(session)
  return session.player and session.player.name or "-"
end

mu.command "sessions list" {
  text    = "connections, the oldest first",
  options = "limit?: integer",
  example = "sessions list --limit 20",
  handle  = function(caller, options)
    local list, count = sessions.list(format.count(options.limit, 50, 10000))
    local rows, now = {}, mu.time.unix()
    for i, session in ipairs(list) do
      rows[i] = { session.id, player_of(session), network.address(session), session.door, session.transport,
                  format.span(now - session.opened), format.span(session:silent_for()) }
    end
    return {
      columns = { "id", "player", "address", "door", "transport", "open for", "silent for" }, rows = rows,
      note = #list < count and ("%d of %d: --limit shows more"):format(#list, count) or ("%d in all"):format(count),
    }
  end,
}

local function latencies(session)
  local list = {}
  for site, milliseconds in pairs(session.latencies) do list[#list + 1] = ("%s %d ms"):format(site, milliseconds) end
  table.sort(list)
  return table.concat(list, ", ")
end

local function address(ip, port)
  return ("%s:%d"):format(network.text(ip), port)
end

mu.command "sessions show" {
  text    = "all that is known of one connection",
  params  = "session: session",
  example = "sessions show 17",
  handle  = function(caller, session)
    local known = session.has_address
    return format.sheet {
      { "session", session.id },
      { "player", session.player and ("%s (%d)"):format(session.player.name, session.player.id) },
      { "address", ("%s:%d"):format(network.address(session), session.port) },
      { "behind a proxy at", session.real_address ~= "" and session.address },
      { "door", ("%s, %s"):format(session.door, session.transport) },
      { "came by", session.base_url },
      { "opened", format.when(session.opened) },
      { "silent for", format.span(session:silent_for()) },
      { "network outside", known and address(session.external_ip, session.external_port) },
      { "network inside", known and address(session.internal_ip, session.internal_port) },
      { "NAT type", known and session.nat_type },
      { "latencies", latencies(session) },
    }
  end,
}

mu.command "sessions kick" {
  text    = "ends a connection, and the login on it",
  params  = "session: session, reason?: rest",
  changes = true,
  example = "sessions kick 17 idle for too long",
  handle  = function(caller, session, reason)
    local said = ("%s has been disconnected"):format(session.player and session.player.name or tostring(session))
    sessions.kick(session, reason or "kicked by the operator")
    return said
  end,
}
