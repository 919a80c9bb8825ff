-- console/offers.lua: what `promo` and `store` have in common: options that say when something is shown and to whom.
-- Not a section.
local LISTS = { "players", "roles", "languages", "countries" }
local PLAIN = { from = "from_date", ["until"] = "until_date", zone = "zone" }

local offers = {
  OPTIONS = "from?: string, until?: string, zone?: string, players?: string, roles?: string, languages?: string, "
    .. "countries?: string, levels?: string, clear?: string",
}

local function split(text)
  local list = {}
  for word in text:gmatch "[^,%s]+" do list[#list + 1] = word end
  return list
end

local function levels(text)
  local low, high = text:match "^(%d*)%-(%d*)$"
  return { math.tointeger(tonumber(low or "")) or false, math.tointeger(tonumber(high or "")) or false }
end

-- Puts the options onto the fields of a message or pack. more: option → field of those that only one of them has.
function offers.apply(fields, options, more)
  for _, names in ipairs { PLAIN, more } do
    for option, field in pairs(names) do
      if options[option] ~= nil then fields[field] = options[option] end
    end
  end
  for _, list in ipairs(LISTS) do
    if options[list] then fields[list] = split(options[list]) end
  end
  if options.levels then fields.levels = levels(options.levels) end
  for _, name in ipairs(split(options.clear or "")) do fields[PLAIN[name] or more[name] or name] = nil end
end

return offers
