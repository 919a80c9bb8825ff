-- configs/init.lua: what a game gets when it asks for a configuration by its id.
--
-- A source has render(session) → map [, seconds it stays right], and may have key(session) → the values the map depends
-- on, so that it is built once and then sent again as it is, and personal(session) → true where it is for one player.
local bini    = require "configs.me3_bini"
local ent_map = require "configs.me3_ent"
local packs   = require "services.packs"
local promos  = require "services.promos"
local tlk     = require "configs.me3_tlk"

local TLK = "ME3_LIVE_TLK_PC_"

local sources = {
  ME3_DATA               = require "configs.me3_data",
  ME3_MSG                = promos.source,
  ME3_DIME               = packs.source,
  ME3_ENT                = { render = function() return ent_map end },
  ME3_BINI_VERSION       = bini.version,
  ME3_BINI_PC_COMPRESSED = bini.whole,
}
for language, source in pairs(tlk) do sources[TLK .. language] = source end

local function nothing() end

-- The id under which we have what is asked for: a talk table of a language that nobody has is the English one.
local function known(id)
  if sources[id] then return id end
  return id:sub(1, #TLK) == TLK and TLK .. "en" or nil
end

-- A function of the file, not of each request: nearly all of them find a body that is kept.
local function body(source, session)
  local map, seconds = source.render(session)
  return { config = map }, seconds
end

local configs = {}

function configs.answer(id, session)
  id = known(id)
  local source = sources[id]
  if not source then return { config = {} } end
  if source.personal and source.personal(session) then return { config = source.render(session) } end
  return mu.kept({ id, (source.key or nothing)(session) }, body, source, session)
end

return configs
