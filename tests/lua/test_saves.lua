-- test_saves.lua: what games save: every place has its name, and whatever is not touched is written back byte for byte.
local saves = require "services.saves"

local equal = mu.test.equal
local tests = {}

local SINGULARITY = "Singularity 179 6.0000 1 0 2 0 3 0 0 True"
local CHARACTER   = "20;4;AdeptHumanMale;Test;0;45;0;47;45;9;9;0;0;0;0;0;" .. SINGULARITY
  .. ",Consumable_Rocket 88 1.0000 0 0 0 0 0 0 0 False;;7,136;136 36 37,7 33;True;True"

function tests.a_class()
  local class = saves.parse("class1", "20;4;Adept;20;10500000.0000;10")
  equal({ class.version, class.dev_version, class.name, class.level, class.experience, class.promotions },
    { 20, 4, "Adept", 20, 10500000.0, 10 })
  class.level, class.promotions, class.experience = 1, 11, 0
  equal(class:text(), "20;4;Adept;1;0.0000;11")
end

function tests.a_character()
  local who = saves.parse("char0", CHARACTER)
  equal({ who.kit, who.name, who.tint_2, who.skin_tone, who.deployed, who.leveled_up, who.hotkeys },
    { "AdeptHumanMale", "Test", 45, 9, true, true, "" })
  equal({ #who.powers, who.powers[1].name, who.powers[1].id, who.powers[1].rank, who.powers[1].evolution_6a },
    { 2, "Singularity", 179, 6.0, 3 })
  equal({ who.powers[2].talent, who.powers[1].wheel, who.powers[3] }, { false, 0 })
  equal({ #who.weapons, who.weapons[2], #who.weapon_mods, who.weapon_mods[1][3], who.weapon_mods[2][1] },
    { 2, 136, 2, 37, 7 })
  who.powers[2].rank, who.weapons[1], who.deployed = 2.5, 8, false
  equal(who:text(), (CHARACTER:gsub("88 1.0000", "88 2.5000"):gsub(";;7,136;", ";;8,136;")
    :gsub("True;True$", "False;True")))
end

function tests.a_character_whose_name_holds_the_separator()
  local text = CHARACTER:gsub(";Test;", ";a;b;;c;")
  local who  = saves.parse("char3", text)
  equal({ who.kit, who.name, who.tint_2, who.deployed }, { "AdeptHumanMale", "a;b;;c", 45, true })
  equal(who:text(), text)
end

function tests.powers_without_a_wheel()
  local text = CHARACTER:gsub("3 0 0 True", "3 0 True")
  local who  = saves.parse("char3", text)
  equal({ who.powers[1].talent, who.powers[1].evolution_6b, who.powers[1].wheel }, { true, 0 })
  equal(who:text(), text)
end

function tests.the_base_and_its_inventory()
  local text = "20;4;1000000;-1;0;5000;0;37;123456;1700000000;00ff0A" .. ("0"):rep(1336)
  local base = saves.parse("Base", text)
  equal({ base.credits, base.next_pack, base.games_played, base.seconds_played }, { 1000000, -1, 37, 123456 })
  equal({ base.inventory:count(), base.inventory:get(0), base.inventory:get(1), base.inventory:get(2),
          base.inventory:get(671), base.inventory:get(-1) }, { 671, 0, 255, 10, 0, 0 })
  equal(base:text(), text)                       -- letters large and small stay as they came
  base.inventory:set(0, 1)
  base.credits = 5
  equal(base:text(), (text:gsub("1000000", "5"):gsub(";00ff", ";01ff")))
  equal(pcall(base.inventory.set, base.inventory, 671, 1), false)
  equal(pcall(base.inventory.set, base.inventory, 0, 256), false)
end

function tests.counters_and_times()
  local list = saves.parse("Completion", "22,1234,0,7")
  equal({ #list, list[1], list[3], list[4] }, { 3, 1234, 7 })
  list[3] = 8
  equal(list:text(), "22,1234,0,8")
  local times = saves.parse("cstimestamps2", "1,2,3")
  equal({ #times, times[1] }, { 3, 1 })
  equal(saves.parse("csreward", "17").value, 17)
  local new, faces = saves.parse("NewItem", "20;4;12 271"), saves.parse("FaceCodes", "20;")
  equal({ new.version, new.dev_version, #new.items, new.items[2] }, { 20, 4, 2, 271 })
  equal({ faces.version, faces.codes, faces:text() }, { 20, "", "20;" })
  equal(saves.parse("Unheard", "20;"), nil)
end

function tests.what_does_not_parse_reads_as_nothing()
  local class = saves.parse("class1", "20;4;Adept;many;1e9;99999999999999999999")
  equal({ class.level, class.experience, class.promotions, class:raw "level" }, { nil, nil, nil, "many" })
  equal(saves.parse("class1", "20;4").promotions, nil)
  equal(saves.parse("char1", "").kit, nil)
  local function refused(pattern, key, text, name, value)
    local ok, why = pcall(function() saves.parse(key, text)[name] = value end)
    equal(ok, false)
    equal(why:find(pattern, 1, true) ~= nil, true)
  end
  refused("class.level cannot be x", "class1", "20;4;Adept;1;0.0000;0", "level", "x")
  refused("class.name cannot be a;b", "class1", "20;4;Adept;1;0.0000;0", "name", "a;b")
  refused("a class has no 'levels'", "class1", "20;4;Adept;1;0.0000;0", "levels", 1)
  refused("this class is too short for 'promotions'", "class1", "20;4", "promotions", 1)
  refused("character.powers is changed part by part", "char1", CHARACTER, "powers", "x")
  refused("character.kit cannot be Adept Human", "char1", CHARACTER, "kit", "Adept Human")
  for _, name in ipairs { "a b", "a,b", "a;b", "a\0" } do
    local power = saves.parse("char1", CHARACTER).powers[1]
    equal(pcall(function() power.name = name end), false)
  end
end

-- Generated saves: whole ones, cut ones, ones with parts too many, with bytes that nobody expects.
local seed = 20121215
local function any(below)
  seed = (seed * 6364136223846793005 + 1442695040888963407) & 0x7FFFFFFFFFFFFFFF
  return (seed >> 24) % below
end

local WORDS = { "", "0", "20", "-1", "True", "False", "4.0000", "Adept", "x", "\195\164", "1e9",
                "999999999999999999999", " ", "  ", "07", "AdeptHumanMale", SINGULARITY, "136 36 37", "0x1f", "\1" }

local function generated()
  local text, count = {}, any(30)
  for i = 1, count do
    text[i] = WORDS[any(#WORDS) + 1] .. ({ ";", ";", ";", ",", " ", "" })[any(6) + 1]
  end
  return table.concat(text)
end

-- Looks at everything there is to see, so that every part has been opened.
local function look(view, kind)
  for _, field in ipairs(kind and kind.fields or {}) do
    local value = view[type(field) == "table" and field[1] or field]
    if type(value) == "table" and not value.count then look(value) end
  end
  for i = 1, #view do
    local value = view[i]
    if type(value) == "table" then look(value) end
  end
end

function tests.a_parse_and_a_write_is_the_identity()
  local keys  = { "Base", "class1", "char0", "Completion", "Progress", "cscompletion", "cstimestamps", "csreward",
                  "NewItem", "FaceCodes" }
  local count = 0
  for round = 1, 2000 do
    local text = generated()
    if round % 3 == 0 then                       -- a damaged real one
      local whole = ({ CHARACTER, "20;4;Adept;20;0.0000;50", "22,1234,0,7,0,0,0" })[any(3) + 1]
      local at    = any(#whole) + 1
      text = whole:sub(1, at) .. text .. whole:sub(at + any(5))
    end
    for _, key in ipairs(keys) do
      local view, kind = saves.parse(key, text)
      look(view, kind)
      if view:text() ~= text then equal(key .. ": " .. view:text(), key .. ": " .. text) end
      count = count + 1
    end
  end
  mu.log.info("saves: %d parsed and written, 0 differences", count)
  equal(count, 20000)
end

return tests
