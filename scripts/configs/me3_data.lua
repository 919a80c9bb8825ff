-- configs/me3_data.lua: the first thing a game asks for: where everything is, and how often it may ask.
local config    = mu.config
local countries = require "configs.countries"
local doors     = require "services.doors"

local me3_data = {}

me3_data.key = doors.key

function me3_data.render(session)
  local door = doors.of(session)
  return {
    GAW_SERVER_BASE_URL          = door.galaxy_at_war,
    IMG_MNGR_BASE_URL            = door.images,
    IMG_MNGR_MAX_BYTES           = "1048576",
    IMG_MNGR_MAX_IMAGES          = "5",
    JOB_THROTTLE_0               = tostring(config.client.job_throttle[1]),
    JOB_THROTTLE_1               = tostring(config.client.job_throttle[2]),
    JOB_THROTTLE_2               = tostring(config.client.job_throttle[3]),
    MATCH_MAKING_RULES_VERSION   = "5",
    MULTIPLAYER_PROTOCOL_VERSION = "3",
    TEL_DISABLE                  = countries.without_telemetry,
    TEL_DOMAIN                   = config.telemetry.domain,
    TEL_FILTER                   = config.telemetry.filter,
    TEL_PORT                     = tostring(door.telemetry.port),
    TEL_SEND_DELAY               = tostring(config.telemetry.send_delay),
    TEL_SEND_PCT                 = tostring(config.telemetry.send_percent),
    TEL_SERVER                   = door.telemetry.host,
  }
end

return me3_data
