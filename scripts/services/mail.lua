-- services/mail.lua: mail from the operator to one player or to all, for the line of the main menu: whoever is online
-- has it at once, everybody else when his game asks for messages next. Each player gets a mail once.
--
-- Mail is kept in the database until it ends. Nearly always nobody has any: records say for whom something waits, so
-- that a game's question costs nothing then.
local messages = require "services.messages"
local sessions = require "services.sessions"

local FIRST_NUMBER = 2000000                     -- of a line in the menu; others are below
local MOST_TEXT    = 1000
local MOST_WAITING = 50                          -- mails for one player, and for all
local AT_ONCE      = 20                          -- lines of one answer
local DAY          = 86400
local EVERYBODY    = 0

-- How many mails may wait for a player; EVERYBODY: those for all.
local waiting = mu.record "mail_waiting" {
  player_id = mu.u32 { key = true },
  mails     = mu.u32,
}

local ready = mu.record "mail_ready" { id = mu.u32 { key = true } }

local mail = {}

local UNSEEN = [[SELECT id, text FROM mail WHERE (player_id = ?1 OR player_id IS NULL) AND ends > ?2
  AND id NOT IN (SELECT mail_id FROM mail_seen WHERE player_id = ?1) ORDER BY id LIMIT ?3]]

local SEEN     = "INSERT INTO mail_seen (player_id, mail_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
local TOGETHER = 200                             -- statements of one batch

local function answer(result, reason)
  if not result then error("the mail is not to be had: " .. tostring(reason), 0) end
  return result
end

local function expect(player_id, more)
  local one = waiting.get(player_id) or waiting.create { player_id = player_id, mails = 0 }
  one.mails = one.mails + more
end

-- Reads for whom something waits, once.
local function load_waiting()
  if ready.get(1) then return end
  local rows = answer(mu.store.read(
    "SELECT coalesce(player_id, 0) AS player_id, count(*) AS mails FROM mail WHERE ends > ? GROUP BY player_id",
    mu.time.unix()))
  if ready.get(1) then return end
  for _, row in ipairs(rows) do expect(row.player_id, row.mails) end
  ready.create { id = 1 }
end

local function know()
  if not ready.get(1) then mu.exclusive("mail", load_waiting) end
end

-- Marks as seen: list of { player_id, mail_id }, many at a time.
local function seen(pairs_seen)
  for first = 1, #pairs_seen, TOGETHER do
    local statements = {}
    for i = first, math.min(first + TOGETHER - 1, #pairs_seen) do
      statements[#statements + 1] = { SEEN, pairs_seen[i][1], pairs_seen[i][2] }
    end
    answer(mu.store.batch(statements))
  end
end

-- What waits for an online player, and from now on no longer does: list of { number, text }.
function mail.take(player)
  know()
  if not player:exists() then return {} end
  local id, list = player.id, {}
  local mine = waiting.get(id)
  if not (mine or waiting.get(EVERYBODY)) then return list end
  local expected = mine and mine.mails
  local rows = answer(mu.store.read(UNSEEN, id, mu.time.unix(), AT_ONCE))
  for i, row in ipairs(rows) do list[i] = { id, row.id } end
  seen(list)
  for i, row in ipairs(rows) do list[i] = { number = FIRST_NUMBER + row.id, text = row.text } end
  local left = #rows < AT_ONCE and waiting.get(id)
  if left and left.mails == expected then left:remove() end   -- else one more has come meanwhile
  return list
end

local function online(account)
  if account then return { sessions.player(account.id) } end
  local list = {}
  for player in sessions.players() do list[#list + 1] = player end
  return list
end

-- Shows a mail to those of `players` who are still there, once they are marked as having seen it; how many.
local function deliver(players, id, text)
  local marks, reached = {}, 0
  for i, player in ipairs(players) do marks[i] = { player.id, id } end
  seen(marks)
  for _, player in ipairs(players) do
    if player:exists() and player.session then
      messages.send(player.session, FIRST_NUMBER + id, messages.filled(text, player.session))
      reached = reached + 1
    end
  end
  return reached
end

-- Sends to an account (nil: to everybody) for so many days; those online get it at once unless `later`. How many did;
-- nil and a sentence.
function mail.send(account, text, who, days, later)
  local to = account and account.id or EVERYBODY
  if text == "" or #text > MOST_TEXT then return nil, ("a mail has 1 to %d bytes"):format(MOST_TEXT) end
  if not utf8.len(text) then return nil, "the text is no UTF-8" end
  know()
  local now = mu.time.unix()
  local have = answer(mu.store.row("SELECT count(*) AS n FROM mail WHERE coalesce(player_id, 0) = ? AND ends > ?", to,
                                   now)).n
  if have >= MOST_WAITING then return nil, ("%d mails wait already; remove one"):format(MOST_WAITING) end
  local done = answer(mu.store.batch {
    { "DELETE FROM mail WHERE ends <= ?", now },
    { "INSERT INTO mail (player_id, text, who, sent, ends) VALUES (?, ?, ?, ?, ?)", account and account.id or mu.null,
      text, who:sub(1, 64), now, now + days * DAY },
  })
  expect(to, 1)
  return later and 0 or deliver(online(account), done[2].last_id, text)
end

-- The mails that still wait for somebody, newest first: rows with id, name (nil: all), text, who, sent, ends, seen.
function mail.list(most)
  return answer(mu.store.read([[SELECT mail.id, players.name, text, who, sent, ends,
    (SELECT count(*) FROM mail_seen WHERE mail_id = mail.id) AS seen
    FROM mail LEFT JOIN players ON players.id = player_id WHERE ends > ? ORDER BY mail.id DESC LIMIT ?]],
    mu.time.unix(), most))
end

-- Whoever has not seen it will not.
function mail.remove(id)
  local done = answer(mu.store.batch { { "DELETE FROM mail WHERE id = ? OR ends <= ?", id, mu.time.unix() } })
  if ready.get(1) then ready.get(1):remove() end -- who still has any is found out anew
  for one in waiting.all() do one:remove() end
  return done[1].changes > 0
end

return mail
