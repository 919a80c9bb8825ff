-- console/init.lua: what an operator can say in the console. One file per section; the words he can type are declared
-- in them, with what `help` and the manual say. Running a command is console/run.lua.
local run = require "console.run"

require "console.help"
require "console.lua"
require "console.server"
require "console.stub"

mu.console.run(run.command)
mu.console.complete(run.complete)
