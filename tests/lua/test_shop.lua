-- test_shop.lua: the shop's catalogue: what an operator may write, and what comes of it.
local shop = require "configs.shop"
local xml  = require "configs.xml"

local equal = mu.test.equal
local tests = {}

local function catalogue(pack)
  return {
    game = { name = "G", store = 1, category = 2, group = "g", money_catalog = 3, points_catalog = 4, currency = "_X",
             checkout = "c", success = "s", failure = "f" },
    packs = { { id = 16, name = "Fish & <Chips>", offer = "o", tag = "t" }, pack },
  }
end

local function refused(pack, wanted)
  local fine, why = pcall(shop.text, catalogue(pack))
  equal(fine, false)
  equal(why, wanted)
end

function tests.xml_is_written()
  local document = xml.document(xml.block("a", { xml.line("b", 'x & "y"'), xml.line "c", xml.block("d", {}) },
                                          { { "k", "<" } }))
  equal(document, '<?xml version="1.0" encoding="utf-8"?>\n<a k="&lt;">\n    <b>x &amp; &quot;y&quot;</b>\n    <c/>\n'
    .. "    <d>\n    </d>\n</a>")
  equal(pcall(xml.line, "a", "\1"), false)
  equal(pcall(xml.line, "a", "\xFF"), false)
end

function tests.a_pack_of_ones_own()
  local text = shop.text(catalogue { id = 0xABC, name = "Mine", offer = "o", item = "i", tag = "t", sold = false,
                                     advertised = false })
  equal(text:find("<name>Fish &amp; &lt;Chips&gt;</name>", 1, true) ~= nil, true)
  equal(text:find("<uniqueId>0xABC</uniqueId><name>Mine</name>", 1, true) ~= nil, true)
  equal(text:find("<purchaseable>false</purchaseable><advertise>false</advertise><itemId>i</itemId>", 1, true) ~= nil,
        true)
end

function tests.mistakes_are_named()
  local where = "pack 2 of configs/me3_dime.lua: "
  refused({ id = 1, name = "x", offer = "o" }, where .. "tag is missing")
  refused({ id = 1, nmae = "x", offer = "o", tag = "t" }, where .. "there is no 'nmae'")
  refused({ id = "1", name = "x", offer = "o", tag = "t" }, where .. "id must be an integer")
  refused({ id = 16, name = "x", offer = "o", tag = "t" }, where .. "pack 1 has the same id")
  refused({ id = -1, name = "x", offer = "o", tag = "t" }, where .. "id must be a number of 32 bits")
end

return tests
