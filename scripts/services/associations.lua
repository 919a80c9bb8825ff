-- services/associations.lua: whose tunnel it is.
--
-- A client's association ties its tunnel to the connection of the game beside it, and it is all a tunnel shows of whose
-- it is. The account that logs in with it has it for as long as it is here; another account that comes with the same
-- one meanwhile is not refused (a game that has crashed may still seem to be here), but plays without a tunnel until
-- the first has gone (reference 05 D 18, B.6).
--
-- So session.association is always the session's own: who has to wait has none, and is listed here.
local games    = require "services.games"
local hooks    = require "services.games_hooks"
local sessions = require "services.sessions"
local tunnels  = require "services.tunnels"

local waiting_kind = mu.record "waiting_association" {
  session_id  = mu.u32 { key = true },
  session     = mu.ref "session",
  association = mu.string { index = true, max = 64 },
}

local associations = {}

-- The association a session came with, while another account has it; else nil.
function associations.waited_for(session)
  local waiting = waiting_kind.count() > 0 and waiting_kind.get(session.id)
  return waiting and waiting.association or nil
end

local function claim(session)
  local association = session.association
  local owner       = association ~= "" and sessions.of_association(association, session)
  if not owner then return end
  mu.log.warn("%s came with the tunnel of %s, who is here: without one until %s has left", session.player.name,
              owner.player.name, owner.player.name)
  session.association = ""
  waiting_kind.create { session_id = session.id, session = session, association = association }
end

-- The first of those who wait for an association has it now; his game and its searches learn of it.
local function pass_on(association)
  for waiting in waiting_kind.where { association = association } do
    local heir = waiting.session
    waiting:remove()
    if heir then
      heir.association = association
      local game = games.of(heir)
      if game then hooks.changed(game) end
      if tunnels.of(heir) then tunnels.opened(heir) end
      return
    end
  end
end

local function left(session)
  if waiting_kind.count() == 0 then return end
  local waiting = waiting_kind.get(session.id)
  if waiting then
    session.association = waiting.association    -- whoever logs in here next has to ask again
    waiting:remove()
  elseif session.association ~= "" then
    pass_on(session.association)
  end
end

sessions.when_login(claim)
sessions.when_leaving(function(player) left(player.session) end)   -- his game before: games.lua came first

-- A player who had `old` goes on in `session`.
function associations.move(old, session)
  left(old)
  claim(session)
end

return associations
