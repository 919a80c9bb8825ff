-- content.lua: the game's live configuration, its texts and pictures, from sources to what a client decodes.
local play = require "plays.lib.play"

local BINI = "assets/game/bini/biogame.ini"
local FILE = "..\\..\\biogame\\config\\biogame.ini"
local BW   = "..\\..\\biogame\\config\\bioweapon.ini"

local BASE = [[
[sfxgamempcontent.sfxgawreinforcementmanager]
!storeinfoarray
+storeinfoarray=(nID=200,PackName="bronze",Title=664978,CreditCost=5000)
+storeinfoarray=(nID=300,PackName="silver",Title=664979,CreditCost=20000)
+packlist=(PackName="silver",Quantity=1,Pools=((PoolName="goldchar",Weight=5),(PoolName="silverchar",Weight=95)))
[sfxgame.sfxscoremanager]
randommapscorebonus=1.25f
]]

local function balance(text)
  return 'local balance = require "content.balance"\n' .. text
end

local function config(client, id)
  return client:asks("Util.fetchClientConfig", { id = id }).config
end

local function decoded(client, id)
  local content, why = mu.content.decode(config(client, id))
  if not content then client:fails("%s: %s", id, why) end
  return content
end

local function value(client, file, section, property)
  local values = decoded(client, "ME3_BINI_PC_COMPRESSED")[file][section][property]
  local last   = values and values[#values]
  return last and last.text, values
end

local function edit(server, name, text)
  server:write("data/scripts/balance/" .. name, text)
  return server:reload()
end

play.scene("without sources: the version everybody has, and empty maps; the log says once what is missing", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  play.equal(play.exactly { SECTION = "BINI_PC_COMPRESSED", VERSION = "40128" }, config(alice, "ME3_BINI_VERSION"))
  play.equal(play.exactly {}, config(alice, "ME3_BINI_PC_COMPRESSED"))
  play.equal(play.exactly {}, config(alice, "ME3_LIVE_TLK_PC_de"))
  play.equal(play.exactly {}, config(alice, "ME3_LIVE_TLK_PC_../../x"))
  local log = server:log()
  local _, times = log:gsub("there is no live configuration", "")
  play.equal(1, times, "how often the log says it")
end)

play.scene("a change of the balance: edit, save, reload, and the next answer says it", function()
  local server = play.server { files = { [BINI] = BASE, ["scripts/balance/mine.lua"] = balance [[
balance.weapon("mattock", { damage = { 130, 160.5 } })
]] } }
  local alice = play.client(server, "Alice")
  local mattock, store = "sfxgamecontent.sfxweapon_assaultrifle_mattock", "sfxgamempcontent.sfxgawreinforcementmanager"
  play.equal("(X=130,Y=160.5)", (value(alice, BW, mattock, "damage")))
  play.equal("1.25f", (value(alice, FILE, "sfxgame.sfxscoremanager", "randommapscorebonus")))
  play.equal(true, (edit(server, "mine.lua", balance [[
balance.weapon("mattock", { damage = { 140, 160 }, magsize = "(X=20,Y=20)" })
balance.pack("bronze", { cost = 4000 })
balance.odds("silver", { goldchar = 25 })
balance.section("biogame", "sfxgame.sfxscoremanager"):set("randommapscorebonus", 2)
]])), "the reload")
  play.equal("(X=140,Y=160)", (value(alice, BW, mattock, "damage")))
  play.equal("2", (value(alice, FILE, "sfxgame.sfxscoremanager", "randommapscorebonus")))
  local _, packs = value(alice, FILE, store, "storeinfoarray")
  play.equal({ { type = "RemoveProperty" },
    { type = "AddUnique", text = '(nID=200,PackName="bronze",Title=664978,CreditCost=4000)' },
    { type = "AddUnique", text = '(nID=300,PackName="silver",Title=664979,CreditCost=20000)' } }, packs)
  play.equal('(PackName="silver",Quantity=1,Pools=((PoolName="goldchar",Weight=25),(PoolName="silverchar",Weight=95)))',
    (value(alice, FILE, store, "packlist")))
end)

play.scene("a balance script with a mistake is refused with its line, and nothing changes", function()
  local server = play.server { files = { [BINI] = BASE } }
  local alice  = play.client(server, "Alice")
  local before = config(alice, "ME3_BINI_PC_COMPRESSED")
  local taken, log = edit(server, "mine.lua", balance '\nbalance.weapon("matock", { damage = 5 })\n')
  play.equal(false, taken, "the reload")
  play.equal(play.text "balance/mine%.lua:3: there is no weapon 'matock', did you mean 'mattock'", log)
  play.equal(play.exactly(before), config(alice, "ME3_BINI_PC_COMPRESSED"))
  taken, log = edit(server, "mine.lua", balance 'balance.pack("nopack", { cost = 1 })\n')
  play.equal(true, taken, "the reload")
  play.equal(play.exactly(before), config(alice, "ME3_BINI_PC_COMPRESSED"))
  play.equal(play.text "balance/mine%.lua:2: storeinfoarray: nothing to edit", log .. server:log())
  edit(server, "mine.lua",
    balance 'balance.section("biogame", "sfxgame.sfxscoremanager"):set("randommapscorbonus", 1)\n')
  server:wait_log "balance/mine.lua:2: randommapscorbonus: the base has no such property here; did you mean"
end)

play.scene("damaged sources of each kind are named with their line, and the last good build stays", function()
  local server = play.server { files = { [BINI] = BASE, ["assets/tlk/en.txt"] = "900000 = Hello\n" } }
  local alice  = play.client(server, "Alice")
  local bini, talk = config(alice, "ME3_BINI_PC_COMPRESSED"), config(alice, "ME3_LIVE_TLK_PC_en")
  local function damage(name, text, expected)
    server:write("data/" .. name, text)
    server:reload()
    server:wait_log(expected)
    play.equal(play.exactly(bini), config(alice, "ME3_BINI_PC_COMPRESSED"))
    play.equal(play.exactly(talk), config(alice, "ME3_LIVE_TLK_PC_en"))
  end
  damage(BINI, "[sfxgame.x]\nfine=1\nwhat is this\n", "game/bini/biogame.ini:3: expected name=value")
  damage("assets/game/bini.bin", "mrmf\1\0\0\0 damaged", "game/bini.bin: 16 bytes are less than a header")
  damage("assets/tlk/en.txt", "900000 = Hello\n\nhello\n", "tlk/en.txt:3: expected the number of a text")
  damage("assets/game/tlk/en.tlk", "Tlk\0 damaged, and long enough for a header", "game/tlk/en.tlk: its version is")
  damage("assets/images/banner.png", "\137PNG\r\n\26\n damaged", "images/banner.png: ")
end)

play.scene("texts of the game in every language; a language without any gets the English ones", function()
  local server = play.server { files = {
    ["assets/tlk/en.txt"] = "900000 = Hello\\nyou\n",
    ["assets/tlk/ru.txt"] = "900000 = Привет\nfemale 900000 = Она\n" } }
  local alice = play.client(server, "Alice")
  play.equal({ common = { [900000] = "Hello\nyou", [134217729] = "DLC_LiveTlk", [134217730] = "en-us",
    [134217731] = "Male" }, female = { [134217731] = "Female" } }, decoded(alice, "ME3_LIVE_TLK_PC_en"))
  play.equal({ common = { [900000] = "Привет", [134217730] = "ru-ru" }, female = { [900000] = "Она" } },
    decoded(alice, "ME3_LIVE_TLK_PC_ru"))
  for _, language in ipairs { "de", "pl", "xx", "../../etc/passwd" } do
    play.equal(play.exactly(config(alice, "ME3_LIVE_TLK_PC_en")), config(alice, "ME3_LIVE_TLK_PC_" .. language))
  end
end)

-- Eight by eight pixels, red above blue.
local PNG = "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc000000164944415478da63f8cfc080" ..
  "1531505182aa8661970000e9303fc170488cd80000000049454e44ae426082"

play.scene("a painted picture becomes one that the game shows; one that was put there by hand stays", function()
  local server = play.server { files = { ["assets/content/mine.dds"] = "made by hand" } }
  local url = ("http://127.0.0.1:%d/content/"):format(server:port "http")
  local png = PNG:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  server:write("data/assets/images/ChallengeBanners/new.png", png)
  server:write("data/assets/images/mine.png", png)
  server:reload()
  server:wait_log "ChallengeBanners/new.dds made from images/ChallengeBanners/new.png"
  server:wait_log "images/mine.png is not used"
  local answer = mu.http_client.get(url .. "ChallengeBanners/new.dds")
  play.equal(200, answer.status)
  play.equal("DDS ", answer.body:sub(1, 4))
  play.equal(128 + 64, #answer.body)
  play.equal("made by hand", mu.http_client.get(url .. "mine.dds").body)
end)

-- The console ---------------------------------------------------------------------------------------------------------

local function says(server, line, expected, code)
  local said = server:ctl(line)
  play.equal(code or 0, said.code, line .. " ends with")
  play.equal(play.text(expected), said.out .. said.err, line)
end

play.scene("the console builds, extracts, and names who wrote a value", function()
  local server = play.server { files = { [BINI] = BASE, ["assets/tlk/en.txt"] = "900000 = Hello\n",
    ["scripts/balance/mine.lua"] = balance 'balance.pack("bronze", { cost = 1234 })\n' } }
  says(server, "content build", "tlk%.en")
  says(server, "content status", "bini +5 ")
  says(server, "content why sfxgamempcontent.sfxgawreinforcementmanager.storeinfoarray", "balance/mine%.lua:2")
  says(server, "content why sfxgame.sfxscoremanager.randommapscorebonus", "1%.25f.*game/bini/biogame%.ini:7")
  says(server, "content why nothing.here", "says nothing about 'nothing%.here'", 1)
  says(server, "content text 900000", "Hello")
  says(server, "content text 5", "there is no text 5", 1)
  says(server, "content extract", "nothing to extract", 1)
  says(server, "content picture promo_welcome.dds", "512 × 644 pixels, DXT5")
  says(server, "content picture none.dds", "there is no assets/content/none%.dds", 1)
  says(server, "content placeholder New.dds --kind store Reserves", "written: ")
  says(server, "content picture New.dds", "1024 × 512 pixels, DXT5")
  says(server, "content placeholder New.dds Again", "kept, it is there already")
  server:write("data/" .. BINI, "[sfxgame.x]\nwrong\n")
  says(server, "content build", "game/bini/biogame%.ini:2: expected", 1)
  says(server, "content why sfxgame.sfxscoremanager.randommapscorebonus", "1%.25f")
end)

local JSON = [[{ "version": 1, "files": [ { "path": "..\\..\\biogame\\config\\biogame.ini", "sections": [
  { "name": "sfxgame.sfxscoremanager", "properties": [
    { "name": "randommapscorebonus", "values": [ { "ty": "New", "text": "1.25f" } ] },
    { "name": "mapbonuses", "values": [ { "ty": "RemoveProperty", "text": null },
                                         { "ty": "AddUnique", "text": "(ID=1)" } ] }
] } ] } ] }]]

play.scene("a base as others keep it becomes texts, and an edited text counts without a reload", function()
  local server = play.server { files = { ["assets/game/bini.json"] = JSON } }
  local alice  = play.client(server, "Alice")
  local before = config(alice, "ME3_BINI_PC_COMPRESSED")
  says(server, "content extract", "written: .*game/bini/biogame%.ini")
  says(server, "content extract", "kept, it is there already: .*game/bini/biogame%.ini")
  says(server, "content build", "bini")
  play.equal(play.exactly(before), config(alice, "ME3_BINI_PC_COMPRESSED"))
  server:write("data/" .. BINI, "[sfxgame.sfxscoremanager]\nrandommapscorebonus=3\n")
  server:passes(2.1)                             -- how long a look at the sources is good
  play.equal("3", (value(alice, FILE, "sfxgame.sfxscoremanager", "randommapscorebonus")))
  local _, bonuses = value(alice, FILE, "sfxgame.sfxscoremanager", "mapbonuses")
  play.equal({ { type = "RemoveProperty" }, { type = "AddUnique", text = "(ID=1)" } }, bonuses)
end)
