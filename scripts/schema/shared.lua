-- schema/shared.lua: structures that several components exchange.
local t = mu.tdf

local IpAddress = t.struct {
  ip   = t.u32 "IP",                        -- first octet in the highest byte: 127.0.0.1 is 0x7F000001
  port = t.u16 "PORT",
}

local IpPairAddress = t.struct {
  external = t.group("EXIP", IpAddress),    -- as the internet sees it
  internal = t.group("INIP", IpAddress),    -- on the player's own network
}

-- Where a player or a game can be reached. On a PC it is `pair`; `address` is used when a tunnel stands in between.
local NetworkAddress = t.variants {
  xbox_client = { 0, t.struct { address = t.blob "XDDR", user_id = t.u64 "XUID" } },
  xbox_server = { 1, t.struct { port = t.u16 "PORT", site_name = t.string "SITE", service_id = t.u32 "SVID" } },
  pair        = { 2, IpPairAddress },
  address     = { 3, IpAddress },
  host_name   = { 4, t.struct { name = t.string "NAME", port = t.u16 "PORT" } },
}

local NetworkQosData = t.struct {
  downstream_bits_per_second = t.u32 "DBPS",
  nat_type                   = t.int "NATT",   -- 0 open, 1 moderate, 2 strict sequential, 3 strict, 4 unknown
  upstream_bits_per_second   = t.u32 "UBPS",
}

-- Fields the game expects but scripts have nothing to say about: written empty unless a script does.
local ALWAYS = { always = true }

local UserIdentification = t.struct {
  account_id     = t.i64 "AID",
  account_locale = t.u32("ALOC", ALWAYS),
  external_blob  = t.blob("EXBB", ALWAYS),
  external_id    = t.u64("EXID", ALWAYS),
  id             = t.i64 "ID",
  name           = t.string "NAME",
}

-- What the client keeps about every user it was told of.
local UserSessionExtendedData = t.struct {
  address           = t.union("ADDR", NetworkAddress, ALWAYS),
  best_ping_site    = t.string("BPS", ALWAYS),
  client_attributes = t.map("CMAP", t.u32, t.i32),
  country           = t.string("CTY", ALWAYS),
  client_data       = t.variable("CVAR", ALWAYS),
  data_map          = t.map("DMAP", t.u32, t.i64),     -- 0x70001 is the N7 rating
  hardware_flags    = t.int("HWFG", ALWAYS),           -- 1: a voice headset is there
  latencies         = t.list("PSLM", t.i32),           -- one for each ping site, in the order of their names
  qos               = t.group("QDAT", NetworkQosData),
  attributes        = t.u64("UATT", ALWAYS),
  objects           = t.list("ULST", t.object_id),     -- the game the user is in
}

return t.named {
  IpAddress               = IpAddress,
  IpPairAddress           = IpPairAddress,
  NetworkAddress          = NetworkAddress,
  NetworkQosData          = NetworkQosData,
  UserIdentification      = UserIdentification,
  UserSessionExtendedData = UserSessionExtendedData,
}
