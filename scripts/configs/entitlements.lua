-- configs/entitlements.lua: turns the lists of me3_ent.lua and owned.lua into what the game reads.
local entitlements = {}

-- The flat map ME3_ENT. The first entries name only a group: those the game lists a player's entitlements by.
function entitlements.config(list)
  local map = {
    STORE_CATALOG_ID  = tostring(list.store_catalog),
    CERBERUS_OFFER_ID = tostring(list.cerberus_offer),
    ENT_ENC           = list.encoded,
  }
  for number, group in ipairs(list.groups) do
    map[("ENT_%d_group"):format(number)] = group
  end
  for i, known in ipairs(list.known) do
    local entry = ("ENT_%d_"):format(#list.groups + i)
    map[entry .. "group"]       = known[1]
    map[entry .. "entitlement"] = known[2]
    map[entry .. "ID"]          = tostring(known[3])
    map[entry .. "param"]       = known[4]
  end
  return map
end

-- The tags that ME3_ENT knows: { [group .. " " .. tag] = true }.
function entitlements.known(map)
  local known = {}
  for key, tag in pairs(map) do
    local entry = key:match "^(ENT_%d+_)entitlement$"
    if entry then known[map[entry .. "group"] .. " " .. tag] = true end
  end
  return known
end

local GRANT_DATE = "2012-12-15T16:15Z"
local CATALOGS   = { none = 0, SKUD = 1, OFB = 2 }
local ACTIVE     = 1
local ACCESS, PERMANENT = 1, 5

-- The list a player gets. Defaults are those the head of owned.lua names.
function entitlements.owned(list)
  local owned = {}
  for i, row in ipairs(list) do
    owned[i] = {
      id = row.id, tag = row.tag, group = row.group or "ME3PCOffers", grant_date = row.granted or GRANT_DATE,
      project = row.project or "300241", product = row.product or "", catalog = CATALOGS[row.catalog or "OFB"],
      status = ACTIVE, type = row.access and ACCESS or PERMANENT,
    }
  end
  return owned
end

return entitlements
