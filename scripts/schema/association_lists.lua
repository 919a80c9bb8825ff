-- schema/association_lists.lua: friends and blocks.
local t = mu.tdf

local ListIdentification = t.struct { name = t.string "LNM", type = t.u32 "TYPE" }

local ListInfo = t.struct {
  object   = t.object_id "BOID",                 -- 0x19, 1, list
  flags    = t.int "FLGS",                       -- bits: 1 subscribed; 4 is always there
  list     = t.group("LID", ListIdentification),
  max_size = t.u32 "LMS",
  pair_id  = t.u32("PRID", { always = true }),
}

-- A player, by his id or his name.
local ListMemberId = t.struct {
  id            = t.i64 "BLID",
  name          = t.string "PNAM",
  external_id   = t.u64("XREF", { always = true }),
  external_kind = t.int("XTYP", { always = true }),
}

local ListMemberInfo = t.struct {
  member = t.group("LMID", ListMemberId),
  added  = t.i64 "TIME",                         -- unix seconds
}

local ListMembers = t.struct {
  info    = t.group("INFO", ListInfo),
  members = t.list("MEML", ListMemberInfo),
  offset  = t.u32 "OFRC",
  total   = t.u32 "TOCT",
}

local ListMemberUpdate = t.struct {
  member = t.group("LMID", ListMemberInfo),
  change = t.int "LUPT",                         -- 1 added, 2 removed
}

local ListData = t.struct {
  id            = t.u32 "ID",
  mutual        = t.bool("MUTA", { always = true }),
  name          = t.string "NAME",
  load_offline  = t.bool("OFFL", { always = true }),
  pair_id       = t.u32("PRID", { always = true }),
  rollover      = t.bool("ROLL", { always = true }),
  subscribe     = t.bool "SCRI",
  size          = t.u32 "SIZE",
}

return t.named {
  GetListsRequest = t.struct {
    lists  = t.list("ALST", ListInfo),
    most   = t.u32 "MXRC",
    offset = t.u32 "OFRC",
  },
  GetListForUserRequest = t.struct {
    user_id = t.i64 "BID",
    list    = t.group("LID", ListIdentification),
    most    = t.u32 "MXRC",
    offset  = t.u32 "OFRC",
  },
  UpdateMembersRequest = t.struct {
    members         = t.list("BIDL", ListMemberId),
    list            = t.group("LID", ListIdentification),
    mutual          = t.bool "MUTA",
    validate_add    = t.bool "VALA",
    validate_delete = t.bool "VALD",
  },
  UpdateMembersResponse = t.struct {
    members = t.list("LMID", ListMemberInfo),
    removed = t.list("REM", ListMemberId),
  },
  UpdateListsRequest = t.struct { lists = t.list("LIDS", ListIdentification), mutual = t.bool "MUTA" },
  Lists              = t.struct { lists = t.list("LMAP", ListMembers) },
  ListMembers        = ListMembers,
  ConfigLists        = t.struct { lists = t.list("LSDT", ListData) },
  MembershipUpdate   = t.struct {
    members = t.list("BIDL", ListMemberUpdate),
    list    = t.group("LID", ListIdentification),
  },
}
