-- http/telemetry.lua: what a player's machine collected (reference 03 §3.4). Clients send it without saying who they
-- are, and look at no answer.
local api       = require "http.api.api"
local proxy     = require "services.proxy"
local telemetry = require "services.telemetry"

-- The list of { key, value } of a body, or nil for another one.
local function values_of(body)
  local content = mu.json.decode(body)
  local values  = type(content) == "table" and content.values
  if type(values) ~= "table" then return nil end
  for _, pair in ipairs(values) do
    if type(pair) ~= "table" or type(pair[1]) ~= "string" or type(pair[2]) ~= "string" then return nil end
  end
  return values
end

mu.http.post("/api/server/telemetry", {
  max_body = 65536,
  handle = function(request)
    local values = values_of(request.body)
    if not telemetry.received(proxy.origin(request), values or {}) then
      return { status = 429, text = "Too many uploads, try again in a minute" }
    end
    if not values then return { status = 400, text = "Expected { \"values\": [[key, value], …] }" } end
    return { status = 200 }
  end,
})

api.preflight "/api/server/telemetry"
