-- content/init.lua: loads every balance script, by name.
local files = mu.content.scripts "balance"

table.sort(files)
for _, name in ipairs(files) do require("balance." .. name) end
