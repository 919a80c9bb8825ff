-- 002: what the main menu keeps: lists of players, small options, entitlements of one player.

ALTER TABLE players ADD COLUMN telemetry INTEGER NOT NULL DEFAULT 1;   -- 0: the player's game is to send none
ALTER TABLE players ADD COLUMN grants    INTEGER NOT NULL DEFAULT 0;   -- how many rows of player_entitlements are his

-- Friends, blocks: who is on whose list.
CREATE TABLE list_members (
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  list      INTEGER NOT NULL,                -- the id of configs/lists.lua
  member_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  added     INTEGER NOT NULL,
  PRIMARY KEY (player_id, list, member_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX list_members_by_member ON list_members (member_id);

-- Small facts an account's owner may set: opt-ins, country, accepted documents.
CREATE TABLE player_options (
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  name      TEXT NOT NULL,
  value     TEXT NOT NULL,
  PRIMARY KEY (player_id, name)
) STRICT, WITHOUT ROWID;

-- What one player owns beyond configs/owned.lua.
CREATE TABLE player_entitlements (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  player_id  INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  group_name TEXT NOT NULL,
  tag        TEXT NOT NULL,
  project    TEXT NOT NULL,
  product    TEXT NOT NULL,
  granted    INTEGER NOT NULL,
  uses       INTEGER NOT NULL DEFAULT 0,
  UNIQUE (player_id, group_name, tag)
) STRICT;
