-- console/database.lua: copies and checks of the database, while it is in use.
mu.section "database" { text = "copies and checks of the database" }

-- A failure of the database itself is an answer here, not a bug.
local function answer(done, ...)
  if not done then return nil, (tostring((...)):gsub("^[^:]+:%d+: ", "")) end
  return ...
end

mu.command "backup" {
  section = "database",
  text    = "copies the whole database to backups/ in the data folder; it stays in use meanwhile",
  params  = "name?: string",
  changes = true,
  example = "backup before-event.db",
  handle  = function(caller, name)
    name = name or os.date("!murelay-%Y%m%d-%H%M%S.db", mu.time.unix())
    local done, reason = answer(pcall(mu.store.backup, name))
    if reason == "exists" then return nil, ("there is a backup named %s already: it is not replaced"):format(name) end
    if not done then return nil, reason end
    return ("the database has been copied to backups/%s in the data folder"):format(name)
  end,
}

mu.command "db check" {
  section = "database",
  text    = "looks for damage in the whole file; saves and reads go on meanwhile",
  handle  = function(caller)
    local done, reason = answer(pcall(mu.store.check))
    if not done then return nil, reason end
    return "the database is in order"
  end,
}

mu.command "db vacuum" {
  section = "database",
  text    = "rebuilds the file without its holes; saves wait meanwhile",
  changes = true,
  handle  = function(caller)
    local done, reason = answer(pcall(mu.store.vacuum))
    if not done then return nil, reason end
    return "the database has been rebuilt"
  end,
}
