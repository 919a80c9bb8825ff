-- http/api/promos.lua: the messages of the main menu and mail from the operator, over the REST API.
local accounts = require "services.accounts"
local added    = require "http.api.added"
local api      = require "http.api.api"
local audit    = require "services.audit"
local mail     = require "services.mail"
local promos   = require "services.promos"
local types    = require "http.api.types"

local SHOWN = types.object({
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

added {
  path = "/api/promos", name = "message", word = "promo", file = "configs/me3_msg.lua", service = promos,
  list = "Every message of the main menu; with ?player=id as that player would see them, and why not.",
  id = types.string(12, 1), made = types.text, of = SHOWN, shown = shown,
  add = function(fields, who)
    local id, fault = promos.add(fields, who)
    return id and tostring(id), fault
  end,
}

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
