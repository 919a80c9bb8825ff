-- promos.lua: messages of the main menu and packs of the shop that operators add while the server runs.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local FILE = [[
local promo = require "configs.promo"

return promo.messages {
  { type = "news", title = "File", text = "from the file", tracking_id = 5 },
}
]]

local function started()
  return play.server { files = { ["scripts/configs/me3_msg.lua"] = FILE } }
end

local function does(server, line, expected)
  local said = server:ctl(line)
  if said.code ~= 0 then play.fails("%s: %s", line, said.err) end
  if expected then play.equal(play.text(expected), said.out, line) end
  return said.out
end

local function refuses(server, line, expected)
  local said = server:ctl(line)
  play.equal(1, said.code, line .. " ends with")
  play.equal(play.text(expected), said.err, line)
end

local function messages(client)
  return client:asks("Util.fetchClientConfig", { id = "ME3_MSG" }).config
end

play.scene("an added message: for everybody, edited, in another language, removed", function()
  local server = started()
  local alice  = play.client(server, "Alice")
  play.equal("from the file", messages(alice).MSG_1_message)
  does(server, "promo add news --title Weekend --until 2099-03-10 --priority 7 Double credits", "added as 1")
  play.equal({ MSG_1_message = "from the file", MSG_2_type = "0", MSG_2_title = "Weekend", MSG_2_title_de = "Weekend",
    MSG_2_message = "Double credits", MSG_2_endDate = "10:03:2099", MSG_2_priority = "7",
    MSG_2_trackingId = "1001001" },
    messages(alice))
  does(server, "promo edit 1 --language de --title Wochenende Doppelte Credits")
  play.equal({ MSG_2_message = "Double credits", MSG_2_message_de = "Doppelte Credits", MSG_2_title = "Weekend",
    MSG_2_title_de = "Wochenende", MSG_2_message_fr = "Double credits", MSG_2_trackingId = "1001002" },
    messages(alice))
  does(server, "promo edit 1 --type ticker --clear title,until")
  local now = messages(alice)
  play.equal({ "1", nil, nil }, { now.MSG_2_type, now.MSG_2_title, now.MSG_2_endDate })
  does(server, "promo list", "stored as 1 by ")
  does(server, "promo show 1", "Doppelte Credits")
  play.kill(server)
  server:restart()
  alice:comes_back()
  play.equal("Double credits", messages(alice).MSG_2_message)
  does(server, "promo remove 1")
  play.equal(nil, messages(alice).MSG_2_message)
end)

play.scene("what lives in a file is changed there: the answer names file and line", function()
  local server = started()
  local place  = "message f1 is declared at data/scripts/configs/me3_msg%.lua:4: edit it there"
  does(server, "promo list", "f1 +news")
  refuses(server, "promo edit f1 another text", place)
  refuses(server, "promo remove f1", place)
  refuses(server, "promo edit 9 text", "there is no message '9'")
  refuses(server, "promo remove f2", "there is no message 'f2'")
end)

play.scene("what is wrong with a message is said, and nothing is added", function()
  local server = started()
  refuses(server, "promo add shop Text", "type must be")
  refuses(server, "promo add news --until 31.12.2027 Text", "until_date must be a day")
  refuses(server, "promo add news --until 2027-04-31 Text", "until_date must be a day")
  refuses(server, "promo add news --from 2027-03-10 --until 2027-03-09 Text", "over before it begins")
  refuses(server, "promo add news --zone +25:00 Text", "zone must be")
  refuses(server, "promo add news --roles king Text", "roles: 'king' must be default, admin or super_admin")
  refuses(server, "promo add news --countries Germany Text", "countries: 'Germany' must be two letters")
  refuses(server, "promo add news --levels 9-1 Text", "levels must be")
  refuses(server, "promo add news --image none.dds Text", "there is no assets/content/none%.dds")
  refuses(server, "promo add news --image ../x Text", "that is no name of a picture")
  does(server, "promo add news --image promo_welcome.dds Text", "added as 1")
  does(server, "promo add news --image later.dds --anyway Text", "added as 2")
  does(server, "promo preview nobody", "later%.dds %(there is no")
end)

