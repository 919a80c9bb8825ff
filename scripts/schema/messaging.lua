-- schema/messaging.lua: the message of the main menu, and whatever else is put into a player's inbox.
local t = mu.tdf

local ClientMessage = t.struct {
  attributes = t.map("ATTR", t.string, t.string),
  flags      = t.int "FLAG",
  status     = t.u32 "STAT",
  tag        = t.u32 "TAG",
  target     = t.object_id "TARG",
  type       = t.u32 "TYPE",
}

local ServerMessage = t.struct {
  flags   = t.int "FLAG",                        -- 1 message, 2 accomplishment unlocked
  id      = t.u32 "MGID",
  text    = t.string "NAME",
  payload = t.group("PYLD", ClientMessage),
  source  = t.object_id "SRCE",
  time    = t.u32 "TIME",                        -- unix seconds
}

return t.named {
  ClientMessage = ClientMessage,
  ServerMessage = ServerMessage,

  MessageFilter = t.struct {
    flags       = t.int "FLAG",
    id          = t.u32 "MGID",
    page        = t.u32 "PIDX",
    page_size   = t.u32 "PSIZ",
    status_mask = t.u32 "SMSK",
    order       = t.int "SORT",
    source      = t.object_id "SRCE",
    status      = t.u32 "STAT",
    target      = t.object_id "TARG",
    type        = t.u32 "TYPE",
    types       = t.list("TYPL", t.u32),
  },
  MessageCount = t.struct { count = t.u32 "MCNT" },
  SentMessage  = t.struct { id = t.u32 "MGID", ids = t.list("MIDS", t.u32) },
  Messages     = t.struct { messages = t.list("MSLT", ServerMessage) },
}
