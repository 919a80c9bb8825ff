-- test_recorded.lua: every frame of the vectors whose message has a schema here decodes through it and encodes again to
-- the same bytes: the recorded ones prove that fields, types and order are those of the official server.
local frames = require "lua.frames"

local authentication = require "schema.authentication"
local game_manager   = require "schema.game_manager"
local matchmaking    = require "schema.matchmaking"
local redirector     = require "schema.redirector"
local stats          = require "schema.stats"
local user_sessions  = require "schema.user_sessions"
local util           = require "schema.util"

local SCHEMAS = {
  ["request 5:1"]          = redirector.ServerInstanceRequest,
  ["response 5:1"]         = redirector.ServerInstanceInfo,
  ["request 9:7"]          = util.PreAuthRequest,
  ["request 9:1"]          = util.FetchConfigRequest,
  ["response 9:2"]         = util.PingResponse,
  ["error 1:40"]           = authentication.LoginError,
  ["notification 30722:5"] = user_sessions.UserStatus,
  ["notification 4:80"]    = game_manager.GameAttributesChange,
  ["notification 4:110"]   = game_manager.GameSettingsChange,
  ["notification 4:12"]    = matchmaking.MatchmakingStatus,
  ["notification 4:20"]    = game_manager.GameSetup,
  ["response 7:10"]        = stats.LeaderboardGroup,
}

local HEADER = 12
local RECORDED = 5

local tests = {}

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex_of(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local recorded = 0

for _, frame in ipairs(frames) do
  local schema = SCHEMAS[("%s %d:%d"):format(frame.kind, frame.component, frame.command)]
  if schema then
    if frame.source:find "^rec" then recorded = recorded + 1 end
    tests[frame.name] = function()
      local body = bytes_of(frame.hex):sub(HEADER + 1)
      mu.test.equal(hex_of(mu.test.encode(schema, mu.test.decode(schema, body))), hex_of(body))
    end
  end
end

function tests.every_recorded_frame_has_a_schema()
  mu.test.equal(recorded, RECORDED)
end

return tests
