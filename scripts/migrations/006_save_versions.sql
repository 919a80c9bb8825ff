-- 006: what a player's saves were before: every value that is replaced or deleted stays for a while, whoever did it.
-- The last 20 of each key are kept, in a ring: version n lies at place n % 20. The triggers do it, so that no writer can
-- forget; a writer only counts `versions` up.

ALTER TABLE player_settings ADD COLUMN versions INTEGER NOT NULL DEFAULT 0;

CREATE TABLE save_versions (
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  key       TEXT NOT NULL,
  place     INTEGER NOT NULL,
  number    INTEGER NOT NULL,                -- rises with every version of this key
  saved     INTEGER NOT NULL,                -- unix seconds: when it was saved
  value     TEXT NOT NULL,
  PRIMARY KEY (player_id, key, place)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER player_settings_replaced AFTER UPDATE OF value ON player_settings WHEN old.value <> new.value
BEGIN
  INSERT INTO save_versions (player_id, key, place, number, saved, value)
    VALUES (old.player_id, old.key, old.versions % 20, old.versions, old.updated, old.value)
    ON CONFLICT (player_id, key, place) DO UPDATE
      SET number = excluded.number, saved = excluded.saved, value = excluded.value;
END;

-- Not when the whole account goes. A key that comes back begins to count anew, so this one stands before all.
CREATE TRIGGER player_settings_deleted AFTER DELETE ON player_settings
  WHEN EXISTS (SELECT 1 FROM players WHERE id = old.player_id)
BEGIN
  INSERT INTO save_versions (player_id, key, place, number, saved, value)
    VALUES (old.player_id, old.key, -1, -1, old.updated, old.value)
    ON CONFLICT (player_id, key, place) DO UPDATE SET saved = excluded.saved, value = excluded.value;
END;
