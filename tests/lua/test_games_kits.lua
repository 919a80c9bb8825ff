-- test_games_kits.lua: what the counters and characters in a player's saves say of a match.
local kits = require "services.games_kits"

-- A saved list Progress: its version, 745 counters of the game's own, then ours.
local function progress(...)
  return "22," .. ("3,"):rep(744) .. "3" .. (select("#", ...) > 0 and "," .. table.concat({ ... }, ",") or "")
end

local tests = {}

function tests.there_is_a_name_for_every_counter()
  mu.test.equal(#kits.NAMES, 811 - 746 + 1)
  mu.test.equal({ kits.NAMES[1], kits.NAMES[12], kits.NAMES[24], kits.NAMES[35], kits.NAMES[45], kits.NAMES[57] }, {
    "AdeptHumanMale", "SoldierHumanMale", "EngineerHumanMale", "SentinelHumanMale", "InfiltratorHumanMale",
    "VanguardHumanMale",
  })
  mu.test.equal(kits.NAMES[66], "VanguardTurianFemale")
end

function tests.only_our_counters_are_kept()
  mu.test.equal(kits.counters(progress()), "")
  mu.test.equal(kits.counters(progress(1, 0, 7)), "1,0,7")
  mu.test.equal(kits.counters(""), "")
  mu.test.equal(kits.counters("22"), "")
  mu.test.equal(kits.counters(progress("x", -5, 1.5, 1e30)), "0,0,0,0")
  local long = {}
  for i = 1, 500 do long[i] = i end
  mu.test.equal(select(2, kits.counters(progress(table.unpack(long))):gsub("%d+", "")), 67)
end

function tests.what_rose_is_what_was_played()
  local function played(before, after)
    return { kits.played(kits.counters(before), kits.counters(after)) }
  end
  mu.test.equal(played(progress(4, 1, 2), progress(5, 1, 3)), { true, "AdeptHumanFemale" })
  mu.test.equal(played(progress(4, 1, 2), progress(4, 1, 3)), { false, "AdeptHumanFemale" })
  mu.test.equal(played(progress(), progress(1, 1)), { true, "AdeptHumanMale" })   -- the first match that counts
  mu.test.equal(played(progress(4, 1), progress(4, 1)), { false })
  mu.test.equal(played(progress(), progress()), { false })
end

function tests.a_character_names_its_kit_and_what_it_carries()
  local saved = "20;4;AdeptVolus;Bob;0;45;0;47;45;9;9;0;0;0;0;0;"
    .. "Biotic 12 6.0000 0 1 2 0 0 3 0 True,Consumable_Ammo 86 1.0000 0 0 0 0 0 0 4 False;;"
    .. "7,136;136 36 37,7 33;True;False"
  local kit, equipment = kits.character(saved)
  mu.test.equal(kit, "AdeptVolus")
  mu.test.equal(equipment, {
    weapons = { 7, 136 }, weapon_mods = { { weapon = 136, mods = { 36, 37 } }, { weapon = 7, mods = { 33 } } },
    powers  = {
      { name = "Biotic", id = 12, rank = 6.0, wheel = 0, talent = true,
        choices = { { a = false, b = true }, { a = true, b = false }, { a = false, b = true } } },
      { name = "Consumable_Ammo", id = 86, rank = 1.0, wheel = 4, talent = false,
        choices = { { a = false, b = false }, { a = false, b = false }, { a = false, b = false } } },
    },
  })
  mu.test.equal({ kits.character "20;4;Short" }, { "Short", { weapons = {}, weapon_mods = {}, powers = {} } })
  mu.test.equal({ kits.character "" }, { nil, { weapons = {}, weapon_mods = {}, powers = {} } })
end

return tests
