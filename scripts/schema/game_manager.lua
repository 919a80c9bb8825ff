-- schema/game_manager.lua: what games ask about games, and what their members are told (reference 02 §12). The larger
-- structures are in game_manager_game.lua, the search for a game is in matchmaking.lua.
local t      = mu.tdf
local shared = require "schema.shared"
local game   = require "schema.game_manager_game"

local ALWAYS = { always = true }

local function attributes(tag) return t.map(tag, t.string, t.string) end

-- One that names a game and nothing else: requests, answers and notifications.
local GameId = t.struct { game_id = t.u32 "GID" }

local GameAndPlayer = t.struct { game_id = t.u32 "GID", player_id = t.i64 "PID" }

local PlayerAttributes = t.struct {
  attributes = attributes "ATTR", game_id = t.u32 "GID", player_id = t.i64 "PID",
}

local PlayerCustomData = t.struct { data = t.blob "CDAT", game_id = t.u32 "GID", player_id = t.i64 "PID" }

local XboxSession = t.struct { game_id = t.u32 "GID", nonce = t.blob "XNNC", session = t.blob "XSES" }

local Listed = t.struct { games = t.list("LGAM", game.ListedGame) }

return t.named {
  GameId           = GameId,
  GameAndPlayer    = GameAndPlayer,
  PlayerAttributes = PlayerAttributes,
  PlayerCustomData = PlayerCustomData,
  XboxSession      = XboxSession,

  CreateGameRequest = t.struct {
    admins            = t.list("ADMN", t.i64),
    attributes        = attributes "ATTR",
    group             = t.object_id "BTPL",
    entry_criteria    = attributes "CRIT",
    ping_site         = t.string "GCTR",
    entry_type        = t.int "GENT",
    name              = t.string "GNAM",
    settings          = t.int "GSET",
    type_name         = t.string "GTYP",
    status_url        = t.string "GURL",
    host_addresses    = t.union_list("HNET", shared.NetworkAddress),
    ignore_criteria   = t.bool "IGNO",
    mesh_attributes   = attributes "MATR",
    not_resettable    = t.bool "NRES",
    topology          = t.int "NTOP",
    player_attributes = attributes "PATT",
    capacities        = t.list("PCAP", t.u16),
    persisted_id      = t.string "PGID",
    persisted_secret  = t.blob "PGSC",
    max_capacity      = t.u16 "PMAX",
    presence          = t.int "PRES",
    queue_capacity    = t.u16 "QCAP",
    reserved_id       = t.u32 "RGID",
    seats             = t.list("SEAT", t.i64),
    sessions          = t.list("SIDL", t.u32),
    slot_type         = t.int "SLOT",
    team_capacity     = t.u16 "TCAP",
    team_ids          = t.list("TIDS", t.u16),
    team              = t.u16 "TIDX",
    voip              = t.int "VOIP",
    version           = t.string "VSTR",
  },

  JoinGameRequest = t.struct {
    attributes = attributes "ATTR",
    group      = t.object_id "BTPL",
    entry_type = t.int "GENT",
    game_id    = t.u32 "GID",
    version    = t.string "GVER",
    method     = t.int "JMET",                   -- 1 browsing, 2 matchmaking, 4 invite, 8 by player: as in settings
    players    = t.list("PLST", t.i64),
    address    = t.union("PNET", shared.NetworkAddress),
    slot       = t.u8 "SLID",                    -- 255: any
    slot_type  = t.int "SLOT",
    team       = t.u16 "TIDX",
    user       = t.group("USER", shared.UserIdentification),
  },
  JoinGameResponse = t.struct { game_id = t.u32 "GID", join_state = t.int "JGS" },   -- 0 joined

  RemovePlayerRequest = t.struct {
    group     = t.object_id "BTPL",
    context   = t.u16 "CNTX",
    game_id   = t.u32 "GID",
    player_id = t.i64 "PID",
    reason    = t.int "REAS",                    -- services/games_records.lua: REMOVED
  },
  BanPlayerRequest = t.struct { context = t.u16 "CNTX", game_id = t.u32 "GID", players = t.list("PLST", t.i64) },
  BannedList       = t.struct { players = t.list("BANM", t.i64) },

  DestroyGameRequest = t.struct { game_id = t.u32 "GID", reason = t.int "REAS" },
  GameState          = t.struct { game_id = t.u32 "GID", state = t.int "GSTA" },
  SetSettingsRequest = t.struct { game_id = t.u32 "GID", settings = t.int "GSET" },
  CapacityRequest    = t.struct {
    game_id = t.u32 "GID", capacities = t.list("PCAP", t.u16), team_capacity = t.u16 "TCAP",
  },
  Presence           = t.struct { game_id = t.u32 "GID", presence = t.int "PRES" },
  GameName           = t.struct { game_id = t.u32 "GID", name = t.string "GNAM" },

  MigrateGameRequest     = t.struct { game_id = t.u32 "GID", player_id = t.i64 "HOST" },
  MigrationStatusRequest = t.struct { game_id = t.u32 "GID", kind = t.int "MTYP" },

  MeshConnectionRequest = t.struct {
    game_id = t.u32 "GID",
    targets = t.list("TARG", t.struct {
      flags     = t.int "FLGS",
      player_id = t.i64 "PID",
      status    = t.int "STAT",                  -- 0 disconnected, 1 connecting, 2 connected
    }),
  },

  GameDataRequest = t.struct {
    list_name     = t.string "DNAM",
    game_ids      = t.list("GLST", t.u32),
    persisted_ids = t.list("PIDL", t.string),
  },
  GameDataResponse    = t.struct { games = t.list("GDAT", game.BrowserGame) },
  FullGameDataRequest = t.struct { game_ids = t.list("GIDL", t.u32), persisted_ids = t.list("PIDL", t.string) },
  ListedGames         = Listed,

  -- Notifications ----------------------------------------------------------------------------------------------------

  GameSetup = t.struct {
    game    = t.group("GAME", game.Game),
    players = t.list("PROS", game.Player),       -- in the order of their slots
    queue   = t.list("QUEU", game.Player),
    reason  = t.union("REAS", game.SetupReason),
  },
  GameRemoved          = t.struct { game_id = t.u32 "GID", reason = t.int "REAS" },
  PlayerJoining        = t.struct { game_id = t.u32 "GID", player = t.group("PDAT", game.Player) },
  PlayerRemoved        = t.struct {
    context = t.u16("CNTX", ALWAYS), game_id = t.u32 "GID", player_id = t.i64 "PID", reason = t.int "REAS",
  },
  PlayerState          = t.struct { game_id = t.u32 "GID", player_id = t.i64 "PID", state = t.int "STAT" },
  HostMigrationStart   = t.struct {
    game_id = t.u32 "GID", player_id = t.i64 "HOST", kind = t.int "PMIG", slot = t.u8 "SLOT",
  },
  GameAttributesChange = t.struct { attributes = attributes "ATTR", game_id = t.u32 "GID" },
  GameSettingsChange   = t.struct { settings = t.int "ATTR", game_id = t.u32 "GID" },
  GameCapacityChange   = t.struct {
    capacities = t.list("CAP", t.u16), game_id = t.u32 "GID", team_capacity = t.u16("TCAP", ALWAYS),
  },
  ReportingIdChange    = t.struct { game_id = t.u32 "GID", reporting_id = t.u64 "GRID" },
  AdminListChange      = t.struct {
    player_id  = t.i64 "ALST",
    game_id    = t.u32 "GID",
    operation  = t.int "OPER",                   -- 0 added, 1 removed, 2 handed on
    updater_id = t.i64 "UID",
  },
}
