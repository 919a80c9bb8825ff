-- http/api/server.lua: what the dashboard wants to know about the server itself, and the log.
local config = mu.config
local api    = require "http.api.api"
local audit  = require "services.audit"
local types  = require "http.api.types"

api.get("/api/server/dashboard", {
  text = "What the dashboard needs before anybody logs in.",
  response = types.object { disable_registration = types.boolean },
  handle = function()
    return { disable_registration = config.dashboard.disable_registration or not config.accounts.registration }
  end,
})

api.get("/api/server/log", {
  text = "The newest lines of the log, as text.", role = "super_admin", handle = function()
    return { plain = mu.log.recent() }
  end,
})

api.delete("/api/server/log", {
  text = "Empties what GET tells of the log; its file or journal keeps everything.", role = "super_admin",
  handle = function(caller)
    mu.log.forget()
    audit.record(caller.name, "api empties the log", "")
  end,
})
