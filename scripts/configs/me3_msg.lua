-- configs/me3_msg.lua: the messages of the main menu. Edit, save: the next game that asks sees them.
--
--   type         "news" (a tab beside Galaxy at War), "ticker" (a scrolling line), "store" (full screen, store button)
--   title, text  one text for all languages, or { en = …, de = …, es, fr, it, ja, pl, ru }; what is missing is English.
--                {server} is our name, {name} the player's. <font color='#FFB400'>Colours</font> work.
--   image        a picture of assets/content/; without it the game shows its own
--   priority     the order among several
--   tracking_id  the game shows a dismissed message no more: give an edited one a new number
--   from_date    the first day it is shown, or "2027-03-05 18:00";  until_date  the last one
--   zone         whose days and times these are: "Europe/Berlin", "+01:00"; without it promos.zone of config.lua
--   players      only for these, by name: { "brave-varren-0421" }
--   roles, languages, countries, levels   only for such: { "admin" }, { "de" }, { "AT", "DE" }, { 100, 500 } (rating)
--                A message for some, and one with {name} in it, is sent once the player is known.
--
-- The console adds more: `promo add`. Those live in the database and are changed there; these here are changed here.
local promo = require "configs.promo"

return promo.messages {
  {
    type = "store", title = "{server}", image = "promo_welcome.dds", priority = 201, tracking_id = 1,
    until_date = "2035-12-12",
    text = {
      en = "Welcome to {server}. The galaxy still needs you, Commander.",
      de = "Willkommen auf {server}. Die Galaxis braucht Sie noch immer, Commander.",
      es = "Te damos la bienvenida a {server}. La galaxia aún te necesita.",
      fr = "Bienvenue sur {server}. La galaxie a encore besoin de vous.",
      it = "Benvenuto su {server}. La galassia ha ancora bisogno di te.",
      pl = "Witamy na {server}. Galaktyka wciąż cię potrzebuje.",
      ru = "Добро пожаловать на {server}. Галактике всё ещё нужна ваша помощь.",
    },
  },
}
