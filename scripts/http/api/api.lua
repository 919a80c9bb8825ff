-- http/api/api.lua: how an endpoint of the REST API is declared.
--
--   api.get("/api/players/{id}", {
--     text = "One account.", role = "admin", params = { id = types.u32 }, response = types.Player,
--     handle = function(caller, request) … return player end,
--   })
--
-- Who asks (X-Token), what he asks with and what may come in is checked here, before the handler. `role`, or login =
-- true: somebody with a token; login = "optional": nobody, or somebody with a token that is good; without either nobody
-- looks at a token, so that a page with an old one can still log in. The handler gets `caller` (an account, or nil) and
-- `request` with params, query and body of the declared types. It returns what is
-- sent as JSON; nothing: an empty 200; or api.refuse(status, sentence). Errors are plain text, which the dashboard
-- shows as it is (reference 03 §1.3, §1.6). GET /api/openapi.json is made of these declarations.
local config   = mu.config
local audit    = require "services.audit"
local logins   = require "services.logins"
local players  = require "services.players"
local proxy    = require "services.proxy"
local roles    = require "services.roles"
local types    = require "http.api.types"

local MAX_BODY  = 2 * 1024 * 1024
local ANY       = { ["access-control-allow-origin"] = "*", ["cache-control"] = "no-store" }
local PREFLIGHT = {
  ["access-control-allow-origin"]  = "*", ["access-control-allow-methods"] = "*",
  ["access-control-allow-headers"] = "*",
}
local LOGINS = { [false] = true, [true] = true, optional = true }
local KEYS = { text = true, role = true, login = true, params = true, query = true, body = true, response = true,
               handle = true }

local api = { endpoints = {} }

local Refusal = {}

function api.refuse(status, sentence) return setmetatable({ status = status, text = sentence }, Refusal) end

-- What a service says is wrong, as the dashboard shows it.
function api.sentence(fault) return (fault:gsub("^%l", string.upper)) end

local function reply(status, fields)
  fields = fields or {}
  fields.status, fields.headers = status, ANY
  return fields
end

-- Who asks -----------------------------------------------------------------------------------------------------------

-- Where a request comes from, in the form that services/limits.lua and services/logins.lua count by.
function api.origin(request)
  return { real_address = proxy.origin(request), address = request.address }
end

local function account_of(token, request)
  local fixed = config.api.access_tokens[token]
  if fixed then return players.by_id(fixed) end
  return logins.by_token_from(proxy.origin(request), token)
end

-- The account that asks, or nil and a refusal. Without a token: nil alone where nobody has to be known.
local function caller_of(endpoint, request)
  if not endpoint.role and not endpoint.login then return nil end
  local token = request.headers["x-token"]
  if not token then return nil, endpoint.login ~= "optional" and api.refuse(401, "Missing token") or nil end
  local account, fault = account_of(token, request)
  if not account then
    if fault == "limit" then return nil, api.refuse(429, "Too many wrong tokens, try again in a minute") end
    return nil, api.refuse(401, fault == "AUTH_ERR_EXPIRED_TOKEN" and "Expired token" or "Invalid token")
  end
  if endpoint.role and not roles.at_least(account.role, endpoint.role) then
    return nil, api.refuse(403, "Missing required role")
  end
  return account
end

-- What comes in ------------------------------------------------------------------------------------------------------

local function take_texts(kinds, given)
  local taken = {}
  for name, kind in pairs(kinds or {}) do
    local text = given[name]
    if text == nil or text == "" and kind.default then
      if kind.default == nil then return nil, name .. " is missing" end
      taken[name] = kind.default
    else
      local fault
      taken[name], fault = types.read(kind, text, name)
      if fault then return nil, fault end
    end
  end
  return taken
end

local function take_body(kind, request)
  if not kind then return nil end
  local content_type = (request.headers["content-type"] or ""):lower():match "^%s*([^;%s]*)"
  if content_type ~= "application/json" then
    return nil, api.refuse(415, "Expected request with `Content-Type: application/json`")
  end
  local value = mu.json.decode(request.body)
  if value == nil then return nil, api.refuse(400, "The body is no JSON") end
  local body, fault = types.check(kind, value, "body")
  if fault then return nil, api.refuse(422, fault) end
  return body
