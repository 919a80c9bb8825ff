-- configs/menu.lua: the lines of the main menu, sent to each player as messages once the menu is there.
--
-- {server} our name, {version} its version, {name} the player, {ip} the player's address, {online} players online,
-- {date} and {time} now in UTC. <font color='#B2B2B2'>Colours</font> work.
return {
  "<font color='#B2B2B2'>{server}</font> - <font color='#FFFF66'>Logged in as: {name}</font>",
}
