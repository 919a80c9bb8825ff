-- configs/init.lua: what a game gets when it asks for a configuration by its id.
--
-- A source has render(session) → map [, seconds it stays right] and key(session) → everything the map depends on, so
-- that it is built once and then sent again as it is; nil where it is for one player alone.
local ent_map = require "configs.me3_ent"

local sources = {
  ME3_DATA = require "configs.me3_data",
  ME3_MSG  = require "configs.me3_msg",
  ME3_ENT  = { key = function() return {} end, render = function() return ent_map end },
}

local configs = {}

function configs.answer(id, session)
  local source = sources[id]
  if not source then return { config = {} } end
  local key = source.key(session)
  if not key then return { config = source.render(session) } end
  return mu.kept({ id, table.unpack(key) }, function()
    local map, seconds = source.render(session)
    return { config = map }, seconds
  end)
end

return configs
