-- configs/boards.lua: which leaderboards there are, and how they score. The game asks for `<prefix>Global` and
-- `<prefix><country>`, e.g. N7RatingDE; it knows these two prefixes. A board without a prefix is for scripts and the
-- web: one more entry here is one more board.
--
-- `score` gets what the player saved, key → value, and returns a whole number; nil: he does not stand on this board. It
-- is asked again a moment after each save of a key that begins with one of `keys`, and at login; it sees only those.
local career = require "services.career"

return {
  n7rating = {
    prefix = "N7Rating", title = "N7 Rating", category = "MassEffectStats", group = "ME3LeaderboardGroup",
    friends_view = 722840,                       -- the title of the friends' page in the game's own text table
    keys  = { "class", "char" },
    score = career.n7_rating,
  },
  ChallengePoints = {
    prefix = "ChallengePoints", title = "Challenge Points",
    category = "ME3ChallengeStats", group = "ME3ChallengePoints",
    friends_view = 764400,
    keys  = { "Completion" },
    score = career.challenge_points,
  },
}
