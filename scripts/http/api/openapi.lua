-- http/api/openapi.lua: GET /api/openapi.json: the REST API as other programs read it, made of the declarations.
local api   = require "http.api.api"
local types = require "http.api.types"

local function schema(kind)
  if not kind then return nil end
  local out = {}
  for _, key in ipairs { "type", "minimum", "maximum", "minLength", "maxLength", "format", "nullable", "default" } do
    out[key] = kind[key]
  end
  out.enum  = kind.enum and mu.json.list(kind.enum)
  out.items = schema(kind.items)
  out.additionalProperties = schema(kind.additionalProperties)
  if kind.properties then
    out.properties = {}
    local optional, required = {}, {}
    for _, name in ipairs(kind.optional or {}) do optional[name] = true end
    for name, property in pairs(kind.properties) do
      out.properties[name] = schema(property)
      if not optional[name] then required[#required + 1] = name end
    end
    table.sort(required)
    out.required = #required > 0 and mu.json.list(required) or nil
  end
  return out
end

local function content(kind) return { ["application/json"] = { schema = schema(kind) } } end

local function parameters(endpoint)
  local list = {}
  for where, kinds in pairs { path = endpoint.params or {}, query = endpoint.query or {} } do
    for name, kind in pairs(kinds) do
      list[#list + 1] = { name = name, ["in"] = where, required = where == "path", schema = schema(kind) }
    end
  end
  table.sort(list, function(a, b) return a["in"] .. a.name < b["in"] .. b.name end)
  return mu.json.list(list)
end

-- With a token; where that is optional, or without.
local function security(endpoint)
  local ways = { { token = mu.json.list {} } }
  if endpoint.login == "optional" then ways[2] = {} end
  return mu.json.list(ways)
end

local function operation(endpoint)
  local responses = {
    ["200"] = { description = "Done.", content = endpoint.response and content(endpoint.response) or nil },
    ["default"] = { description = "What was wrong, as a sentence.",
                    content = { ["text/plain"] = { schema = { type = "string" } } } },
  }
  return {
    summary = endpoint.text, parameters = parameters(endpoint), responses = responses,
    requestBody = endpoint.body and { required = true, content = content(endpoint.body) } or nil,
    security = (endpoint.role or endpoint.login) and security(endpoint) or nil,
    ["x-role"] = endpoint.role,
  }
end

local function document()
  local paths = {}
  for _, endpoint in ipairs(api.endpoints) do
    paths[endpoint.path] = paths[endpoint.path] or {}
    paths[endpoint.path][endpoint.method:lower()] = operation(endpoint)
  end
  return {
    openapi = "3.0.3",
    info = { title = "Mu Relay", version = mu.version, description = "The REST API of a game server." },
    paths = paths,
    components = { securitySchemes = { token = { type = "apiKey", ["in"] = "header", name = "X-Token" } } },
  }
end

api.get("/api/openapi.json", {
  text = "This description.", response = types.object {}, handle = function() return document() end,
})
