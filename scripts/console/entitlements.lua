-- console/entitlements.lua: what players own: granting and taking away. A pack of the store that only some may see, a
-- reward, a banner: configs/me3_ent.lua names all tags, and a game sees a change when it asks next (at its next login).
local entitlements = require "services.entitlements"

local COMPLETIONS = 30

mu.section "entitlements" { text = "what players own beyond what everybody does" }

-- "ME3_PRO_MAGICAL_02", or with its group where there are several: "ME3GenOffers/ME3_PRO_MAGICAL_02".
local function find(text)
  local group, tag = text:match "^([^/]+)/(.+)$"
  local groups = entitlements.groups_of(tag or text)
  for _, one in ipairs(groups) do
    if not group or one == group then return { group = one, tag = tag or text, others = not group and #groups > 1 } end
  end
end

mu.word "entitlement" {
  text     = "a tag of configs/me3_ent.lua, or group/tag",
  find     = find,
  complete = function(prefix) return entitlements.tags(prefix, COMPLETIONS) end,
}

local function ambiguous(one)
  if not one.others then return nil end
  return ("several groups have %s: say one of them, like %s/%s"):format(one.tag, one.group, one.tag)
end

mu.command "entitlements list" {
  text    = "what was granted to a player; with --all also what everybody owns",
  params  = "player: player",
  options = "all?: boolean",
  example = "entitlements list brave-varren-0421",
  handle  = function(caller, account, options)
    local rows = {}
    for i, one in ipairs(entitlements.of_account(account, not options.all)) do
      rows[i] = { one.group, one.tag, one.grant_date, one.use_count or 0 }
    end
    return { columns = { "group", "tag", "since", "uses" }, rows = rows }
  end,
}

mu.command "entitlements grant" {
  text    = "grants an entitlement to a player",
  params  = "player: player, entitlement: entitlement",
  changes = true,
  example = "entitlements grant brave-varren-0421 ME3_PRO_MAGICAL_02",
  handle  = function(caller, account, one)
    if ambiguous(one) then return nil, ambiguous(one) end
    local done, new = entitlements.grant_account(account, one.group, one.tag)
    if not done then return nil, new end
    return new and ("%s has %s now"):format(account.name, one.tag) or ("%s had it already"):format(account.name)
  end,
}

mu.command "entitlements revoke" {
  text    = "takes a granted entitlement away",
  params  = "player: player, entitlement: entitlement",
  changes = true,
  example = "entitlements revoke brave-varren-0421 ME3_PRO_MAGICAL_02",
  handle  = function(caller, account, one)
    if ambiguous(one) then return nil, ambiguous(one) end
    local done, fault = entitlements.revoke_account(account, one.group, one.tag)
    if not done then return nil, fault end
  end,
}
