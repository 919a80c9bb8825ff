-- 010: which of an account's signed tokens are good. A token carries the generation of its account, which rises when all
-- earlier ones are to be void. It used to be a moment, which said nothing about tokens of the same second, and another
-- thing once accounts.token_days changed.

ALTER TABLE players ADD COLUMN token_generation INTEGER NOT NULL DEFAULT 0;
UPDATE players SET token_generation = 1 WHERE tokens_since > 0;
ALTER TABLE players DROP COLUMN tokens_since;
