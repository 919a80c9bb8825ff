-- 011: until when each version of a save was the present one: so a whole player can be put back as he was at any moment
-- that the versions reach back to. A deleted value is a version like the others now, and a key that comes back goes on
-- counting: so the oldest is the first to go.

ALTER TABLE save_versions ADD COLUMN ended INTEGER;    -- unix seconds: when it was replaced or deleted
UPDATE save_versions SET ended = coalesce(
  (SELECT min(later.saved) FROM save_versions AS later WHERE later.player_id = save_versions.player_id
     AND later.key = save_versions.key AND later.number > save_versions.number AND later.saved >= save_versions.saved),
  (SELECT updated FROM player_settings AS now WHERE now.player_id = save_versions.player_id
     AND now.key = save_versions.key AND updated >= save_versions.saved),
  CAST(strftime('%s', 'now') AS INTEGER));

DROP TRIGGER player_settings_replaced;
CREATE TRIGGER player_settings_replaced AFTER UPDATE OF value ON player_settings WHEN old.value <> new.value
BEGIN
  INSERT INTO save_versions (player_id, key, place, number, saved, ended, value)
    VALUES (old.player_id, old.key, old.versions % 20, old.versions, old.updated, new.updated, old.value)
    ON CONFLICT (player_id, key, place) DO UPDATE
      SET number = excluded.number, saved = excluded.saved, ended = excluded.ended, value = excluded.value;
END;

-- Not when the whole account goes. Of keys that are not there any more, the newest 1000 versions of a player stay.
DROP TRIGGER player_settings_deleted;
CREATE TRIGGER player_settings_deleted AFTER DELETE ON player_settings
  WHEN EXISTS (SELECT 1 FROM players WHERE id = old.player_id)
BEGIN
  INSERT INTO save_versions (player_id, key, place, number, saved, ended, value)
    VALUES (old.player_id, old.key, old.versions % 20, old.versions, old.updated,
            CAST(strftime('%s', 'now') AS INTEGER), old.value)
    ON CONFLICT (player_id, key, place) DO UPDATE
      SET number = excluded.number, saved = excluded.saved, ended = excluded.ended, value = excluded.value;
  DELETE FROM save_versions WHERE player_id = old.player_id AND (key, place) IN (
    SELECT v.key, v.place FROM save_versions AS v WHERE v.player_id = old.player_id
      AND NOT EXISTS (SELECT 1 FROM player_settings AS s WHERE s.player_id = v.player_id AND s.key = v.key)
    ORDER BY v.ended DESC, v.saved DESC, v.number DESC LIMIT -1 OFFSET 1000);
END;

CREATE TRIGGER player_settings_again AFTER INSERT ON player_settings
  WHEN EXISTS (SELECT 1 FROM save_versions WHERE player_id = new.player_id AND key = new.key)
BEGIN
  UPDATE player_settings
    SET versions = (SELECT max(number) + 1 FROM save_versions WHERE player_id = new.player_id AND key = new.key)
    WHERE player_id = new.player_id AND key = new.key;
END;
