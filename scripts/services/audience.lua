-- services/audience.lua: for whom something is: everybody, or only players who are as it says. All that is named must
-- fit.
--
--   players = { "brave-varren-0421" }   by name
--   roles = { "admin" }   languages = { "de" }   countries = { "AT", "DE" }
--   levels = { 100, 500 }               the N7 rating from … to; either may be false
local locale   = require "services.locale"
local roles    = require "services.roles"
local sessions = require "services.sessions"

local audience = { KEYS = { players = true, roles = true, languages = true, countries = true, levels = true } }

local FORMS = {
  players   = function(name) return name:lower() end,
  roles     = function(name) return roles.number(name) and name end,
  languages = function(code) return code:match "^%a%a$" and code:lower() end,
  countries = function(code) return code:match "^%a%a$" and code:upper() end,
}
local WANTED = {
  players = "names", roles = "default, admin or super_admin", languages = "two letters like de",
  countries = "two letters like DE",
}

local function read_set(key, list)
  if type(list) ~= "table" then return nil, ("%s must be a list: %s"):format(key, WANTED[key]) end
  local set = {}
  for _, value in ipairs(list) do
    local form = type(value) == "string" and FORMS[key](value)
    if not form then return nil, ("%s: '%s' must be %s"):format(key, tostring(value), WANTED[key]) end
    set[form] = true
  end
  return set
end

local function read_levels(levels)
  local low, high
  if type(levels) == "table" then low, high = levels[1], levels[2] end
  local function fine(level) return not level or math.type(level) == "integer" and level >= 0 end
  if type(levels) ~= "table" or not fine(low) or not fine(high) or low and high and low > high then
    return nil, "levels must be { from, to }, N7 ratings; either may be false"
  end
  return { low or 0, high or math.maxinteger }
end

-- What a message says about its audience: false = it is for everybody; or nil and what is wrong.
function audience.read(fields)
  local result, any = {}, false
  for key in pairs(audience.KEYS) do
    if fields[key] ~= nil then
      local fault
      if key == "levels" then
        result[key], fault = read_levels(fields[key])
      else
        result[key], fault = read_set(key, fields[key])
      end
      if not result[key] then return nil, fault end
      any = true
    end
  end
  return any and result
end

-- What is known of a player: the record of one who is online, or an account's row.
function audience.of(player)
  local here = player.id and sessions.player(player.id)
  local where = here and here.session and here.session.locale or locale.DEFAULT
  return {
    name = player.name:lower(), role = roles.name(player.role or 0), language = locale.language(where),
    country = locale.country(where), level = here and here.rating or 0,
  }
end

-- Why somebody (audience.of; nil: nobody has logged in yet) is not meant; nil: he is.
function audience.misses(wanted, who)
  if not wanted then return nil end
  if not who then return "only after login" end
  if wanted.players and not wanted.players[who.name] then return "for other players" end
  if wanted.roles and not wanted.roles[who.role] then return "for other roles" end
  if wanted.languages and not wanted.languages[who.language] then return "for other languages" end
  if wanted.countries and not wanted.countries[who.country] then return "for other countries" end
  if wanted.levels and (who.level < wanted.levels[1] or who.level > wanted.levels[2]) then return "for other levels" end
end

return audience
