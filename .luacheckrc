-- luacheck settings: `luacheck scripts config.lua tests` must be silent.
std             = "lua54"
max_line_length = 120
read_globals    = { "mu" }

-- A handler names what it is given, also when it needs only the first of it.
unused_args = false

files["scripts/protocol"] = { max_line_length = false }
files["scripts/configs/me3_ent_enc.lua"] = { max_line_length = false }
files["scripts/configs/me3_ent.lua"] = { max_line_length = false }
files["tests/plays/seed/expected.lua"] = { max_line_length = false }
files["tests/plays/seed/dime.lua"] = { max_line_length = false }
files["tests/lua/frames.lua"] = { max_line_length = false }
