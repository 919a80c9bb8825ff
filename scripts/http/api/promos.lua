-- http/api/promos.lua: the messages of the main menu and mail from the operator, over the REST API. What lies in a file
-- is edited there: an attempt to do it from here answers with its file and line.
local api      = require "http.api.api"
local accounts = require "services.accounts"
local audit    = require "services.audit"
local mail     = require "services.mail"
local promos   = require "services.promos"
local types    = require "http.api.types"

local ID      = { id = types.string(12, 1) }
local FIELDS  = types.object {}
FIELDS.additionalProperties = {}                 -- as in configs/me3_msg.lua, which checks them
local SHOWN   = types.object({
  id = types.text, type = types.integer, priority = types.integer, title = types.nullable(types.text),
  text = types.nullable(types.text), image = types.nullable(types.text), place = types.text,
  hidden = types.nullable(types.text),
})

local function shown(message)
  return {
    id = message.id, type = message.type, priority = message.priority, title = message.title or mu.null,
    text = message.text or mu.null, image = message.image or mu.null, place = message.place,
    hidden = message.hidden or mu.null,
  }
end

api.get("/api/promos", {
  text = "Every message of the main menu; with ?player=id as that player would see them, and why not.", role = "admin",
  query = { player = { type = "integer", minimum = 0, maximum = 0xFFFFFFFF, default = 0 } },
  response = types.list(SHOWN),
  handle = function(_, request)
    local id = request.query.player
    local account = id > 0 and accounts.by_id(id) or nil
    if id > 0 and not account then return api.refuse(404, "Unable to find requested player") end
    local list = {}
    for i, message in ipairs(promos.preview(account)) do list[i] = shown(message) end
    return mu.json.list(list)
  end,
})

api.post("/api/promos", {
  text = "Adds a message: the fields of configs/me3_msg.lua.", role = "admin", body = FIELDS,
  response = types.object { id = types.text },
  handle = function(caller, request)
    local id, fault = promos.add(request.body, caller.name)
    local refusal = api.changed(caller, "api add promo", tostring(id), id, fault)
    return refusal or { id = tostring(id) }
  end,
})

api.put("/api/promos/{id}", {
  text = "Replaces the fields of an added message.", role = "admin", params = ID, body = FIELDS,
  handle = function(caller, request)
    return api.changed(caller, "api edit promo", request.params.id, promos.edit(request.params.id, function(fields)
      for key in pairs(fields) do fields[key] = nil end
      for key, value in pairs(request.body) do fields[key] = value end
    end, caller.name))
  end,
})

api.delete("/api/promos/{id}", {
  text = "Removes an added message.", role = "admin", params = ID,
  handle = function(caller, request)
    return api.changed(caller, "api remove promo", request.params.id, promos.remove(request.params.id))
  end,
})

api.post("/api/mail", {
  text = "A line in the main menu of one player, or of everybody: at once, or when he fetches his messages next.",
  role = "admin",
  body = types.object({ player_id = types.u32, text = types.string(1000, 1), days = { type = "integer", minimum = 1,
                        maximum = 365 } }, "player_id", "days"),
  response = types.object { reached = types.integer },
  handle = function(caller, request)
    local body = request.body
    local account = body.player_id and accounts.by_id(body.player_id)
    if body.player_id and not account then return api.refuse(404, "Unable to find requested player") end
    local reached, fault = mail.send(account, body.text, caller.name, body.days or 30)
    if not reached then return api.refuse(422, api.sentence(fault)) end
    audit.record(caller.name, "api mail", account and account.name or "everybody")
    return { reached = reached }
  end,
})
