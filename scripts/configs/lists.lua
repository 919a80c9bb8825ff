-- configs/lists.lua: the lists a player can put other players on.
--
--   id, name   what games call it; an id stays with its list for good, the database knows it by that
--   size       most members
--   presence   true: who is on it is shown as here or not
--   hides      true: to those who are on it the list's owner never shows as here
return {
  { id = 1, name = "friendList", size = 200, presence = true },
  { id = 2, name = "blockList",  size = 200, hides = true },
}
