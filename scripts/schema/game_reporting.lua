-- schema/game_reporting.lua: what a game says of itself when a match is over, or its totals have changed (reference 02
-- §11).
local t = mu.tdf

local ALWAYS = { always = true }

-- A player's country (two letters as a number), challenge points and N7 rating, as his game counts them.
local PlayerReport = t.struct { country = t.int "CTRY", challenge_points = t.i64 "NCHP", rating = t.i64 "NRAT" }

local Contents = t.struct { game = t.group("GAME", t.struct {}), players = t.map("PLYR", t.i64, PlayerReport) }

local GameReport = t.struct {
  contents     = t.variable("GAME", Contents),
  reporting_id = t.u64 "GRID",
  type_name    = t.string "GTYP",
}

return t.named {
  SubmitRequest = t.struct {
    finished = t.int "FNSH",                     -- 0 default, 1 finished, 2 did not finish
    private  = t.variable "PRVT",
    report   = t.group("RPRT", GameReport),
    -- Some games end the report early, and then these two stand behind it.
    reporting_id = t.u64 "GRID",
    type_name    = t.string "GTYP",
  },
  Result = t.struct {
    data         = t.variable("DATA", ALWAYS),
    fault        = t.i32("EROR", ALWAYS),
    final        = t.bool("FNL", ALWAYS),
    history_id   = t.u64("GHID", ALWAYS),
    reporting_id = t.u64("GRID", ALWAYS),
  },
}
