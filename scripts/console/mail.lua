-- console/mail.lua: mail to players, for the line of the main menu.
local accounts = require "services.accounts"
local format   = require "console.format"
local mail     = require "services.mail"

local COMPLETIONS = 30

mu.section "mail" { text = "mail to players: shown in the menu at once, or when they come next" }

mu.word "recipient" {
  text     = "a player, online or not, or \"all\"",
  find     = function(text)
    if text == "all" then return { all = true } end
    return accounts.find(text)
  end,
  complete = function(prefix)
    local list = accounts.names(prefix, COMPLETIONS)
    if ("all"):sub(1, #prefix) == prefix then table.insert(list, 1, "all") end
    return list
  end,
}

mu.command "mail send" {
  text    = "sends a mail that waits --days (30); who is online has it at once unless --later; {name} is filled in",
  params  = "to: recipient, text: rest",
  options = "days?: integer, later?: boolean",
  changes = true,
  example = "mail send all Double credits this weekend!",
  handle  = function(caller, to, text, options)
    local days = options.days or 30
    if days < 1 or days > 3650 then return nil, "--days must be 1 to 3650" end
    local reached, fault = mail.send(not to.all and to or nil, text, caller.name, days, options.later)
    if not reached then return nil, fault end
    return ("sent; %d had it at once"):format(reached)
  end,
}

mu.command "mail list" {
  text    = "the mails that wait for somebody, the newest first",
  options = "limit?: integer",
  example = "mail list",
  handle  = function(caller, options)
    local rows = {}
    for i, one in ipairs(mail.list(format.count(options.limit, 50, 1000))) do
      rows[i] = { one.id, one.name or "all", format.when(one.sent), format.when(one.ends), one.seen, one.who, one.text }
    end
    return { columns = { "id", "to", "sent", "until", "seen by", "from", "text" }, rows = rows }
  end,
}

mu.command "mail remove" {
  text    = "takes a mail back: who has not seen it will not",
  params  = "id: integer",
  changes = true,
  example = "mail remove 3",
  handle  = function(caller, id)
    if not mail.remove(id) then return nil, ("there is no mail %d; `mail list` shows them"):format(id) end
  end,
}
