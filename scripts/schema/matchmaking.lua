-- schema/matchmaking.lua: the search for a game: what it asks for, how it goes on, how it ends (reference 02 §12.7).
local t      = mu.tdf
local shared = require "schema.shared"

local Threshold = t.struct { threshold = t.string "THLD" }

-- One rule of a search: a name, the values that suit, how strictly.
local RuleCriteria = t.struct {
  name      = t.string "NAME",
  threshold = t.string "THLD",
  values    = t.list("VALU", t.string),
}

local UserDataCriteria = t.struct {
  value     = t.i64 "CVAL",
  name      = t.string "NAME",
  override  = t.i64 "OVAL",
  threshold = t.string "THLD",
}

local Criteria = t.struct {
  custom         = t.group("CUST", t.struct {}),
  did_not_finish = t.group("DNF", t.struct { max = t.i64 "DNF" }),
  location       = t.group("GEO", Threshold),
  game_name      = t.group("GNAM", t.struct { part = t.string "SUBS" }),
  host_balance   = t.group("NAT", Threshold),
  ping_site      = t.group("PSR", Threshold),
  ranked         = t.group("RANK", t.struct { threshold = t.string "THLD", value = t.int "VALU" }),
  rules          = t.list("RLST", RuleCriteria),
  roster_size    = t.group("RSZR", t.struct { most = t.u16 "PCAP", least = t.u16 "PMIN" }),
  size           = t.group("SIZE", t.struct {
    single_group = t.u8 "ISSG", most = t.u16 "PCAP", wanted = t.u16 "PCNT", least = t.u16 "PMIN",
    threshold    = t.string "THLD",
  }),
  team           = t.group("TEAM", t.struct {
    most = t.u16 "PCAP", wanted = t.u16 "PCNT", least = t.u16 "PMIN", difference = t.u16 "SDIF",
    threshold = t.string "THLD", team = t.u16 "TID",
  }),
  user_data      = t.map("UED", t.string, UserDataCriteria),
  host_viability = t.group("VIAB", Threshold),
  virtual_game   = t.group("VIRT", t.struct { threshold = t.string "THLD", value = t.int "VALU" }),
}

local GenericRuleStatus = t.struct { name = t.string "NAME", values = t.list("VALU", t.string) }

local UserDataRuleStatus = t.struct {
  max_accepted = t.i64 "AMAX",
  min_accepted = t.i64 "AMIN",
  mine         = t.i64 "MUED",
  name         = t.string "NAME",
}

local AsyncStatus = t.struct {
  create_game = t.group("CGS", t.struct {
    evaluation = t.int "EVST",                   -- bits: 1 enough players, 2 an acceptable host, 4 team sizes
    sessions = t.u32 "MMSN", matched_players = t.u32 "NOMP",
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
  StartRequest = t.struct {
    attributes        = t.map("ATTR", t.string, t.string),
    group             = t.object_id "BTPL",
    criteria          = t.group("CRIT", Criteria),
    duration          = t.u32 "DUR",             -- milliseconds
    entry_criteria    = t.map("ECRI", t.string, t.string),
    entry_type        = t.int "GENT",
    game_name         = t.string "GNAM",
    settings          = t.int "GSET",
    version           = t.string "GVER",
    ignore_entry      = t.bool "IGNO",
    mode              = t.int "MODE",            -- bits: 1 find a game, 2 create one
    topology          = t.int "NTOP",
    player_attributes = t.map("PATT", t.string, t.string),
    players           = t.list("PLST", t.i64),
    most_players      = t.u16 "PMAX",
    address           = t.union("PNET", shared.NetworkAddress),
    queue_capacity    = t.u16 "QCAP",
    sessions          = t.list("SIDL", t.u32),
    voip              = t.int "VOIP",
  },
  StartResponse = t.struct { matchmaking_id = t.u32 "MSID" },
  CancelRequest = t.struct { matchmaking_id = t.u32 "MSID" },

  MatchmakingFailed = t.struct {
    max_fit         = t.u32 "MAXF",
    matchmaking_id  = t.u32 "MSID",
    result          = t.int "RSLT",              -- 3 timed out, 4 cancelled, 5 ended by the server
    user_session_id = t.u32 "USID",
  },
  MatchmakingStatus = t.struct {
    searches        = t.list("ASIL", AsyncStatus),
    matchmaking_id  = t.u32 "MSID",
    user_session_id = t.u32 "USID",
  },
}
