-- services/menu.lua: which lines a player finds in the main menu: those of configs/menu.lua, for everybody.
local lines = require "configs.menu"

local menu = {}

function menu.lines(session)
  return lines
end

return menu
