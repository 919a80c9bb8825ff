-- 007: tunnels: which were live, so that their clients can be told after a restart; whose policy is not everybody's.

CREATE TABLE live_tunnels (
  id INTEGER PRIMARY KEY,                    -- of the tunnel, as its client knows it
  address TEXT NOT NULL,
  port INTEGER NOT NULL
) STRICT;

CREATE TABLE tunnel_policies (
  player_id INTEGER PRIMARY KEY REFERENCES players (id) ON DELETE CASCADE,
  policy TEXT NOT NULL                       -- always, stricter or disabled
) STRICT;
