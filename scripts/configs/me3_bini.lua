-- configs/me3_bini.lua: the game's live configuration, built by the server from its sources (balance/, and assets/game/
-- of the data folder). Without any the game gets an empty map and goes on with its own.
local config = mu.config

-- Changing the version separates players: it is part of what they tell matchmaking.
local version = { render = function() return { SECTION = "BINI_PC_COMPRESSED", VERSION = config.content.version } end }

local whole = {
  key    = function() return mu.content.fresh "bini" or "" end,
  render = function() return mu.content.map "bini" or {} end,
}

return { version = version, whole = whole }
