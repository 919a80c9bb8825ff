-- balance/example.lua: how to change the game's balance. Nothing here is active: take the dashes off, or better write a
-- file of your own into scripts/balance/ of the data folder. Save, reload: who goes to the title screen next has it.
--
-- What the game lets us change is what its live configuration ("BINI") says; the base of that is not ours to ship: put
-- it as assets/game/bini.bin into the data folder (README.md says more). Changes of whole properties work without it.
local balance = require "content.balance" -- luacheck: ignore 211

-- A weapon: { from, to } is the range over its ten levels. statbardamage is what the menu shows.
-- balance.weapon("mattock", { damage = { 130, 160 }, statbardamage = { 130, 160 }, magsize = { 16, 16 } })

-- A power.
-- balance.power("overload", { cooldowntime = 8 })

-- An enemy on Gold and Platinum (levels 3 and 4).
-- balance.enemy("Phantom", { levels = { 3, 4 }, MaxHealth = { 1800, 2000 } })

-- The store: a price, and the odds of what is in a pack.
-- balance.pack("bronze", { cost = 4000 })
-- balance.odds("silver", { goldchar = 5, silverchar = 95 })

-- Anything else, by file, section and property.
-- local score = balance.section("biogame", "sfxgame.sfxscoremanager")
-- score:set("randommapscorebonus", 1.25)
-- score:add("mapbonuses", { ID = 1, XPBonus = 0.25, CreditBonus = 0.25 })
