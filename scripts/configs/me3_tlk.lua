-- configs/me3_tlk.lua: the game's live texts, one talk table a language, built by the server from tlk/<language>.txt
-- and game/tlk/<language>.tlk of the data folder's assets/. A language without one gets the English one.
local LANGUAGES = { "en", "de", "es", "fr", "it", "ja", "pl", "ru" }

local function source(language)
  local own = "tlk." .. language
  return {
    key    = function() return mu.content.fresh(own) or mu.content.fresh "tlk.en" or "" end,
    render = function() return mu.content.map(own) or mu.content.map "tlk.en" or {} end,
  }
end

local sources = {}
for _, language in ipairs(LANGUAGES) do sources[language] = source(language) end

return sources
