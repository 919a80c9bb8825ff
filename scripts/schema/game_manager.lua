-- schema/game_manager.lua: games. So far the notifications of a lobby; the search for one is in
-- schema/matchmaking.lua.
local t = mu.tdf

return t.named {
  GameAttributesChange = t.struct { attributes = t.map("ATTR", t.string, t.string), game_id = t.u32 "GID" },
  GameSettingsChange   = t.struct { settings = t.int "ATTR", game_id = t.u32 "GID" },
}
