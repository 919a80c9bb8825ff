-- console/players.lua: accounts, online or not.
local accounts = require "services.accounts"
local format   = require "console.format"
local network  = require "services.network"
local roles    = require "services.roles"
local sessions = require "services.sessions"

mu.section "players" { text = "accounts and who is online" }

local COLUMNS = { "id", "name", "e-mail", "role", "last login", "online" }

local function row_of(account, online)
  return { account.id, account.name, account.email, roles.name(account.role), format.when(account.last_login),
           online and ("session %d"):format(online.session.id) or "-" }
end

local function online_rows(most)
  local rows = {}
  for player in sessions.players() do
    if #rows >= most then break end
    rows[#rows + 1] = row_of(player, player)
  end
  table.sort(rows, function(a, b) return a[1] < b[1] end)
  return rows
end

mu.command "players list" {
  text    = "accounts in the order of their ids; with --online those who are here",
  options = "online?: boolean, limit?: integer, offset?: integer",
  example = "players list --online",
  handle  = function(caller, options)
    local most = format.count(options.limit, 50, 10000)
    if options.online then
      return { columns = COLUMNS, rows = online_rows(most), note = ("%d online"):format(sessions.players_online()) }
    end
    local list, total = accounts.page(math.max(0, options.offset or 0), most)
    local rows = {}
    for i, account in ipairs(list) do rows[i] = row_of(account, sessions.player(account.id)) end
    return { columns = COLUMNS, rows = rows,
             note = ("%d accounts, %d online"):format(total, sessions.players_online()) }
  end,
}

mu.command "players show" {
  text    = "one account",
  params  = "player: player",
  example = "players show brave-varren-0421",
  handle  = function(caller, account)
    local online, owned = sessions.player(account.id), accounts.belongings(account.id)
    return format.sheet {
      { "id", account.id },
      { "name", account.name },
      { "e-mail", account.email },
      { "role", roles.name(account.role) },
      { "password", account.has_password == 1 and "set" or "none: cannot log in with one" },
      { "created", format.when(account.created) },
      { "last login", format.when(account.last_login) },
      { "online", online and ("%s, %s"):format(online.session, network.address(online.session)) or "no" },
      { "N7 rating", online and online.rating },
      { "saved", ("%d settings, %s"):format(owned.settings, format.bytes(owned.bytes)) },
      { "on lists", ("%d players"):format(owned.list_members) },
      { "own entitlements", owned.entitlements },
    }
  end,
}

mu.command "players password" {
  text    = "sets a new password, a random one unless it is given; whoever is logged in has to log in again",
  params  = "player: player, password?: secret",
  changes = true,
  example = "players password brave-varren-0421",
  handle  = function(caller, account, password)
    local set, fault = accounts.set_password(account, password)
    if not set then return nil, fault end
    if password then return ("%s has a new password"):format(account.name) end
    return ("%s has a new password: %s"):format(account.name, set)
  end,
}

mu.command "players logout" {
  text    = "logs an account out everywhere: its game, the dashboard, every token; the password stays",
  params  = "player: player",
  changes = true,
  example = "players logout brave-varren-0421",
  handle  = function(caller, account)
    accounts.log_out(account)
    return ("%s has to log in again, everywhere"):format(account.name)
  end,
}

mu.command "players role" {
  text    = "gives an account a role: default or admin",
  params  = "player: player, role: role",
  changes = true,
  example = "players role brave-varren-0421 admin",
  handle  = function(caller, account, role)
    local done, fault = accounts.set_role(account, role)
    if not done then return nil, fault end
    return ("%s is %s now"):format(account.name, role)
  end,
}

mu.command "players rename" {
  text    = "gives an account another name; a game that runs shows it after its next login",
  params  = "player: player, name: rest",
  changes = true,
  example = "players rename brave-varren-0421 Alice",
  handle  = function(caller, account, name)
    local done, fault = accounts.rename(account, name)
    if not done then return nil, fault end
    return ("%s is called %s now"):format(account.name, name)
  end,
}

mu.command "players delete" {
  text    = "removes an account with all it has saved: for ever",
  params  = "player: player",
  options = "yes?: boolean",
  changes = true,
  example = "players delete brave-varren-0421 --yes",
  handle  = function(caller, account, options)
    if not options.yes then
      return nil, ("this removes %s (%s) and all it has saved, for ever: say --yes to do it"):format(account.name,
                                                                                                  account.email)
    end
    accounts.delete(account)
    return ("%s has been removed"):format(account.name)
  end,
}
