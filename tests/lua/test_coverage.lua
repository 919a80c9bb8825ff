-- test_coverage.lua: everything that games are known to send has a handler, and so have the HTTP paths they ask.
--
-- The lists are those of the reference (02, column "client": yes, possible, or after an error; 03 §0, G and S), typed
-- here so that a route that goes missing is missed.
local tests = {}

local SENT = {
  Redirector       = "getServerInstance",
  Util             = [[fetchClientConfig ping preAuth postAuth userSettingsLoad userSettingsSave userSettingsLoadAll
                       setClientMetrics suspendUserPing]],
  Authentication   = [[createAccount listUserEntitlements2 getAuthToken login consumecode passwordForgot
                       getPrivacyPolicyContent silentLogin checkAgeReq logout createPersona loginPersona originLogin
                       acceptLegalDocs getLegalDocsInfo getTermsOfServiceContent]],
  UserSessions     = "updateHardwareFlags lookupUser updateNetworkInfo resumeSession",
  Messaging        = "fetchMessages",
  AssociationLists = "setUsersToList getLists",
  Stats            = [[getLeaderboardGroup getLeaderboard getCenteredLeaderboard getFilteredLeaderboard
                       getLeaderboardEntityCount]],
  GameReporting    = "submitOfflineGameReport",
  GameManager      = [[createGame advanceGameState setGameSettings setGameAttributes joinGame removePlayer
                       startMatchmaking cancelMatchmaking finalizeGameCreation replayGame
                       updateGameHostMigrationStatus updateMeshConnection getGameDataFromId addAdminPlayer]],
}

local ASKED = [[
  GET /authentication/sharedTokenLogin    GET /gaw/authentication/sharedTokenLogin
  GET /galaxyatwar/getRatings/{key}       GET /galaxyatwar/increaseRatings/{key}
  GET /wal/masseffect-gaw-pc/galaxyatwar/getRatings/{key}
  GET /qos/qos    GET /qos/firewall    GET /qos/firetype    GET /content/{name...}
  GET /api/server    GET /api/server/upgrade    GET /api/server/tunnel    POST /api/server/telemetry
  GET /api/server/dashboard
  POST /api/auth/login    POST /api/auth/create    POST /api/auth/request-code    POST /api/auth/exchange-code
  GET /api/players    GET /api/players/self    DELETE /api/players/self    PUT /api/players/self/password
  PUT /api/players/self/details    GET /api/players/{id}    DELETE /api/players/{id}    GET /api/players/{id}/data
  GET /api/players/{id}/data/{key}    PUT /api/players/{id}/data/{key}    DELETE /api/players/{id}/data/{key}
  GET /api/players/{id}/galaxy_at_war    PUT /api/players/{id}/password    PUT /api/players/{id}/details
  PUT /api/players/{id}/role    GET /api/games    GET /api/games/{id}    GET /api/game-reports
  GET /api/game-reports/{id}    GET /api/leaderboard/{name}    GET /api/leaderboard/{name}/{player_id}
  GET /api/server/log    DELETE /api/server/log
]]

local function declared(what)
  local names = {}
  for _, one in ipairs(mu.declared(what)) do names[one.name] = true end
  return names
end

local function complain(missing)
  if #missing > 0 then error("nothing answers " .. table.concat(missing, ", "), 0) end
end

function tests.everything_a_game_sends_has_a_handler()
  local routes, missing, count = declared "routes", {}, 0
  for component, commands in pairs(SENT) do
    for command in commands:gmatch "%S+" do
      count = count + 1
      if not routes[component .. "." .. command] then missing[#missing + 1] = component .. "." .. command end
    end
  end
  complain(missing)
  mu.test.equal(count, 53)
end

function tests.everything_asked_over_http_has_one()
  local endpoints, missing = declared "endpoints", {}
  for method, path in ASKED:gmatch "(%u+) (%S+)" do
    local name = method .. " " .. path
    if not endpoints[name] then missing[#missing + 1] = name end
  end
  complain(missing)
end

return tests
