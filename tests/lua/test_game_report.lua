-- test_game_report.lua: the report that a game sends, as the vector var_game_report has it (tests/vectors/tdf.json).
local schema = require "schema.game_reporting"

local VECTOR = "9aece80000c32db40700cb0cb4039e1b65070187f4e5e3189e1b65039e1b650300c2ce7205000301a90f8f4cb900958502"
  .. "ba3a300000bb287400010000009f2a6400009f4e7001116d6173734566666563745265706f72740000"
-- The same from a game that ends the report early: GRID and GTYP stand behind it.
local EARLY = VECTOR:gsub("00009f2a6400", "0000009f2a6400"):gsub("0000$", "00")

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex_of(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local tests = {}

function tests.the_vector_reads_and_writes_the_same()
  local report = mu.test.decode(schema.SubmitRequest, bytes_of(VECTOR))
  mu.test.equal(report.report.type_name, "massEffectReport")
  mu.test.equal(report.report.contents.value.players[1001].rating, 1)
  mu.test.equal(report.report.contents.value.players[1001].country, 16725)
  mu.test.equal(hex_of(mu.test.encode(schema.SubmitRequest, report)), VECTOR)
end

function tests.type_and_id_may_stand_behind_the_report()
  local report = mu.test.decode(schema.SubmitRequest, bytes_of(EARLY))
  mu.test.equal(report.type_name, "massEffectReport")
  mu.test.equal(report.report.contents.value.players[1001].rating, 1)
end

return tests
