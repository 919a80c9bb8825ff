-- seed/me3_msg.lua: the message of the reference capture, as an operator would write it.
return [[
local promo = require "configs.promo"

return promo.messages {
  { type = "store", title = "KME Server", text = "KME Server is working!!", image = "Promo_n7.dds", priority = 201,
    tracking_id = 7, until_date = "2025-03-10" },
}
]]
