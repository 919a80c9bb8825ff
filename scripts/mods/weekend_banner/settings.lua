-- settings.lua: what config.lua may say about the weekend banner.
local DAYS = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" }

mu.settings {
  ["mods.weekend_banner.first_day"] = { type = "string", default = "friday", values = DAYS,
    text = "The day it begins." },
  ["mods.weekend_banner.first_hour"] = { type = "integer", default = 0, min = 0, max = 23,
    text = "The hour of that day, UTC." },
  ["mods.weekend_banner.last_day"] = { type = "string", default = "sunday", values = DAYS,
    text = "The last day, to its end (UTC)." },
  ["mods.weekend_banner.type"] = { type = "string", default = "news", values = { "news", "ticker", "store" },
    text = "How it is shown: a tab, a scrolling line, the full screen with the store's button." },
  ["mods.weekend_banner.image"] = { type = "string", default = "", max = 120,
    text = "A picture of assets/content/. Empty: the game shows its own." },
}
