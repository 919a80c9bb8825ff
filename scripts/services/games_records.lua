-- services/games_records.lua: what a game is: its record, that of a member, and the protocol's words for their states.
--
-- A player is in one game at most. A member keeps his slot for as long as he stays, and the host is a property of the
-- game, not whoever has slot 0 (reference 02 §18, 04 §2.5). The rest is in the files beside this one:
--
--   games.lua             making, finding, joining games; the only file that others need
--   games_members.lua     who comes and who goes, and everything that is told of it
--   games_mesh.lua        the links between the players' machines
--   games_hosts.lua       who becomes host
--   games_migration.lua   how
--   games_messages.lua    what a game looks like on the wire
--   games_hooks.lua       who wants to know
local records = {}

records.game = mu.record "game" {
  id           = mu.u32 { key = true },
  state        = mu.u16 { index = true },
  settings     = mu.u32,
  attributes   = mu.map(mu.string { max = 64 }, mu.string { max = 255 }, {
    max = 32, index = { "ME3map", "ME3gameEnemyType", "ME3gameDifficulty" },
  }),
  members      = mu.list(mu.ref "member", 4),    -- in the order of their slots
  host         = mu.ref "member",
  reporting_id = mu.i64,                         -- another one for every match
  seed         = mu.u32,
  uuid         = mu.string { max = 36 },
  version      = mu.string { max = 64 },         -- of the protocol, as the game calls it
  public_slots   = mu.u8,
  private_slots  = mu.u8,
  most_players   = mu.u8 { default = 4 },        -- the host may have no more slots than that
  queue_capacity = mu.u16,
  presence     = mu.u16,
  voip         = mu.u16,
  ping_site    = mu.string { max = 64 },
  created      = mu.i64,                         -- unix seconds
  banned       = mu.list(mu.u32, 32),            -- player ids
  -- While the host changes: what the state was before, and whether anybody reported his link to the new host.
  migrating    = mu.bool,
  state_after  = mu.u16,
  links_heard  = mu.bool,
}

records.member = mu.record "member" {
  player_id   = mu.u32 { key = true },
  session     = mu.ref "session",
  game        = mu.ref "game",
  slot        = mu.u8,                           -- 0 … 3, his for as long as he stays
  state       = mu.u8,
  joined      = mu.i64,                          -- unix microseconds; 0 while he connects
  admin       = mu.bool,
  attributes  = mu.map(mu.string { max = 64 }, mu.string { max = 255 }, { max = 16 }),
  custom_data = mu.blob { max = 1024 },
  links       = mu.map(mu.i64, mu.u8, { max = 8 }),   -- what he said of the link to a player: LINK
}

records.USUAL_VERSION = "ME3-295976325-179181965240128"   -- of the game with everything official

records.STATE = {
  NEW = 0, INITIALIZING = 1, VIRTUAL = 2, CONNECTION_VERIFICATION = 3, POST_GAME = 4, MIGRATING = 5, DESTRUCTING = 6,
  RESETABLE = 7, REPLAY_SETUP = 8, UNRESPONSIVE = 9, GROUP_INITIALIZED = 16, PRE_GAME = 130, IN_GAME = 131,
}

-- Bits of the settings. The first four are also the ways to join (JMET).
records.SETTING = {
  BROWSING = 0x1, MATCHMAKING = 0x2, INVITES = 0x4, JOIN_BY_PLAYER = 0x8, HOST_MIGRATABLE = 0x10,
  JOIN_IN_PROGRESS = 0x100,
}

records.MEMBER = { RESERVED = 0, QUEUED = 1, CONNECTING = 2, MIGRATING = 3, CONNECTED = 4, KICK_PENDING = 5 }

records.LINK = { DISCONNECTED = 0, CONNECTING = 1, CONNECTED = 2 }

-- Why a player is not in a game any more.
records.REMOVED = {
  JOIN_TIMEOUT = 0, CONNECTION_LOST = 1, SERVER_CONNECTION_LOST = 2, MIGRATION_FAILED = 3, GAME_DESTROYED = 4,
  GAME_ENDED = 5, LEFT = 6, GROUP_LEFT = 7, KICKED = 8, KICKED_WITH_BAN = 9, QUEUE_FAILED = 10,
  RESERVATION_TIMEOUT = 11, HOST_EJECTED = 12,
}

-- Walks the members in the order of their slots, as a list that stays what it is while members come and go.
function records.members(game) return mu.plain(game.members) end

-- The sessions of all members but `without` (a member; may be nil).
function records.sessions(game, without)
  local list, count = {}, 0
  for _, member in ipairs(mu.plain(game.members)) do
    local session = member.session
    if session and member ~= without then
      count = count + 1
      list[count] = session
    end
  end
  return list
end

-- The name of a state, for people.
local state_names = {}
for name, number in pairs(records.STATE) do state_names[number] = name:lower() end

function records.state_name(number) return state_names[number] or tostring(number) end

return records
