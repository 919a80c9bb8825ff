-- seed.lua: with the reference's values configured, the raw door answers what the reference capture shows: every key,
-- every value, in the same order. The same tables and renderers serve everybody.
local play     = require "plays.lib.play"
local config   = require "plays.seed.config"
local expected = require "plays.seed.expected"
local message  = require "plays.seed.me3_msg"
local dime     = require "plays.seed.dime"
local util     = require "schema.util"

local function seeded()
  return play.server { config = config, files = { ["scripts/configs/me3_msg.lua"] = message } }
end

local function count(map)
  local n = 0
  for _ in pairs(map) do n = n + 1 end
  return n
end

-- `pairs_in_order`: { { key, value }, … } as on the wire; `bytes`: the body that came.
local function same_map(pairs_in_order, map, bytes, what)
  play.equal(#pairs_in_order, count(map), what .. ": number of keys")
  local at = 1
  for _, entry in ipairs(pairs_in_order) do
    local key, value = entry[1], entry[2]
    play.equal(value, map[key], what .. "." .. key)
    local found = bytes:find(key .. "\0", at, true)
    if not found then play.fails("%s: %s is not where it belongs in the order of keys", what, key) end
    at = found + #key
  end
end

for _, id in ipairs { "ME3_DATA", "ME3_MSG", "ME3_ENT" } do
  play.scene(id .. " equals the reference", function()
    local alice = play.client(seeded(), "Alice", { via = "blaze" })
    alice:sends("Util.fetchClientConfig", { id = id })
    local answer = alice:next()
    same_map(expected[id], answer.body.config, answer.bytes, id)
  end)
end

play.scene("ME3_DIME equals the reference, byte for byte", function()
  local alice = play.client(seeded(), "Alice", { via = "blaze" })
  alice:asks("Util.fetchClientConfig", { id = "ME3_DIME" }, { config = play.exactly { Config = dime } })
end)

-- The fields of preAuth by their tags, as the capture names them.
local FIELDS = {
  ANON = "anonymous_child_accounts", ASRC = "authentication_source", CIDS = "component_ids",
  CNGN = "parental_consent_group", CONF = "client_config", INST = "instance_name", MINR = "underage_supported",
  NASP = "persona_namespace", PILD = "legal_document_game", PLAT = "platform", PTAG = "parental_consent_tag",
  QOSS = "qos", RSRC = "registration_source", SVER = "server_version",
}
local SITE = { PSA = "address", PSP = "port", SNA = "site_name" }

local function fields(list, names)
  local map = {}
  for _, field in ipairs(list) do map[names[field[1]]] = field[3] end
  return map
end

local function map_of(list)
  local map = {}
  for _, entry in ipairs(list) do map[entry[1]] = entry[2] end
  return map
end

-- A tag as three bytes of the wire.
local function packed(tag)
  local bits = 0
  for i = 1, 4 do bits = bits << 6 | (tag:byte(i) or 32) - 32 & 63 end
  return (">I3"):pack(bits)
end

local function same_order(list, bytes)
  local at = 1
  for _, field in ipairs(list) do
    local found = bytes:find(packed(field[1]), at, true)
    if not found then play.fails("preAuth: %s is not where it belongs in the order of tags", field[1]) end
    at = found + 3
  end
end

play.scene("PRE_AUTH equals the reference", function()
  local alice = play.client(seeded(), "Alice", { via = "blaze" })
  alice:sends("Util.preAuth", {})
  local answer = alice:next()
  same_order(expected.pre_auth, answer.bytes)
  local body = fields(expected.pre_auth, FIELDS)
  body.anonymous_child_accounts, body.underage_supported = false, false
  body.client_config = { config = play.exactly(map_of(body.client_config[1][3])) }
  local qos = fields(body.qos, { BWPS = "bandwidth_site", LNP = "latency_probes", LTPS = "latency_sites",
                                 SVID = "service_id" })
  qos.bandwidth_site = fields(qos.bandwidth_site, SITE)
  local sites = map_of(qos.latency_sites)
  for alias, site in pairs(sites) do sites[alias] = fields(site, SITE) end
  qos.latency_sites = play.exactly(sites)
  body.qos = play.exactly(qos)
  local integer_source = mu.test.decode(util.PreAuthResponseInteger, answer.bytes)
  play.equal(play.exactly(body), integer_source, "preAuth")
end)
