-- http/api/server.lua: what the dashboard wants to know about the server itself, and the log.
local config = mu.config
local api    = require "http.api.api"
local types  = require "http.api.types"

api.get("/api/server/dashboard", {
  text = "What the dashboard needs before anybody logs in.",
  response = types.object { disable_registration = types.boolean },
  handle = function()
    return { disable_registration = config.dashboard.disable_registration or not config.accounts.registration }
  end,
})
