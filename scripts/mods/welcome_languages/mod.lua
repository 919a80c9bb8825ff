-- mod.lua: greets each player in the language of his game, among the lines of the main menu.
local locale = require "services.locale"
local texts  = require "mods.welcome_languages.texts"

return mu.mod {
  name     = "welcome_languages",
  version  = "1.0",
  requires = { "server 0.1" },
  text     = "greets each player in the language of his game",

  setup = function(mod)
    local set = mod.config
    mod.override("services.menu.lines", function(super, session)
      local text  = texts[locale.language(session.locale)] or texts.en
      local lines = { table.unpack(super(session)) }
      local place = set.first and 1 or #lines + 1
      table.insert(lines, place, ("<font color='#%s'>%s</font>"):format(set.color, text))
      return lines
    end)
  end,
}
