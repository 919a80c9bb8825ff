-- http/api/added.lua: what operators add to what a file declares (messages, packs of the shop), over the REST API. What
-- lies in the file is edited there: an attempt to do it from here answers with its file and line.
--
--   added { path = "/api/promos", list = "Every message …", name = "message", word = "promo", file = …, id = …, … }
local accounts = require "services.accounts"
local api      = require "http.api.api"
local types    = require "http.api.types"

local FIELDS = types.object {}
FIELDS.additionalProperties = {}                 -- as in the file, which checks them

-- `service`: services/promos.lua or the like. `of`: the type of what `shown(item)` gives for one item of its preview;
-- `id`, `made`: types of an id in an address and of one in an answer; `add(fields, who)`: that id, or nil and a
-- sentence; `keeps_id`: the id is one of the fields, and stays.
return function(what)
  local service, params = what.service, { id = what.id }

  api.get(what.path, {
    text = what.list, role = "admin", response = types.list(what.of),
    query = { player = { type = "integer", minimum = 0, maximum = 0xFFFFFFFF, default = 0 } },
    handle = function(_, request)
      local id = request.query.player
      local account = id > 0 and accounts.by_id(id) or nil
      if id > 0 and not account then return api.refuse(404, "Unable to find requested player") end
      local list = {}
      for i, item in ipairs(service.preview(account)) do list[i] = what.shown(item) end
      return mu.json.list(list)
    end,
  })

  api.post(what.path, {
    text = ("Adds a %s: the fields of %s."):format(what.name, what.file), role = "admin", body = FIELDS,
    response = types.object { id = what.made },
    handle = function(caller, request)
      local id, fault = what.add(request.body, caller.name)
      return api.changed(caller, "api add " .. what.word, tostring(id), id, fault) or { id = id }
    end,
  })

  api.put(what.path .. "/{id}", {
    text = ("Replaces the fields of an added %s%s."):format(what.name, what.keeps_id and ", all but its id" or ""),
    role = "admin", params = params, body = FIELDS,
    handle = function(caller, request)
      local id = request.params.id
      return api.changed(caller, "api edit " .. what.word, tostring(id), service.edit(id, function(fields)
        for key in pairs(fields) do fields[key] = nil end
        fields.id = what.keeps_id and id or nil
        for key, value in pairs(request.body) do fields[key] = value end
      end, caller.name))
    end,
  })

  api.delete(what.path .. "/{id}", {
    text = ("Removes an added %s."):format(what.name), role = "admin", params = params,
    handle = function(caller, request)
      local id = request.params.id
      return api.changed(caller, "api remove " .. what.word, tostring(id), service.remove(id))
    end,
  })
end
