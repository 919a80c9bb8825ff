-- http/api/packs.lua: the packs of the shop's catalogue over the REST API. Those of configs/me3_dime.lua are edited
-- there: an attempt to do it from here answers with file and line.
local accounts = require "services.accounts"
local api      = require "http.api.api"
local packs    = require "services.packs"
local types    = require "http.api.types"

local ID     = { id = types.u32 }
local FIELDS = types.object {}
FIELDS.additionalProperties = {}                 -- as in configs/me3_dime.lua, which checks them
local SHOWN  = types.object {
  fields = types.object {}, place = types.text, hidden = types.nullable(types.text),
}

api.get("/api/packs", {
  text = "Every pack of the shop; with ?player=id as that player would find them, and why not.", role = "admin",
  query = { player = { type = "integer", minimum = 0, maximum = 0xFFFFFFFF, default = 0 } },
  response = types.list(SHOWN),
  handle = function(_, request)
    local id = request.query.player
    local account = id > 0 and accounts.by_id(id) or nil
    if id > 0 and not account then return api.refuse(404, "Unable to find requested player") end
    local list = {}
    for i, pack in ipairs(packs.preview(account)) do
      list[i] = { fields = pack.fields, place = pack.place, hidden = pack.hidden or mu.null }
    end
    return mu.json.list(list)
  end,
})

api.post("/api/packs", {
  text = "Adds a pack: the fields of configs/me3_dime.lua.", role = "admin", body = FIELDS,
  response = types.object { id = types.u32 },
  handle = function(caller, request)
    local id = request.body.id
    local done, fault = packs.add(request.body, caller.name)
    return api.changed(caller, "api add pack", tostring(id), done, fault) or { id = id }
  end,
})

api.put("/api/packs/{id}", {
  text = "Replaces the fields of an added pack, all but its id.", role = "admin", params = ID, body = FIELDS,
  handle = function(caller, request)
    local id = request.params.id
    return api.changed(caller, "api edit pack", tostring(id), packs.edit(id, function(fields)
      for key in pairs(fields) do fields[key] = nil end
      fields.id = id
      for key, value in pairs(request.body) do fields[key] = value end
    end, caller.name))
  end,
})

api.delete("/api/packs/{id}", {
  text = "Removes an added pack.", role = "admin", params = ID,
  handle = function(caller, request)
    local id = request.params.id
    return api.changed(caller, "api remove pack", tostring(id), packs.remove(id))
  end,
})