end

local function answer(endpoint, request)
  local caller, refused = caller_of(endpoint, request)
  if refused then return refused end
  local params, fault = take_texts(endpoint.params, request.params)
  if not params then return api.refuse(400, fault) end
  local query
  query, fault = take_texts(endpoint.query, request.query)
  if not query then return api.refuse(400, fault) end
  local body
  body, refused = take_body(endpoint.body, request)
  if refused then return refused end
  return endpoint.handle(caller, { params = params, query = query, body = body, http = request })
end

local function handler(endpoint)
  return function(request)
    local ok, result = pcall(answer, endpoint, request)
    if not ok then
      mu.log.error("%s %s: %s", endpoint.method, endpoint.path, result)
      return reply(500, { text = "Internal server error" })
    end
    if result == nil then return reply(200) end
    if getmetatable(result) == Refusal then return reply(result.status, { text = result.text }) end
    if type(result) == "table" and result.plain then return reply(200, { text = result.plain }) end
    return reply(200, { json = result })
  end
end

-- Declaring ----------------------------------------------------------------------------------------------------------

local preflights = {}

-- What a browser asks before it lets a page from elsewhere ask this path.
function api.preflight(path)
  if preflights[path] then return end
  preflights[path] = true
  mu.http.options(path, { handle = function() return { status = 204, headers = PREFLIGHT } end })
end

local function declare(method, path, endpoint)
  for key in pairs(endpoint) do
    if not KEYS[key] then error(("%s %s: unknown key '%s'"):format(method, path, key), 3) end
  end
  if not endpoint.text or not endpoint.handle then error(method .. " " .. path .. ": text and handle are needed", 3) end
  if endpoint.role ~= nil and not roles.number(endpoint.role) then
    error(("%s %s: there is no role '%s': %s"):format(method, path, tostring(endpoint.role),
                                                      table.concat(roles.names, ", ")), 3)
  end
  if not LOGINS[endpoint.login or false] then error(method .. " " .. path .. ": login is true or \"optional\"", 3) end
  endpoint.method, endpoint.path = method, path
  api.endpoints[#api.endpoints + 1] = endpoint
  mu.http[method:lower()](path, { handle = handler(endpoint), max_body = endpoint.body and MAX_BODY or nil })
  api.preflight(path)
end

for _, method in ipairs { "GET", "POST", "PUT", "DELETE" } do
  api[method:lower()] = function(path, endpoint) declare(method, path, endpoint) end
end

-- Whatever is no endpoint is no page of the dashboard either.
local function nothing() return reply(404, { text = "There is no such endpoint" }) end

for _, method in ipairs { "get", "post", "put", "delete", "patch" } do
  mu.http[method]("/api/{name...}", { handle = nothing })
end
api.preflight "/api/{name...}"

-- Words that several answers share -----------------------------------------------------------------------------------

local ROLE_WORDS = { [0] = "Default", "Admin", "SuperAdmin" }

function api.role_word(number) return ROLE_WORDS[number] or "Default" end

-- Unix seconds as the dashboard reads times; null for none.
function api.time(seconds)
  return seconds and seconds > 0 and os.date("!%Y-%m-%dT%H:%M:%SZ", seconds) or mu.null
end

function api.player(account)
  return {
    id = account.id, email = account.email, display_name = account.name, role = api.role_word(account.role),
    last_login_at = api.time(account.last_login),
  }
end

-- Games and matches are refused to those who have not logged in, unless the operator has opened them: nil, or so.
function api.games_refused(caller)
  if not caller and not config.api.public_games then return api.refuse(403, "Missing required access") end
end

-- After a change of what operators add (messages, packs): nil and an entry in the audit log, or a refusal.
function api.changed(caller, what, id, done, fault)
  if not done then return api.refuse(fault:find "^there is no %a" and 404 or 422, api.sentence(fault)) end
  audit.record(caller.name, what, id)
end

-- Rows first … of a page: how many to skip, and whether there are more behind it.
function api.page(query, total)
  local skip = query.offset * query.count
  return skip, skip + query.count < total, (total + query.count - 1) // query.count
end

return api
