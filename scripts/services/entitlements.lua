-- services/entitlements.lua: what one player owns: what everybody does (configs/owned.lua) and what was granted to him.
--
-- A game grants its player rewards: the tag is one that ME3_ENT knows, and each is granted once, so nobody can have
-- more than that table holds. The player record's `grants` says how many there are: nearly always none, and then
-- nothing is looked up.
local answer       = require "services.answer"
local config_map   = require "configs.me3_ent"
local entitlements = require "configs.entitlements"
local owned        = require "configs.owned"
local sessions     = require "services.sessions"

local FIRST_ID    = 1020000000000                -- above those of configs/owned.lua, and still of 40 bits
local ACTIVE      = 1
local PERMANENT   = 5
local ALL_CATALOG = 2
local MOST_TEXT   = 64
local MOST_USES   = 1000000

local ROWS = "SELECT id, group_name, tag, project, product, granted, uses FROM player_entitlements WHERE player_id = ?"

local known = entitlements.known(config_map)

local service = {}

local function entitlement(row)
  return {
    id = FIRST_ID + row.id, tag = row.tag, group = row.group_name, project = row.project, product = row.product,
    grant_date = os.date("!%Y-%m-%dT%H:%MZ", row.granted), catalog = ALL_CATALOG, status = ACTIVE, type = PERMANENT,
    use_count = row.uses, consumable = row.uses > 0,
  }
end

-- Everything a player owns.
function service.of(player)
  if player.grants == 0 then return owned end
  local all = table.move(owned, 1, #owned, 1, {})
  for _, row in ipairs(answer(mu.store.read(ROWS .. " ORDER BY id", player.id))) do all[#all + 1] = entitlement(row) end
  return all
end

local function among(value, list)
  if #list == 0 then return true end
  for _, wanted in ipairs(list) do
    if value == wanted then return true end
  end
  return false
end

local function fits(item, wanted)
  for field, value in pairs(wanted) do
    if field == "groups" then
      if not among(item.group, value) then return false end
    elseif value ~= "" and value ~= 0 and item[field] ~= value then
      return false
    end
  end
  return true
end

-- Those of a list that are as wanted: { tag = …, group = …, project, product, type, status, groups = any of these };
-- "" and 0 want nothing in particular.
function service.matching(list, wanted)
  local found = {}
  for _, item in ipairs(list) do
    if fits(item, wanted) then found[#found + 1] = item end
  end
  return found
end

-- One page of a list; pages count from 1, and a size of 0 is all.
function service.page(list, number, size)
  if size == 0 then return list end
  local first = (math.max(number, 1) - 1) * size
  return table.move(list, first + 1, math.min(first + size, #list), 1, {})
end

-- Grants (group, tag) to a player: the entitlement and whether it is new; nil and the name of an error.
function service.grant(player, group, tag, project, product, uses)
  if tag == "" then return nil, "AUTH_ERR_ENTITLEMENT_TAG_REQUIRED" end
  if group == "" then return nil, "AUTH_ERR_GROUPNAME_REQUIRED" end
  if not known[group .. " " .. tag] then return nil, "AUTH_ERR_UNKNOWN_ENTITLEMENT" end
  if #project > MOST_TEXT or #product > MOST_TEXT then return nil, "AUTH_ERR_PARAMETER_TOO_LENGTH" end
  local id = player.id
  local mine = service.matching(service.of(player), { group = group, tag = tag })[1]
  if mine then return mine, false end
  local done = answer(mu.store.batch {
    { "INSERT INTO player_entitlements (player_id, group_name, tag, project, product, granted, uses) "
      .. "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      id, group, tag, project, product, mu.time.unix(), math.max(0, math.min(uses, MOST_USES)) },
    { "UPDATE players SET grants = (SELECT count(*) FROM player_entitlements WHERE player_id = ?1) WHERE id = ?1", id },
  })
  if player:exists() then player.grants = player.grants + done[1].changes end
  local row = answer(mu.store.row(ROWS .. " AND group_name = ? AND tag = ?", id, group, tag))
  return entitlement(row), done[1].changes == 1
end

-- Uses up `count` of a granted entitlement: how many are left; nil and the name of an error.
function service.consume(player, group, tag, count)
  local mine = service.matching(service.of(player), { group = group, tag = tag })[1]
  if not mine then return nil, "AUTH_ERR_NO_SUCH_ENTITLEMENT" end
  local done = answer(mu.store.batch {
    { "UPDATE player_entitlements SET uses = uses - ?1 "
      .. "WHERE player_id = ?2 AND group_name = ?3 AND tag = ?4 AND uses >= ?1",
      count, player.id, mine.group, mine.tag },
  })
  if done[1].changes == 0 then return nil, "AUTH_ERR_USECOUNT_ZERO" end
  local row = answer(mu.store.row(ROWS .. " AND group_name = ? AND tag = ?", player.id, mine.group, mine.tag))
  return row.uses
end

-- For the operator ---------------------------------------------------------------------------------------------------

local function never() return false end

-- An account (a row) as those above take a player: the record of one who is online, else what is kept.
local function as_player(account)
  local here = sessions.player(account.id)
  if here then return here end
  local row = answer(mu.store.row("SELECT grants FROM players WHERE id = ?", account.id))
  return { id = account.id, grants = row and row.grants or 0, exists = never }
end

-- Everything an account owns; `own` = only what was granted to it.
function service.of_account(account, own)
  local list = service.of(as_player(account))
  return own and table.move(list, #owned + 1, #list, 1, {}) or list
end

-- The groups in which ME3_ENT has a tag, in order.
function service.groups_of(tag)
  local groups = {}
  for name in pairs(known) do
    local group, its = name:match "^(%S+) (.+)$"
    if its == tag then groups[#groups + 1] = group end
  end
  table.sort(groups)
  return groups
end

-- Tags of ME3_ENT that begin so, in order.
function service.tags(prefix, most)
  local list, seen = {}, {}
  for name in pairs(known) do
    local tag = name:match " (.+)$"
    if not seen[tag] and tag:sub(1, #prefix) == prefix then list[#list + 1], seen[tag] = tag, true end
  end
  table.sort(list)
  return table.move(list, 1, math.min(most, #list), 1, {})
end

-- Grants (group, tag) to an account, online or not; as service.grant. The game sees it when it asks next.
function service.grant_account(account, group, tag)
  return service.grant(as_player(account), group, tag, "", "", 0)
end

-- Takes a granted entitlement away: true; nil and a sentence.
function service.revoke_account(account, group, tag)
  if service.matching(owned, { group = group, tag = tag })[1] then
    return nil, "everybody owns that: configs/owned.lua"
  end
  local done = answer(mu.store.batch {
    { "DELETE FROM player_entitlements WHERE player_id = ? AND group_name = ? AND tag = ?", account.id, group, tag },
    { "UPDATE players SET grants = (SELECT count(*) FROM player_entitlements WHERE player_id = ?1) WHERE id = ?1",
      account.id },
  })
  local here = sessions.player(account.id)
  if here and here.grants > 0 then here.grants = here.grants - done[1].changes end
  if done[1].changes == 0 then return nil, ("%s has no such entitlement"):format(account.name) end
  return true
end

return service
