-- schema/stats.lua: leaderboards: what one is called, and its rows.
local t      = mu.tdf
local shared = require "schema.shared"

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

-- What every request for rows says. The game asks for everything with an empty user set and the period of all time.
local function about_rows(fields)
  fields.key_scopes    = t.map("KSUM", t.string, t.i64)
  fields.board_id      = t.i32 "LBID"
  fields.board_name    = t.string "NAME"
  fields.period_offset = t.i32 "POFF"
  fields.time          = t.i32 "TIME"
  fields.user_set      = t.object_id "USET"
  return t.struct(fields)
end

local Row = t.struct {
  name       = t.string "ENAM",
  id         = t.i64 "ENID",
  rank       = t.i32 "RANK",                     -- from 1
  score      = t.string "RSTA",
  raw_flag   = t.bool("RWFG", { always = true }),
  raw        = t.union("RWST", shared.NetworkAddress, { always = true }),      -- unset, always
  stats      = t.list("STAT", t.string),
  attributes = t.u64("UATT", { always = true }),
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

  LeaderboardRequest = about_rows { count = t.i32 "COUN", first = t.i32 "STRT" },         -- first: counted from 0
  CenteredRequest    = about_rows { at_bottom = t.bool "BOTT", center = t.i64 "CENT", count = t.i32 "COUN" },
  FilteredRequest    = about_rows { with_unranked = t.bool "FILT", ids = t.list("IDLS", t.i64) },
  Rows               = t.struct { rows = t.list("LDLS", Row, { always = true }) },

  CountRequest = t.struct {
    key_scopes = t.map("KSUM", t.string, t.i64), board_id = t.i32 "LBID", board_name = t.string "NAME",
    period_offset = t.i32 "POFF",
  },
  Count = t.struct { count = t.i32 "CNT" },
}
