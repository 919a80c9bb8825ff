-- guards.lua: what a route can ask for before its handler runs: `login = true` in a route is the first of these.

mu.guard "login" (function(session, request, wanted)
  if wanted and not session.player then return mu.fail "ERR_AUTHENTICATION_REQUIRED" end
end)
