-- schema/game_manager_game.lua: a game and its players as every member's machine keeps them (reference 02 §12.4).
local t      = mu.tdf
local shared = require "schema.shared"

-- Fields the game expects but scripts have nothing to say about: written empty unless a script does.
local ALWAYS = { always = true }

local HostInfo = t.struct { player_id = t.i64 "HPID", slot = t.u8 "HSLT" }

local Game = t.struct {
  admins           = t.list("ADMN", t.i64),              -- the host first
  attributes       = t.map("ATTR", t.string, t.string),
  capacities       = t.list("CAP", t.u16),               -- public slots, private slots
  entry_criteria   = t.map("CRIT", t.string, t.string),
  id               = t.u32 "GID",
  name             = t.string "GNAM",                    -- the host's
  version_hash     = t.u64 "GPVH",
  settings         = t.int "GSET",
  reporting_id     = t.u64 "GSID",
  state            = t.int "GSTA",
  type_name        = t.string("GTYP", ALWAYS),
  host_addresses   = t.union_list("HNET", shared.NetworkAddress),
  host_session_id  = t.u32 "HSES",
  ignore_criteria  = t.bool("IGNO", ALWAYS),
  mesh_attributes  = t.map("MATR", t.string, t.string),
  max_capacity     = t.u16 "MCAP",
  qos              = t.group("NQOS", shared.NetworkQosData),
  not_resettable   = t.bool("NRES", ALWAYS),
  topology         = t.int "NTOP",                       -- 0 peers with a host, 1 dedicated: behind a tunnel
  persisted_id     = t.string("PGID", ALWAYS),
  persisted_secret = t.blob("PGSR", ALWAYS),
  platform_host    = t.group("PHST", HostInfo),
  presence         = t.int "PRES",                       -- 0 none, 1 standard, 2 private
  ping_site        = t.string("PSAS", ALWAYS),
  queue_capacity   = t.u16("QCAP", ALWAYS),
  seed             = t.u32 "SEED",                       -- random, the same for all members
  team_capacity    = t.u16("TCAP", ALWAYS),
  topology_host    = t.group("THST", HostInfo),
  team_ids         = t.list("TIDS", t.u16),
  uuid             = t.string "UUID",
  voip             = t.int "VOIP",                       -- 0 none, 1 dedicated server, 2 peer to peer
  version          = t.string "VSTR",
  xbox_nonce       = t.blob("XNNC", ALWAYS),
  xbox_session     = t.blob("XSES", ALWAYS),
}

local Player = t.struct {
  custom_data  = t.blob("BLOB", ALWAYS),
  external_id  = t.u64("EXID", ALWAYS),
  game_id      = t.u32 "GID",
  locale       = t.u32 "LOC",
  name         = t.string "NAME",
  attributes   = t.map("PATT", t.string, t.string),
  player_id    = t.i64 "PID",
  address      = t.union("PNET", shared.NetworkAddress, ALWAYS),
  slot         = t.u8 "SID",
  slot_type    = t.int("SLOT", ALWAYS),                  -- 0 public
  state        = t.int "STAT",                           -- services/games_records.lua: MEMBER
  team         = t.u16("TIDX", { always = true, default = 65535 }),
  joined       = t.i64 "TIME",                           -- microseconds since 1970; 0 while joining
  user_group   = t.object_id("UGID", ALWAYS),
  session_id   = t.u32 "UID",
}

-- Why a player is told of a game: he made it or joined it himself, or a search found it for him.
local SetupReason = t.variants {
  direct      = { 0, t.struct { context = t.int "DCTX" } },        -- 0 he made it, 1 he joined it
  reset       = { 1, t.struct { fault = t.u32 "ERR" } },
  indirect    = { 2, t.struct { group = t.object_id "GRID", check_version = t.bool "RPVC" } },
  matchmaking = { 3, t.struct {
    fit             = t.u32 "FIT",
    max_fit         = t.u32 "MAXF",
    matchmaking_id  = t.u32 "MSID",
    result          = t.int "RSLT",                      -- 2 joined a game that was there
    user_session_id = t.u32 "USID",
  } },
  indirect_matchmaking = { 4, t.struct {
    fit = t.u32 "FIT", group = t.object_id "GRID", max_fit = t.u32 "MAXF", matchmaking_id = t.u32 "MSID",
    check_version = t.bool "RPVC", result = t.int "RSLT", user_session_id = t.u32 "USID",
  } },
}

local RosterPlayer = t.struct {
  external_id = t.u64("EXID", ALWAYS),
  locale      = t.u32 "LOC",
  name        = t.string "NAME",
  attributes  = t.map("PATT", t.string, t.string),
  player_id   = t.i64 "PID",
  state       = t.int "STAT",
  team        = t.u16("TIDX", { always = true, default = 65535 }),
}

-- A game as a list of games shows it (§12.8).
local BrowserGame = t.struct {
  admins         = t.list("ADMN", t.i64),
  attributes     = t.map("ATTR", t.string, t.string),
  capacities     = t.list("CAP", t.u16),
  entry_criteria = t.map("CRIT", t.string, t.string),
  id             = t.u32 "GID",
  name           = t.string "GNAM",
  settings       = t.int "GSET",
  state          = t.int "GSTA",
  host_addresses = t.union_list("HNET", shared.NetworkAddress),
  host_id        = t.i64 "HOST",
  topology       = t.int "NTOP",
  player_counts  = t.list("PCNT", t.u16),                -- in public slots, in private slots
  presence       = t.int "PRES",
  ping_site      = t.string("PSAS", ALWAYS),
  persisted_id   = t.string("PSID", ALWAYS),
  queue_capacity = t.u16("QCAP", ALWAYS),
  queue_count    = t.u16("QCNT", ALWAYS),
  roster         = t.list("ROST", RosterPlayer),
  session_id     = t.u64("SID", ALWAYS),
  team_capacity  = t.u16("TCAP", ALWAYS),
  teams          = t.list("TINF", t.struct { id = t.u16 "TID", size = t.u16 "TSZE" }),
  voip           = t.int "VOIP",
  version        = t.string "VSTR",
}

return t.named {
  Game        = Game,
  Player      = Player,
  SetupReason = SetupReason,
  BrowserGame = BrowserGame,
  ListedGame  = t.struct { game = t.group("GAME", Game), players = t.list("PROS", Player) },
}