play.scene("targets and names reach those who are meant, once they are known; before login nobody", function()
  local server = started()
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  alice:asks("Util.setClientData", { locale = 0x64654154 })     -- deAT
  local lines = {
    "promo add news --players " .. alice.persona .. " Hello {name}", "promo add news --roles admin For admins",
    "promo add news --languages en English", "promo add news --languages de Deutsch",
    "promo add news --countries AT,CH Alps", "promo add news --levels 1- Veterans", "promo add news --levels -0 New",
    "promo add news --from 2099-01-01 Later", "promo add news --until 2020-01-01 Over", "promo add news All",
  }
  for _, line in ipairs(lines) do does(server, line, "added as") end
  local function seen(client)
    local list, map = {}, messages(client)
    for n = 2, 20 do list[#list + 1] = map[("MSG_%d_message"):format(n)] end
    return play.exactly(list), list
  end
  local _, mine = seen(alice)
  play.equal(play.exactly { "Hello " .. alice.persona, "Deutsch", "Alps", "New", "All" }, mine)
  local _, his = seen(bob)
  play.equal(play.exactly { "English", "New", "All" }, his)
  local nobody = play.client(server, "Nobody")
  local _, none = seen(nobody)
  play.equal(play.exactly { "All" }, none)
  does(server, "promo preview " .. bob.persona, "for other players.*for other roles.*for other languages")
  does(server, "promo preview " .. bob.persona, "not before 2099%-01%-01.*over since 2020%-01%-01")
  does(server, "promo preview nobody", "a game before login sees 2 of 11")
end)

-- The shop -----------------------------------------------------------------------------------------------------------

local function catalogue(client)
  return client:asks("Util.fetchClientConfig", { id = "ME3_DIME" }).config.Config
end

play.scene("packs are added to the shop, edited and removed; those of the file stay", function()
  local server = started()
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local before = catalogue(bob)
  does(server, "store add 700100 OFB-MASS:70001 ME3_REPACK_GOLD_PACK --until 2099-03-10 Fish & Chips")
  play.equal(play.text "<uniqueId>0xAAEC4</uniqueId><name>Fish &amp; Chips</name>", catalogue(bob))
  does(server, "store edit 700100 --players " .. alice.persona .. " --clear until Only for her")
  play.equal(before, catalogue(bob))
  play.equal(play.text "<name>Only for her</name>", catalogue(alice))
  does(server, "store preview nobody", "only after login +700100")
  does(server, "store preview " .. alice.persona, "sees 20 of 20")
  refuses(server, "store edit 650100 Name", "pack 650100 is declared at scripts/configs/me3_dime%.lua:26: edit it")
  refuses(server, "store remove 650100", "edit it there")
  refuses(server, "store add 650100 o t Name", "pack 650100 is declared at .* already")
  refuses(server, "store add 700100 o t Name", "pack 700100 is there already")
  refuses(server, "store add 700101 o t --from 2027 Name", "from_date must be a day")
  refuses(server, "store remove 5", "there is no pack 5")
  does(server, "store remove 700100")
  play.equal(before, catalogue(alice))
end)

-- Entitlements -------------------------------------------------------------------------------------------------------

play.scene("entitlements are granted and taken away, online and not", function()
  local server = started()
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local TAG, who = "ME3_PRO_MAGICAL_02", alice.persona
  local function has()
    local list = alice:asks("Authentication.listUserEntitlements2", { page = 1, page_size = 50 }).entitlements
    for _, one in ipairs(list) do
      if one.tag == TAG then return one.group end
    end
  end
  play.equal(nil, has())
  does(server, ("entitlements grant %s %s"):format(who, TAG), "has ME3_PRO_MAGICAL_02 now")
  play.equal("ME3GenOffers", has())
  does(server, ("entitlements grant %s %s"):format(who, TAG), "had it already")
  does(server, "entitlements list " .. who, "ME3GenOffers +ME3_PRO_MAGICAL_02")
  does(server, ("entitlements revoke %s %s"):format(who, TAG))
  play.equal(nil, has())
  refuses(server, ("entitlements revoke %s %s"):format(who, TAG), "has no such entitlement")
  refuses(server, ("entitlements grant %s ME3_NONSENSE"):format(who), "there is no entitlement 'ME3_NONSENSE'")
  refuses(server, ("entitlements revoke %s PROJECT10_CODE_CONSUMED"):format(who), "everybody owns that")
  alice:leaves()
  does(server, ("entitlements grant %s ME3GenOffers/%s"):format(who, TAG), "has ME3_PRO_MAGICAL_02 now")
  alice:connects()
  steps.silent_login(alice)
  play.equal("ME3GenOffers", has())
end)

-- Mail ---------------------------------------------------------------------------------------------------------------

-- The mails that come with the answer: the lines behind the greeting.
local function mails(client)
  client:sends("Messaging.fetchMessages", {})
  local count, list = client:receives { kind = "response", name = "Messaging.fetchMessages" }.count, {}
  for _ = 1, count do
    local body = client:is_notified "Messaging.NotifyMessage"
    if body.id >= 2000000 then list[#list + 1] = body.text end
  end
  return list
end

play.scene("mail: at once, or when the game asks next, and each only once", function()
  local server = started()
  local alice, bob = play.client(server, "Alice"), play.client(server, "Bob")
  steps.create_account(alice, "alice@example.org", "hunter22")
  steps.create_account(bob, "bob@example.org", "hunter22")
  play.equal(play.exactly {}, mails(alice))
  does(server, "mail send " .. alice.persona .. " Hello {name}!", "sent; 1 had it at once")
  alice:is_notified("Messaging.NotifyMessage", { text = ("Hello %s!\n"):format(alice.persona) })
  does(server, "mail send all --later Double credits", "sent; 0 had it at once")
  does(server, "mail send " .. bob.persona .. " --later Only for you", "sent; 0 had it")
  play.equal(play.exactly { "Double credits\n" }, mails(alice))
  play.equal(play.exactly {}, mails(alice))
  play.kill(server)
  server:restart()
  bob:connects()
  steps.silent_login(bob)
  play.equal(play.exactly { "Double credits\n", "Only for you\n" }, mails(bob))
  play.equal(play.exactly {}, mails(bob))
  does(server, "mail send all --later Never", "sent")
  does(server, "mail list", "Never")
  does(server, "mail remove 4")
  refuses(server, "mail remove 4", "there is no mail 4")
  refuses(server, "mail send nobody-here Hi", "there is no recipient 'nobody%-here'")
  refuses(server, "mail send all " .. ("x"):rep(1001), "a mail has 1 to 1000 bytes")
  play.equal(play.exactly {}, mails(bob))
end)
