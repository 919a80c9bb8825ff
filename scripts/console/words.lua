-- console/words.lua: words that several sections take: players, who is online, sessions, roles; and how Tab completes
-- them.
local accounts = require "services.accounts"
local format   = require "console.format"
local roles    = require "services.roles"
local sessions = require "services.sessions"

local COMPLETIONS = 30

local function names_of(players)
  local names = {}
  for i, player in ipairs(players) do names[i] = player.name end
  return names
end

local function online(text)
  local id     = format.id(text)
  local player = sessions.player_named(text)
  return player or id and sessions.player(id)
end

-- Names of accounts: of those online first, then of all.
local function complete_accounts(prefix)
  local names, seen = names_of(sessions.named(prefix, COMPLETIONS)), {}
  for _, name in ipairs(names) do seen[name] = true end
  for _, name in ipairs(accounts.names(prefix, COMPLETIONS)) do
    if not seen[name] and #names < COMPLETIONS then names[#names + 1] = name end
  end
  return names
end

mu.word "player" {
  text     = "an account, online or not: its name, its id or its e-mail address",
  find     = accounts.find,
  complete = complete_accounts,
}

mu.word "online" {
  text     = "a player who is online: the name or the id",
  find     = online,
  complete = function(prefix) return names_of(sessions.named(prefix, COMPLETIONS)) end,
}

mu.word "viewer" {
  text     = "a player's name, or \"nobody\": a game before anybody has logged in",
  find     = function(text)
    if text == "nobody" then return { name = "nobody", nobody = true } end
    return accounts.find(text)
  end,
  complete = function(prefix)
    local names = complete_accounts(prefix)
    if ("nobody"):sub(1, #prefix) == prefix then table.insert(names, 1, "nobody") end
    return names
  end,
}

mu.word "audience" {
  text     = "a player who is online, or \"all\"",
  find     = function(text)
    return text == "all" and text or online(text)
  end,
  complete = function(prefix)
    local names = names_of(sessions.named(prefix, COMPLETIONS))
    if ("all"):sub(1, #prefix) == prefix then table.insert(names, 1, "all") end
    return names
  end,
}

mu.word "session" {
  text     = "a connection: its number, or the name of the player who has logged in on it",
  find     = function(text)
    local id     = format.id(text)
    local player = sessions.player_named(text)
    return id and sessions.by_id(id) or player and player.session
  end,
  complete = function(prefix)
    local list = names_of(sessions.named(prefix, COMPLETIONS))
    for _, session in ipairs(sessions.list(COMPLETIONS)) do
      local number = tostring(session.id)
      if number:sub(1, #prefix) == prefix and #list < COMPLETIONS then list[#list + 1] = number end
    end
    return list
  end,
}

mu.word "role" {
  text     = "default, admin or super_admin",
  find     = function(text) return roles.number(text) and text end,
  complete = function(prefix)
    local list = {}
    for _, name in ipairs(roles.names) do
      if name:sub(1, #prefix) == prefix then list[#list + 1] = name end
    end
    return list
  end,
}
