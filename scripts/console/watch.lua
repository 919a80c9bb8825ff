-- console/watch.lua: what happens, as it happens, until Ctrl-C. Nothing of it costs anything while nobody watches.
local sessions = require "services.sessions"

mu.section "watch" { text = "log lines, packets and errors as they come" }

local LOOK_SECONDS = 1                           -- between two looks whether the caller is still there

-- A caller watches one thing at a time; named after him, it goes on through a reload without a gap.
local function watcher_for(caller, kind, session)
  return mu.inspect.watch(kind, session, "console " .. caller.number)
end

-- Prints what comes until the caller has gone.
local function stream(caller, watcher)
  while not caller:closed() do
    local text = watcher:next(LOOK_SECONDS)
    if text then caller:print((text:gsub("\n$", ""))) end
  end
end

-- Only what names this player or his session.
local function about(player_id, name)
  return function(text)
    local player = sessions.player(player_id)
    local own    = player and ("%s "):format(player.session)
    local kept   = {}
    for entry in (text .. "\n"):gmatch "(.-\n)%f[^%s]" do
      if own and entry:find(own, 1, true) or entry:find(name, 1, true) then kept[#kept + 1] = entry end
    end
    return table.concat(kept)
  end
end

local function follow(kind)
  return function(caller, player)
    local watcher = watcher_for(caller, kind)
    local filter  = about(player.id, player.name)
    while not caller:closed() do
      local text = watcher:next(LOOK_SECONDS)
      text = text and filter(text)
      if text and text ~= "" then caller:print((text:gsub("\n$", ""))) end
    end
  end
end

mu.command "watch log" {
  text    = "lines of the log",
  endless = true,
  handle  = function(caller) stream(caller, watcher_for(caller, "log")) end,
}

mu.command "watch log from" {
  text    = "lines of the log that name a player or his connection",
  params  = "player: player",
  endless = true,
  handle  = follow "log",
}

mu.command "watch errors" {
  text    = "warnings and errors of the log, and inputs that were refused, with their bytes",
  endless = true,
  handle  = function(caller) stream(caller, watcher_for(caller, "errors")) end,
}

mu.command "watch errors from" {
  text    = "warnings, errors and refused inputs that name a player or his connection",
  params  = "player: player",
  endless = true,
  handle  = follow "errors",
}

mu.command "watch packets" {
  text    = "every packet of every connection, decoded, without credentials",
  endless = true,
  handle  = function(caller) stream(caller, watcher_for(caller, "packets")) end,
}

-- Who follows whom: caller and watcher by the player's id. A player who logs in again has another session.
local followers = {}

-- A watcher that has been closed is no follower any more.
local function follow_again(follower, player)
  if follower.session == player.session then return true end
  follower.session = player.session
  if not follower.watcher:only(player.session) then return false end
  follower.caller:print(("-- %s is on %s now --"):format(player.name, player.session))
  return true
end

sessions.when_here(function(player)
  local left = {}
  for _, follower in ipairs(followers[player.id] or left) do
    if follow_again(follower, player) then left[#left + 1] = follower end
  end
  followers[player.id] = #left > 0 and left or nil
end)

mu.command "watch packets from" {
  text    = "the packets of one player, here or not: he is followed when he logs in",
  params  = "player: player",
  endless = true,
  example = "watch packets from brave-varren-0421",
  handle  = function(caller, account)
    local player   = sessions.player(account.id)
    local session  = player and player.session
    local list     = followers[account.id] or {}
    local follower = { caller = caller, session = session, watcher = watcher_for(caller, "packets", session or false) }
    followers[account.id], list[#list + 1] = list, follower
    if not session then caller:print(("-- %s is not here --"):format(account.name)) end
    stream(caller, follower.watcher)
  end,
}
