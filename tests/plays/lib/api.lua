-- lib/api.lua: one who asks the REST API: the dashboard, a player's browser, a program with a token of the config.
--
--   local server = api.server()                          its super admin is root@example.org
--   local root   = api.asker(server, api.ROOT)           root("GET", "/api/games") → status, JSON or text, headers
--   api.ok(root, "GET", "/api/games")                    must be 200; returns the body
--   api.refused(root, 404, "Game not found", "GET", "/api/games/7")
local play = require "plays.lib.play"

local api = { ROOT = "a-long-random-text-for-tests" }

-- `more`: more text of the config.
function api.server(more)
  local server = play.server { files = { ["config.lua"] = ([[
    return { super_admin = "root@example.org", api = { access_tokens = { ["%s"] = 1 } }, %s }]]):format(api.ROOT,
                                                                                                       more or "") } }
  server:wait_log("root@example.org is super admin now")
  return server
end

function api.asker(server, token)
  return function(method, path, body)
    local headers = { ["x-token"] = token, ["content-type"] = body and "application/json" or nil }
    local reply = mu.http_client.request(method, "http://127.0.0.1:" .. server:port "http" .. path,
      body and (type(body) == "string" and body or mu.json.encode(body)) or nil, { headers = headers })
    local is_json = (reply.headers["content-type"] or ""):find("json", 1, true)
    return reply.status, is_json and mu.json.decode(reply.body) or reply.body, reply.headers
  end
end

function api.ok(ask, method, path, body, wanted)
  local status, got = ask(method, path, body)
  play.equal(200, status, method .. " " .. path .. ": " .. tostring(got))
  if wanted ~= nil then play.equal(wanted, got, method .. " " .. path) end
  return got
end

function api.refused(ask, status, text, method, path, body)
  local got_status, got = ask(method, path, body)
  play.equal({ status, text }, { got_status, got }, method .. " " .. path)
end

return api
