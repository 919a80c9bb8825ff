-- mod.lua: announces the double-credits weekend in the main menu, by itself, week after week.
--
-- Only the announcement: what a mission earns is decided in the game's own balance files (bini).
local promo    = require "configs.promo"
local schedule = require "mods.weekend_banner.schedule"
local texts    = require "mods.weekend_banner.texts"

local TRACKING_ID = 7701                         -- a player who dismissed it does not see it again

-- Appends the one message of `banner` to the numbered messages of `map`.
local function append(map, banner)
  local number = 1
  while map[("MSG_%d_type"):format(number)] do number = number + 1 end
  for key, value in pairs(banner) do map[key:gsub("^MSG_1_", ("MSG_%d_"):format(number))] = value end
end

return mu.mod {
  name     = "weekend_banner",
  version  = "1.0",
  requires = { "server 0.1" },
  text     = "announces the double-credits weekend in the main menu",

  setup = function(mod)
    local set    = mod.config
    local image  = set.image ~= "" and set.image or nil
    local banner = promo.messages {
      { type = set.type, title = texts.title, text = texts.text, image = image, priority = 250,
        tracking_id = TRACKING_ID },
    }

    -- What is sent is kept for all players: it says for how long it is right.
    mod.override("configs.me3_msg.render", function(super, session)
      local map, seconds = super(session)
      local on, left = schedule.at(mu.time.unix(), set)
      if on then append(map, (banner.render(session))) end
      return map, math.min(seconds or left, left)
    end)
  end,
}
