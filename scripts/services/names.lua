-- services/names.lua: display names for new players: "brave-varren-0421".
local ADJECTIVES = {
  "able", "amber", "ancient", "azure", "bold", "brave", "bright", "calm", "clever", "cosmic", "crimson", "daring",
  "distant", "eager", "electric", "fearless", "fierce", "gentle", "golden", "grim", "hidden", "humble", "icy", "iron",
  "jolly", "keen", "lone", "loyal", "lucky", "lunar", "mighty", "nimble", "noble", "patient", "proud", "quick",
  "quiet", "radiant", "restless", "rusty", "scarlet", "silent", "silver", "solar", "steady", "stellar", "swift", "wild",
}
local NOUNS = {
  "anchor", "arrow", "asteroid", "badger", "beacon", "cobra", "comet", "courier", "cruiser", "dagger", "drifter",
  "eagle", "ember", "engine", "falcon", "fox", "frigate", "galaxy", "hammer", "hawk", "helmet", "hunter", "jaguar",
  "lantern", "lynx", "meteor", "moon", "nebula", "nova", "orbit", "otter", "panther", "pilot", "pulsar", "quasar",
  "ranger", "raven", "rocket", "scout", "shield", "sparrow", "star", "tiger", "torpedo", "varren", "wanderer", "wolf",
  "wolverine",
}

local names = {}

local function pick(list, number)
  return list[number % #list + 1]
end

function names.random()
  local a, b, c = ("I4I4I4"):unpack(mu.crypto.random(12))
  return ("%s-%s-%04d"):format(pick(ADJECTIVES, a), pick(NOUNS, b), c % 9999 + 1)
end

return names
