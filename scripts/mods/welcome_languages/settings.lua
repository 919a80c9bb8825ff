-- settings.lua: what config.lua may say about the greeting.
mu.settings {
  ["mods.welcome_languages.color"] = { type = "string", default = "FFB400", min = 6, max = 6,
    text = "The colour of the greeting, six hexadecimal digits." },
  ["mods.welcome_languages.first"] = { type = "boolean", default = true,
    text = "It stands before the other lines of the menu, not after them." },
}
