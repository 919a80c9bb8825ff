-- 009: what operators add to the files: messages of the menu, packs of the shop; and mail for players.

CREATE TABLE stored_items (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  kind     TEXT NOT NULL,                    -- "promo", "pack"
  fields   TEXT NOT NULL,                    -- as the file would say it: a JSON object
  revision INTEGER NOT NULL DEFAULT 1,
  changed  INTEGER NOT NULL,                 -- unix seconds
  who      TEXT NOT NULL                     -- who added or changed it last
) STRICT;

CREATE TABLE mail (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  player_id INTEGER REFERENCES players (id) ON DELETE CASCADE,   -- NULL: for everybody who has an account by then
  text      TEXT NOT NULL,
  who       TEXT NOT NULL,
  sent      INTEGER NOT NULL,                -- unix seconds
  ends      INTEGER NOT NULL                 -- not delivered any more from then on
) STRICT;

CREATE INDEX mail_by_player ON mail (player_id);

CREATE TABLE mail_seen (
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  mail_id   INTEGER NOT NULL REFERENCES mail (id) ON DELETE CASCADE,
  PRIMARY KEY (player_id, mail_id)
) STRICT, WITHOUT ROWID;
