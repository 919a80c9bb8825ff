-- schema/game_manager.lua: games and the search for one. So far the notifications of a lobby and of matchmaking.
local t = mu.tdf

local GenericRuleStatus = t.struct { name = t.string "NAME", values = t.list("VALU", t.string) }

local UserDataRuleStatus = t.struct {
  max_accepted = t.i64 "AMAX",
  min_accepted = t.i64 "AMIN",
  mine         = t.i64 "MUED",
  name         = t.string "NAME",
}

local MatchmakingAsyncStatus = t.struct {
  create_game = t.group("CGS", t.struct {
    evaluation = t.int "EVST", sessions = t.u32 "MMSN", matched_players = t.u32 "NOMP",
  }),
  custom         = t.group("CUST", t.struct {}),
  did_not_finish = t.group("DNFS", t.struct { mine = t.i64 "MDNF", max = t.i64 "XDNF" }),
  find_game      = t.group("FGS", t.struct { games = t.u32 "GNUM" }),
  location       = t.group("GEOS", t.struct { max_distance = t.u32 "DIST" }),
  rules          = t.map("GRDA", t.string, GenericRuleStatus),
  game_size      = t.group("GSRD", t.struct { max_accepted = t.u32 "PMAX", min_accepted = t.u32 "PMIN" }),
  host_balance   = t.group("HBRD", t.struct { value = t.int "BVAL" }),
  host_viability = t.group("HVRD", t.struct { value = t.int "VVAL" }),
  ping_site      = t.group("PSRS", t.struct {}),
  rank           = t.group("RRDA", t.struct { flags = t.int "RVAL" }),
  team_size      = t.group("TSRS", t.struct { max_accepted = t.u16 "TMAX", min_accepted = t.u16 "TMIN" }),
  user_data      = t.map("UEDS", t.string, UserDataRuleStatus),
  virtual_game   = t.group("VGRS", t.struct { flags = t.int "VVAL" }),
}

return t.named {
  GameAttributesChange = t.struct { attributes = t.map("ATTR", t.string, t.string), game_id = t.u32 "GID" },
  GameSettingsChange   = t.struct { settings = t.int "ATTR", game_id = t.u32 "GID" },

  MatchmakingStatus = t.struct {
    searches              = t.list("ASIL", MatchmakingAsyncStatus),
    matchmaking_id        = t.u32 "MSID",
    user_session_id       = t.u32 "USID",
  },
}
