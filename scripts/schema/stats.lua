-- schema/stats.lua: leaderboards. So far the description of one.
local t = mu.tdf

local StatDescription = t.struct {
  category    = t.string "CATG",
  default     = t.string "DFLT",
  derived     = t.bool "DRVD",
  format      = t.string "FRMT",
  kind        = t.string "KIND",
  long_name   = t.string "LDSC",
  metadata    = t.string "META",
  name        = t.string "NAME",
  short_name  = t.string "SDSC",
  type        = t.i32 "TYPE",
}

return t.named {
  LeaderboardGroupRequest = t.struct { board_id = t.i32 "LBID", board_name = t.string "NAME" },

  LeaderboardGroup = t.struct {
    ascending   = t.bool "ASCD",
    board_name  = t.string "BNAM",
    description = t.string "DESC",
    entity_type = t.object_type "ETYP",
    key_scopes  = t.map("KSUM", t.string, t.struct { values = t.map("KSVL", t.i64, t.i64) }),
    size        = t.i32 "LBSZ",
    columns     = t.list("LIST", StatDescription),
    metadata    = t.string "META",
    name        = t.string "NAME",
    stat_name   = t.string "SNAM",
  },
}
