-- guards.lua: what a route can ask for before its handler runs: `login = true` in a route is the first of these,
-- `role = "admin"` another.
local games = require "services.games"
local pace  = require "services.pace"
local roles = require "services.roles"

mu.guard "login" (function(session, request, wanted)
  if wanted and not session.player then return mu.fail "ERR_AUTHENTICATION_REQUIRED" end
end)

-- So many a minute of one player: what others hear of, or what could be tried until it works.
mu.guard "paced" (function(session, request, wanted)
  if wanted and not pace.take(session) then return mu.fail "ERR_TIMEOUT" end
end)

-- The game that the request names (its field game_id) must be there and the player in it.
local function membership(session, request)
  local game = games.get(request.game_id)
  if not game then return nil, mu.fail "GAMEMANAGER_ERR_INVALID_GAME_ID" end
  local member = session.member
  if not member or member.game ~= game then return nil, mu.fail "GAMEMANAGER_ERR_PERMISSION_DENIED" end
  return member
end

mu.guard "member" (function(session, request, wanted)
  if not wanted then return end
  local _, refusal = membership(session, request)
  return refusal
end)

-- … and be its host. An admin is not enough: hosts make every member one as soon as he has connected.
mu.guard "host" (function(session, request, wanted)
  if not wanted then return end
  local member, refusal = membership(session, request)
  if not member then return refusal end
  if member.game.host ~= member then return mu.fail "GAMEMANAGER_ERR_PERMISSION_DENIED" end
end)

-- … and mean himself (the field player_id), or be its host; with "only", mean himself; with "or gone" he may also have
-- left already.
mu.guard "own_seat" (function(session, request, wanted)
  if not wanted then return end
  local member, refusal = membership(session, request)
  if not member then
    if wanted == "or gone" and request.player_id == session.player.id and games.get(request.game_id) then return end
    return refusal
  end
  if request.player_id == member.player_id then return end
  if wanted == "only" or member.game.host ~= member then return mu.fail "GAMEMANAGER_ERR_PERMISSION_DENIED" end
end)

mu.guard "role" (function(session, request, wanted)
  if not session.player then return mu.fail "ERR_AUTHENTICATION_REQUIRED" end
  if not roles.at_least(session.player.role, wanted) then return mu.fail "ERR_AUTHORIZATION_REQUIRED" end
end)
