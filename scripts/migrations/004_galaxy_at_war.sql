-- 004: Galaxy at War: how ready each of the five theatres is, as a player's matches have left it.

CREATE TABLE galaxy_at_war (
  player_id INTEGER PRIMARY KEY REFERENCES players (id) ON DELETE CASCADE,
  a INTEGER NOT NULL,                        -- hundredths of a percent: Inner Council,
  b INTEGER NOT NULL,                        -- Terminus,
  c INTEGER NOT NULL,                        -- Earth,
  d INTEGER NOT NULL,                        -- Outer Council,
  e INTEGER NOT NULL,                        -- Attican Traverse
  updated INTEGER NOT NULL                   -- unix seconds of the last increase: decay counts from here
) STRICT;
