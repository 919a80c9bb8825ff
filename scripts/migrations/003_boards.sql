-- 003: what players have on the leaderboards. The order itself is in memory (mu.ranking), filled from here at the start.

CREATE TABLE board_scores (
  board     TEXT NOT NULL,                   -- a key of configs/boards.lua
  player_id INTEGER NOT NULL REFERENCES players (id) ON DELETE CASCADE,
  score     INTEGER NOT NULL,
  country   TEXT NOT NULL DEFAULT '',        -- two letters, or empty
  PRIMARY KEY (board, player_id)
) STRICT, WITHOUT ROWID;
