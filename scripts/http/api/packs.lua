-- http/api/packs.lua: the packs of the shop's catalogue over the REST API.
local added = require "http.api.added"
local packs = require "services.packs"
local types = require "http.api.types"

added {
  path = "/api/packs", name = "pack", word = "pack", file = "configs/me3_dime.lua", service = packs,
  list = "Every pack of the shop; with ?player=id as that player would find them, and why not.",
  id = types.u32, made = types.u32, keeps_id = true,
  of = types.object { fields = types.object {}, place = types.text, hidden = types.nullable(types.text) },
  shown = function(pack) return { fields = pack.fields, place = pack.place, hidden = pack.hidden or mu.null } end,
  add = function(fields, who)
    local done, fault = packs.add(fields, who)
    return done and fields.id, fault
  end,
}
