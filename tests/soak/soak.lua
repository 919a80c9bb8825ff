-- soak.lua: many players for a long time: they come, look around, save, make games, join, search, play, leave and
-- vanish, at random, while the scripts are reloaded again and again. Every request must be answered, nothing may be
-- logged as an error, nothing may be left when all have gone, and memory may not grow for ever.
--
--   ./mu soak [minutes [players]]      10 minutes, 40 players unless said otherwise
--
-- `./mu test` runs it for some seconds. It looks for what only time and crowds bring; what a message must hold is the
-- plays' matter.
local play    = require "plays.lib.play"
local console = require "plays.lib.console"
local players = require "soak.player"

local SECONDS        = (tonumber(mu.test.wants.minutes) or 0.04) * 60
local PLAYERS        = tonumber(mu.test.wants.players) or 12
local TELL_SECONDS   = 30
local RELOAD_SECONDS = math.min(5, SECONDS / 3)
local GROWTH_KB      = 32 * 1024                 -- of the process from its first third to the end, at most …
local GROWTH_SHARE   = 0.15                      -- … and this share of what it was then

-- Records that live longer than the players who caused them; logins are noted together, some seconds later.
local STAYS = { login_to_note = true, token_bucket = true, limit_refusals = true, session_key = true,
                matchmaking_state = true, stored_state = true, list_entry = true, reporting_serial = true }

local function tell(began, crowd, memory)
  mu.log.info("soak: %3.0f s, %d requests, %d notifications, %d lives, %d reloads, %d kB",
    mu.time.mono() - began, crowd.asked, crowd.heard, crowd.lives, crowd.reloads, memory)
end

-- Starts a task for each player; the first failure ends all.
local function crowd_of(server, ends)
  local crowd = { ids = {}, asked = 0, heard = 0, refused = {}, lives = 0, reloads = 0, alive = PLAYERS }
  local function goes_on() return mu.time.mono() < ends and not crowd.failure end
  for i = 1, PLAYERS do
    mu.spawn(function()
      local player = players.new(server, crowd, "soak" .. i)
      local fine, why = pcall(function()
        mu.sleep(math.random())
        while goes_on() do
          player:lives(goes_on)
          crowd.lives = crowd.lives + 1
        end
      end)
      crowd.alive = crowd.alive - 1
      if not fine then crowd.failure = crowd.failure or why end
    end)
  end
  return crowd
end

local function reload(server, crowd)
  local taken, log = server:reload()
  if not taken then play.fails("a reload was refused: %s", log) end
  crowd.reloads = crowd.reloads + 1
end

-- The kinds of records of which there still are some.
local function left_over(server)
  local left = {}
  for _, row in ipairs(mu.json.decode(server:ctl("counters records --json").out)) do
    local kind = row.counter:match '^records{kind="(.-)"}'
    if kind and not STAYS[kind] and tonumber(row.value) ~= 0 then left[#left + 1] = row.value .. " of " .. kind end
  end
  return table.concat(left, ", ")
end

-- Nothing of those who have gone is left; some of it is written down a moment later.
local function is_empty(server)
  console.until_it_says(server, "players list --online", "\n0 online")
  local left
  for _ = 1, 100 do
    left = left_over(server)
    if left == "" then return end
    mu.sleep(0.1)
  end
  play.fails("all have gone, and these records are left: %s", left)
end

local function report(crowd)
  local list = {}
  for text, count in pairs(crowd.refused) do list[#list + 1] = ("%7d %s"):format(count, text) end
  table.sort(list, function(a, b) return a > b end)
  mu.log.info("soak: refusals, as they may be:\n%s", table.concat(list, "\n"))
end

play.scene(("%d players for %.0f seconds"):format(PLAYERS, SECONDS), function()
  local server = play.server { set = { "limits.accounts_per_hour=0", "limits.connections_per_minute=0",
                                       "limits.logins_per_minute=0", "limits.changes_per_minute=0",
                                       "games.seat_seconds=2" } }
  local began  = mu.time.mono()
  local crowd  = crowd_of(server, began + SECONDS)
  local told, reloaded, early = began, began, nil
  while crowd.alive > 0 do
    mu.sleep(0.1)
    local now = mu.time.mono()
    if now - reloaded > RELOAD_SECONDS then
      reload(server, crowd)
      reloaded = now
    end
    if not early and now - began > SECONDS / 3 then early = server:memory() end
    if now - told > TELL_SECONDS then
      tell(began, crowd, server:memory())
      told = now
    end
  end
  if crowd.failure then play.fails("%s", crowd.failure) end
  play.leave_all()
  is_empty(server)
  tell(began, crowd, server:memory())
  report(crowd)
  local wrong = server:log():match "[^\n]* error [^\n]*"
  if wrong then play.fails("the log says: %s", wrong) end
  local most = early + math.max(GROWTH_KB, early * GROWTH_SHARE)
  if server:memory() > most then play.fails("from %d kB it grew to %d kB", early, server:memory()) end
end)
