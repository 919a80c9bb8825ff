-- rest_whatever.lua: anybody, a player or an administrator asks the REST API whatever he likes, of every endpoint that
-- openapi.json describes. It answers with what was asked for or a sentence, and never with an error of its own.
local api     = require "plays.lib.api"
local play    = require "plays.lib.play"
local console = require "plays.lib.console"

local ROUNDS = mu.test.mode == "plain" and 20 or 1
local ROOT   = api.ROOT

-- What would end the accounts that the others ask with.
local NOT_THESE = { ["DELETE /api/players/self"] = true, ["DELETE /api/players/{id}"] = true }

local seed = 20261121
local function random(most)
  seed = seed * 6364136223846793005 + 1442695040888963407
  return (seed >> 33) % most + 1
end
local function one_of(list) return list[random(#list)] end

local WORDS = {
  "", "%", "%s%d{name}", "\xFF\xFE", "a\nb", ("x"):rep(70), ("y"):rep(5000), "root@example.org", "alice@example.org",
  "Default", "SuperAdmin", "news", "n7", "N7RatingDE", "class1", "char0", "f1", "1", "-1", "99999999999999999999",
  "2027-03-10", "hunter22", "newest",
}
local THINGS = {
  0, 1, 2, 3, -1, 255, 256, 0xFFFFFFFF, 0x100000000, 1.5, 1e300, true, false, mu.null, "text", "news", {}, { 1, 2 },
  { a = 1 }, { en = "text" }, { { 1 } }, { false, 5 }, { "de" },
}

local FREE = {
  "type", "text", "title", "image", "priority", "tracking_id", "until_date", "from_date", "zone", "players", "roles",
  "languages", "countries", "levels", "hidden",
}

local function escaped(text)
  return (text:gsub("[^%w]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function value_of(schema)
  if random(5) == 1 then return one_of(THINGS) end
  if schema.type == "integer" then return one_of { 0, 1, 2, 3, 365, 0xFFFFFFFF } end
  if schema.type == "string" then return schema.enum and random(2) == 1 and one_of(schema.enum) or one_of(WORDS) end
  if schema.type ~= "object" then return one_of(THINGS) end
  local object = {}
  for name, part in pairs(schema.properties or {}) do
    if random(6) > 1 then object[name] = value_of(part) end
  end
  if schema.additionalProperties then
    if not schema.additionalProperties.type then object.type, object.text = "news", "text" end
    for _ = 1, random(3) - 1 do
      object[one_of(schema.additionalProperties.type and WORDS or FREE)] = value_of(schema.additionalProperties)
    end
  end
  return object
end

local function ask(server, method, path, token, body)
  local headers = { ["x-token"] = token, ["content-type"] = body and "application/json" or nil }
  local fine, reply = pcall(mu.http_client.request, method, "http://127.0.0.1:" .. server:port "http" .. path, body,
    { headers = headers })
  if not fine then play.fails("%s %s: %s", method, path:sub(1, 200), reply) end
  return reply
end

local function tries(server, endpoint, token)
  local query, method, path, operation = {}, endpoint.method, endpoint.path, endpoint.operation
  for _, parameter in ipairs(operation.parameters or {}) do
    local word = one_of(WORDS)
    if random(3) > 1 and parameter.schema.type == "integer" then word = tostring(random(4)) end
    if parameter["in"] == "path" then
      path = path:gsub("{" .. parameter.name .. "}", function() return word == "" and "1" or escaped(word) end)
    elseif random(2) == 1 then
      query[#query + 1] = parameter.name .. "=" .. escaped(word)
    end
  end
  if query[1] then path = path .. "?" .. table.concat(query, "&") end
  local schema = operation.requestBody and operation.requestBody.content["application/json"].schema
  local body   = schema and mu.json.encode(value_of(schema))
  local reply  = ask(server, method, path, token, body)
  if reply.status >= 500 then play.fails("%s %s with %s: %s", method, path, tostring(body), reply.body) end
end

-- Every endpoint, as the description has it: list of { method, path, operation }.
local function endpoints_of(server)
  local described, list = mu.json.decode(ask(server, "GET", "/api/openapi.json").body), {}
  for path, operations in pairs(described.paths) do
    for method, operation in pairs(operations) do
      method = method:upper()
      if not NOT_THESE[method .. " " .. path] then
        list[#list + 1] = { method = method, path = path, operation = operation }
      end
    end
  end
  table.sort(list, function(a, b) return a.method .. a.path < b.method .. b.path end)
  return list
end

play.scene("whatever is asked of the REST API", function()
  local server = api.server [[
    limits = { accounts_per_hour = 0, logins_per_minute = 0, codes_per_minute = 0, login_failures = 0,
               address_login_failures = 0, account_login_failures = 0 } ]]
  local account = mu.json.encode { username = "Alice", email = "alice@example.org", password = "hunter22" }
  local token   = mu.json.decode(ask(server, "POST", "/api/auth/create", nil, account).body).token
  local list    = endpoints_of(server)
  for _ = 1, ROUNDS do
    mu.test.step()
    for _, one in ipairs(list) do tries(server, one, one_of { ROOT, ROOT, token }) end
    for _, one in ipairs(list) do tries(server, one, nil) end
  end
  console.does(server, "errors handlers --trace", "no handler has failed")
end)
