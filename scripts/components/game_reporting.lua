-- components/game_reporting.lua: games report what their player has. What the server itself saw of a match is in
-- services/games_matches.lua.
local game_reporting = mu.component "GameReporting"
local reports        = require "services.games_reports"
local schema         = require "schema.game_reporting"

local Result = game_reporting.notification "ResultNotification" { body = schema.Result }

for _, command in ipairs { "submitOfflineGameReport", "submitGameReport" } do
  game_reporting[command] {
    login   = true,
    request = schema.SubmitRequest,
    handle  = function(session, request)
      local fault = reports.submit(session.player, request)
      if fault then return mu.fail(fault) end
      session:notify(Result, {})
    end,
  }
end

-- Reports of servers that host games themselves: nobody here is one.
for _, command in ipairs { "submitTrustedMidGameReport", "submitTrustedEndGameReport" } do
  game_reporting[command] {
    login = true, handle = function() return mu.fail "GAMEREPORTING_TRUSTED_ERR_CLIENT_NOT_TRUSTED" end,
  }
end

-- What games of this kind never ask, but the protocol has. An empty success answers each of them.
for _, command in ipairs {
  "submitGameEvents", "getGameReportQuery", "getGameReportQueriesList", "getGameReports", "getGameReportView",
  "getGameReportViewInfo", "getGameReportViewInfoList", "getGameReportTypes", "updateMetric",
  "getGameReportColumnInfo", "getGameReportColumnValues",
} do
  game_reporting[command] { login = true, handle = function() end }
end
