-- test_promo.lua: from a list of messages to the map the game reads.
local promo = require "configs.promo"

local equal   = mu.test.equal
local unit    = mu.test.unit
local tests   = {}
local NOBODY  = {}
local ALICE   = { player = { name = "Alice-Fox-0001" } }

local function map(list, session)
  return (promo.messages(list).render(session or NOBODY))
end

local function date(days_from_now)
  return os.date("!%Y-%m-%d", mu.time.unix() + days_from_now * 86400)
end

function tests.no_messages()
  equal(map {}, {})
end

function tests.every_key_of_a_message()
  local got = map { { type = "store", title = { en = "T", de = "D" }, text = "M", image = "i.dds", priority = 3,
                      tracking_id = 9, until_date = "2099-03-10" } }
  local expected = {
    MSG_1_endDate = "10:03:2099", MSG_1_image = "i.dds", MSG_1_message = "M", MSG_1_priority = "3", MSG_1_title = "T",
    MSG_1_trackingId = "9", MSG_1_type = "8", MSG_1_title_de = "D", MSG_1_message_de = "M",
  }
  for _, language in ipairs { "es", "fr", "it", "ja", "pl", "ru" } do
    expected["MSG_1_title_" .. language], expected["MSG_1_message_" .. language] = "T", "M"
  end
  equal(got, expected)
end

function tests.optional_keys_stay_away()
  local got = map { { type = 4, text = "M" } }
  equal({ got.MSG_1_type, got.MSG_1_priority }, { "4", "1" })
  for _, key in ipairs { "title", "endDate", "trackingId", "image" } do equal(got["MSG_1_" .. key], nil) end
end

function tests.the_last_day_counts_whole()
  local got = map {
    { type = "news", text = "yesterday", until_date = date(-1) },
    { type = "news", text = "today", until_date = date(0) },
    { type = "news", text = "tomorrow", until_date = date(1) },
  }
  equal({ got.MSG_1_message, got.MSG_2_message, got.MSG_3_message }, { "today", "tomorrow" })
end

function tests.says_how_long_it_stays_right()
  local before, after, _, seconds
  repeat                                         -- once more should midnight pass meanwhile
    before = mu.time.unix()
    _, seconds = promo.messages({ { type = "news", text = "today", until_date = date(0) } }).render(NOBODY)
    after = mu.time.unix()
  until before // 86400 == after // 86400
  unit.assertTrue(seconds <= 86400 - before % 86400 + 1 and seconds >= 86400 - after % 86400 - 1)
  local _, forever = promo.messages({ { type = "news", text = "x" } }).render(NOBODY)
  equal(forever, nil)
end

function tests.names_are_filled_in_once_they_are_known()
  local list = { { type = "news", text = "{server}" }, { type = "news", text = "Hello {name}", title = "{other}" } }
  equal(map(list).MSG_2_message, nil)
  equal(map(list, ALICE).MSG_2_message, "Hello Alice-Fox-0001")
  equal(map(list, ALICE).MSG_2_title, "{other}")
  equal(map(list).MSG_1_message, mu.config.server.name)
end

function tests.messages_for_some()
  local list = { { type = "news", text = "secret", players = { "alice-FOX-0001" } } }
  equal(map(list), {})
  equal(map(list, { player = { name = "Bob" } }), {})
  equal(map(list, ALICE).MSG_1_message, "secret")
end

function tests.only_what_is_for_everybody_is_kept()
  local personal = promo.messages { { type = "news", text = "Hello {name}" } }
  equal(personal.personal(NOBODY), false)
  equal(personal.personal(ALICE), true)
  equal(promo.messages({ { type = "news", text = "x" } }).personal(ALICE), false)
end

function tests.mistakes_are_named()
  local function fault(message, pattern)
    unit.assertErrorMsgContains(pattern, promo.messages, { { type = "news", text = "fine" }, message })
  end
  fault({ type = "news", text = "x", titel = "y" }, "a list of messages: message 2: there is no 'titel'")
  fault({ type = "shop", text = "x" }, "type must be")
  fault({ type = "news" }, "text is missing")
  fault({ type = "news", text = "x", until_date = "10.3.2027" }, "until_date must be a day")
  fault({ type = "news", text = "x", until_date = "2027-13-10" }, "until_date must be a day")
end

return tests
