-- console/store.lua: the shop's catalogue, as games get it; adding packs, and changing those that were added. What a
-- pack costs in credits, and what is in it, is balance: content/balance.lua.
local offers = require "console.offers"
local packs  = require "services.packs"

mu.section "store" { text = "the shop's catalogue: configs/me3_dime.lua, and what is added here" }

local MORE    = { item = "item", sold = "sold", advertised = "advertised", offer = "offer", tag = "tag" }
local OPTIONS = "item?: string, sold?: boolean, advertised?: boolean, " .. offers.OPTIONS

local function rows_of(list, with_state)
  local rows, seen = {}, 0
  for i, pack in ipairs(list) do
    local fields = pack.fields
    local row = { fields.id, fields.name, fields.offer, fields.tag, fields.from_date or "-", fields.until_date or "-",
                  pack.place }
    if with_state then table.insert(row, 1, pack.hidden or "shown") end
    if not pack.hidden then seen = seen + 1 end
    rows[i] = row
  end
  return rows, seen
end

mu.command "store list" {
  text    = "every pack of the catalogue, and where it is declared or who added it",
  example = "store list",
  handle  = function()
    return { columns = { "id", "name", "offer", "tag", "from", "until", "declared at" },
             rows = (rows_of(packs.preview())) }
  end,
}

mu.command "store preview" {
  text    = "what a player would find in the catalogue, what not and why",
  params  = "player: viewer",
  example = "store preview nobody",
  handle  = function(caller, viewer)
    local rows, seen = rows_of(packs.preview(not viewer.nobody and viewer or nil), true)
    return {
      columns = { "state", "id", "name", "offer", "tag", "from", "until", "declared at" }, rows = rows,
      note = ("%s sees %d of %d"):format(viewer.nobody and "a game before login" or viewer.name, seen, #rows),
    }
  end,
}

mu.command "store add" {
  text    = "adds a pack to the catalogue: its offer id in the game's configuration, article, entitlement tag and name",
  params  = "id: integer, offer: string, tag: string, name: rest",
  options = OPTIONS,
  changes = true,
  example = "store add 700100 OFB-MASS:70001 ME3_REPACK_GOLD_PACK --until 2027-03-10 Weekend Pack",
  handle  = function(caller, id, offer, tag, name, options)
    local fields = { id = id, offer = offer, tag = tag, name = name }
    offers.apply(fields, options, MORE)
    local done, fault = packs.add(fields, caller.name)
    if not done then return nil, fault end
  end,
}

mu.command "store edit" {
  text    = "changes an added pack: its name when one is given, and what the options say; --clear takes fields away",
  params  = "id: integer, name?: rest",
  options = OPTIONS .. ", offer?: string, tag?: string",
  changes = true,
  example = "store edit 700100 --until 2027-03-17",
  handle  = function(caller, id, name, options)
    local done, fault = packs.edit(id, function(fields)
      if name and name ~= "" then fields.name = name end
      offers.apply(fields, options, MORE)
    end, caller.name)
    if not done then return nil, fault end
  end,
}

mu.command "store remove" {
  text    = "removes an added pack",
  params  = "id: integer",
  changes = true,
  example = "store remove 700100",
  handle  = function(caller, id)
    local done, fault = packs.remove(id)
    if not done then return nil, fault end
  end,
}
