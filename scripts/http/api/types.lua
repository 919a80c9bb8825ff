-- http/api/types.lua: what the REST API takes and gives, as data: checked when it comes in, and printed into
-- GET /api/openapi.json as it stands (a small part of JSON Schema). Shapes: reference 03 §4.1.
local types = {}

types.u32     = { type = "integer", minimum = 0, maximum = 0xFFFFFFFF }
types.integer = { type = "integer" }
types.boolean = { type = "boolean" }
types.text    = { type = "string" }

function types.string(most, least)
  return { type = "string", maxLength = most, minLength = least }
end

function types.one_of(...) return { type = "string", enum = { ... } } end

function types.list(item) return { type = "array", items = item } end

-- Texts by name.
types.texts = { type = "object", additionalProperties = types.text }

function types.nullable(kind)
  local copy = {}
  for key, value in pairs(kind) do copy[key] = value end
  copy.nullable = true
  return copy
end

-- Every field must be there, but for those named behind.
function types.object(properties, ...)
  return { type = "object", properties = properties, optional = { ... } }
end

-- Which part of a long list: `offset` is the number of a page, from 0, whatever it is called.
function types.page(count)
  return {
    offset = { type = "integer", minimum = 0, maximum = 0xFFFFFFFF, default = 0 },
    count  = { type = "integer", minimum = 1, maximum = 255, default = count, clamp = true },
  }
end

-- Checking -----------------------------------------------------------------------------------------------------------

local check

local function check_object(kind, value, where)
  local optional, checked = {}, {}
  for _, name in ipairs(kind.optional or {}) do optional[name] = true end
  for name, property in pairs(kind.properties or {}) do
    local part = value[name]
    if part == nil then
      if not optional[name] then return nil, ("%s is missing"):format(where .. name) end
    else
      local fault
      checked[name], fault = check(property, part, where .. name)
      if fault then return nil, fault end
    end
  end
  for name, part in pairs(kind.additionalProperties and value or {}) do
    local fault
    checked[name], fault = check(kind.additionalProperties, part, where .. tostring(name))
    if fault then return nil, fault end
  end
  return checked
end

local function among(list, value)
  for _, one in ipairs(list) do if one == value then return true end end
end

-- `value` as the handler gets it; or nil and a sentence. Fields nobody asked for are left out.
function check(kind, value, where)
  if kind.type == "integer" then
    local number = math.tointeger(value)
    if not number or type(value) ~= "number" then return nil, where .. " must be a whole number" end
    if kind.clamp then return math.max(kind.minimum, math.min(number, kind.maximum)) end
    if number < (kind.minimum or number) or number > (kind.maximum or number) then
      return nil, ("%s goes from %d to %d"):format(where, kind.minimum, kind.maximum)
    end
    return number
  elseif kind.type == "string" then
    if type(value) ~= "string" then return nil, where .. " must be a text" end
    if kind.enum and not among(kind.enum, value) then
      return nil, where .. " must be one of " .. table.concat(kind.enum, ", ")
    end
    if #value > (kind.maxLength or math.huge) then
      return nil, ("%s may have at most %d bytes"):format(where, kind.maxLength)
    end
    if #value < (kind.minLength or 0) then return nil, where .. " must not be empty" end
    return value
  elseif kind.type == "object" then
    if type(value) ~= "table" or #value > 0 then return nil, where .. " must be an object" end
    return check_object(kind, value, where == "body" and "" or where .. ".")
  elseif kind.type == "boolean" then
    if type(value) ~= "boolean" then return nil, where .. " must be true or false" end
    return value
  end
  return value
end
types.check = check

-- A text of the address as its type wants it; or nil and a sentence.
function types.read(kind, text, where)
  if kind.type == "integer" then
    if #text > 18 or not text:find "^%-?%d+$" then return nil, where .. " must be a whole number" end
    return check(kind, math.tointeger(text), where)
  end
  return check(kind, text, where)
end

-- Shapes of several answers ------------------------------------------------------------------------------------------

types.Role   = types.one_of("Default", "Admin", "SuperAdmin")
types.Time   = { type = "string", format = "date-time" }
types.Token  = types.object { token = types.text }
types.Player = types.object {
  id = types.u32, email = types.text, display_name = types.text, role = types.Role,
  last_login_at = types.nullable(types.Time),
}
types.Entry = types.object {
  player_id = types.u32, player_name = types.text, value = types.u32, rank = types.u32,
}

return types
