-- console/init.lua: what an operator can say in the console. One file per section; the words he can type are declared
-- in them, with what `help` and the manual say. Running a command is console/run.lua.
local run = require "console.run"

require "console.words"

require "console.audit"
require "console.config"
require "console.content"
require "console.database"
require "console.entitlements"
require "console.errors"
require "console.games"
require "console.help"
require "console.inspect"
require "console.lua"
require "console.mail"
require "console.matchmaking"
require "console.players"
require "console.promo"
require "console.saves"
require "console.say"
require "console.scripts"
require "console.server"
require "console.sessions"
require "console.store"
require "console.stub"
require "console.tunnel"
require "console.watch"

mu.console.run(run.command)
mu.console.complete(run.complete)
