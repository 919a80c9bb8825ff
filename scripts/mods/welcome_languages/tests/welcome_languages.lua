-- welcome_languages.lua: each player is greeted in the language of his game.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local GERMAN, JAPANESE, KLINGON = 0x64654445, 0x6A614A50, 0x746C4B4C

local function greeting(client, expected, count, locale)
  client:asks("Util.preAuth", { client_info = { locale = locale } })
  client:asks("Messaging.fetchMessages", {}, { count = count })
  local texts = {}
  for number = 1, count do texts[number] = client:next().body.text end
  play.equal(play.text(expected), texts[1], "the first line")
  return texts
end

play.scene("welcome_languages: each in his own language, beside the other lines", function()
  local server = play.server { files = { ["config.lua"] = 'return { mods = { "welcome_languages" } }' } }
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, "alice@example.org", "hunter22")
  local texts = greeting(alice, "Willkommen zurück, " .. alice.persona:gsub("%-", "%%-") .. "%. 1 online", 2, GERMAN)
  play.equal(play.text "Logged in as", texts[2], "the line of configs/menu.lua")
  greeting(alice, "おかえりなさい", 2, JAPANESE)
  greeting(alice, "Welcome back, ", 2, KLINGON)
  server:write("data/config.lua", 'return { mods = { "welcome_languages", welcome_languages = { first = false } } }')
  play.equal(true, (server:reload()), "the reload")
  greeting(alice, "Logged in as", 2, GERMAN)
  server:write("data/config.lua", "return {}")
  play.equal(true, (server:reload()), "the reload")
  greeting(alice, "Logged in as", 1, GERMAN)
end)
