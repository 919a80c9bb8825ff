-- 005: the audit log: every change that was made from the console or the REST API, and by the server on its own.

CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,               -- unix seconds
  who        TEXT NOT NULL,                  -- user of the machine, account, "server"
  what       TEXT NOT NULL,                  -- the command: "players role"
  detail     TEXT NOT NULL,                  -- what it was given: "alice admin"; never a credential
  generation INTEGER NOT NULL,               -- of the scripts that did it
  hash       TEXT NOT NULL
) STRICT;
