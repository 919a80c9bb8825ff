-- services/saves.lua: what a saved value says, by the name it is saved under.
--
--   local class = saves.parse("class1", "20;4;Adept;20;0.0000;7")
--   class.promotions → 7       class.level = 1       class:text() → "20;4;Adept;1;0.0000;7"
--
-- Parsing and writing back is the identity for every text: see saves/parts.lua. Formats: saves/formats.lua.
local formats = require "saves.formats"

local KINDS = {                                  -- the first pattern that fits
  { "^Base$", formats.Base }, { "^class%d+$", formats.Class }, { "^char%d+$", formats.Character },
  { "^Completion$", formats.Counters }, { "^Progress$", formats.Counters }, { "^cscompletion$", formats.Counters },
  { "^cstimestamps%d?$", formats.Timestamps }, { "^csreward$", formats.Whole },
  { "^NewItem$", formats.NewItem }, { "^FaceCodes$", formats.FaceCodes },
}

local saves = {}

-- The view of a saved value; nil for names whose content nobody here knows (it is kept and handed back all the same).
function saves.parse(key, text)
  for _, kind in ipairs(KINDS) do
    if key:find(kind[1]) then return kind[2].parse(text), kind[2] end
  end
end

return saves
