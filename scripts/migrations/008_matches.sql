-- 008: matches as the server saw them, and what games report about their players. Times are unix seconds.

CREATE TABLE matches (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  game_id      INTEGER NOT NULL,             -- the same for all matches of one lobby
  reporting_id INTEGER NOT NULL,             -- another one for each
  seed         INTEGER NOT NULL,
  attributes   TEXT NOT NULL,                -- map, enemy, difficulty …: a JSON object
  started      INTEGER NOT NULL,
  finished     INTEGER NOT NULL,
  completed    INTEGER NOT NULL,             -- 1: its host said that it was over; 0: everybody left before
  extracted    INTEGER NOT NULL              -- 1: somebody got away
) STRICT;

CREATE INDEX matches_by_time ON matches (finished);

CREATE TABLE match_players (
  match_id  INTEGER NOT NULL REFERENCES matches (id) ON DELETE CASCADE,
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  name      TEXT NOT NULL,                   -- as it was then
  slot      INTEGER NOT NULL,
  host      INTEGER NOT NULL,
  left_at   INTEGER,                         -- NULL: he stayed to the end
  reason    INTEGER,                         -- why he left
  extracted INTEGER NOT NULL,
  kit       TEXT,                            -- what he played as, and with: only where his game counts it
  equipment TEXT,                            -- JSON
  PRIMARY KEY (match_id, player_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX match_players_by_player ON match_players (player_id);

CREATE TABLE game_reports (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  player_id        INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  game_type        TEXT NOT NULL,
  reporting_id     INTEGER NOT NULL,
  finished         INTEGER NOT NULL,
  country          TEXT NOT NULL,
  challenge_points INTEGER NOT NULL,
  rating           INTEGER NOT NULL,
  received         INTEGER NOT NULL
) STRICT;

CREATE INDEX game_reports_by_player ON game_reports (player_id);
