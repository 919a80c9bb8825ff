-- games.lua: making, joining and leaving games, and what every member is told, in order.
local play  = require "plays.lib.play"
local match = require "plays.lib.match_steps"

play.scene("a host and three others: join, connect, leave", function()
  local lobby, _, bob, carol, dave = match.four(play.server {})
  match.leaves(carol, lobby)
  match.comes(carol, lobby, "guest")             -- the slot that became free, and no other
  play.equal(2, carol.slot, "slot")
  match.leaves(bob, lobby)
  match.leaves(dave, lobby)
  match.leaves(carol, lobby)
  match.is_quiet(lobby)
end)
