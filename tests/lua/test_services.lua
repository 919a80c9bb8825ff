-- test_services.lua: the small things that services know: addresses, e-mails, passwords, names, ratings.
local accounts = require "services.accounts"
local players = require "services.players"
local network = require "services.network"
local locale  = require "services.locale"
local names   = require "services.names"
local career  = require "services.career"
local doors   = require "services.doors"

local equal = mu.test.equal
local tests = {}

function tests.emails()
  equal(players.email "  Alice@Example.ORG ", "alice@example.org")
  equal(players.email "a.b+c@d", "a.b+c@d")
  for _, text in ipairs { "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b c", "a@.b", "a@b.", "a@-b", "a@b..c", "a\1@b",
                          ("a"):rep(65) .. "@b", "a@" .. ("b"):rep(253) } do
    equal(players.email(text), nil)
  end
end

function tests.passwords()
  equal(players.password_fault "abc", "short")
  equal(players.password_fault "abcd", nil)
  equal(players.password_fault(("x"):rep(64)), nil)
  equal(players.password_fault(("x"):rep(65)), "long")
end

function tests.names_that_may_be_chosen()
  equal(accounts.name_fault "Jane Shepard", nil)
  equal(accounts.name_fault(("é"):rep(31)), nil)
  for _, name in ipairs { "", " a", "a ", "17", "#17", "a@b", "a\nb", "\xFF", ("a"):rep(33), ("é"):rep(32),
                          ("\u{1F600}"):rep(32) } do
    equal(accounts.name_fault(name) ~= nil, true)
  end
end

function tests.addresses()
  equal(network.ip "127.0.0.1", 0x7F000001)
  equal(network.ip "255.255.255.255", 0xFFFFFFFF)
  equal(network.text(0xC0A80105), "192.168.1.5")
  for _, text in ipairs { "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", "::1", "1.2.3.4 ", "1.2.3.1000" } do
    equal(network.ip(text), nil)
  end
  for _, text in ipairs { "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1" } do
    equal(network.is_local(network.ip(text)), true)
  end
  for _, text in ipairs { "8.8.8.8", "172.32.0.1", "172.15.0.1", "192.169.0.1", "11.0.0.1" } do
    equal(network.is_local(network.ip(text)), false)
  end
end

function tests.an_address_that_is_known_is_not_repaired()
  local pair = { external = { ip = 7, port = 8 }, internal = { ip = 1, port = 3659 } }
  equal(network.repair({ address = "203.0.113.7", real_address = "" }, pair), pair)
  pair.external.ip = 0
  equal(network.repair({ address = "203.0.113.7", real_address = "" }, pair).external, { ip = 0xCB007107, port = 3659 })
  equal(network.repair({ address = "10.0.0.1", real_address = "203.0.113.9" }, pair).external.ip, 0xCB007109)
  equal(network.repair({ address = "2001:db8::1", real_address = "" }, pair).external, { ip = 0, port = 3659 })
end

function tests.locales()
  equal(locale.text(0x656E4E5A), "enNZ")
  equal(locale.language(0x64654445), "de")
  equal(locale.language(0), "en")
end

function tests.display_names()
  for _ = 1, 100 do
    local name = names.random()
    equal(name:match "^%l+%-%l+%-%d%d%d%d$", name)
  end
end

-- Reference 04, appendix D: eleven promotions, an adept of level 20 who is deployed, a soldier who is not.
function tests.career()
  local adept = "20;4;AdeptHumanMale;Shepard;0;45;0;47;45;9;9;0;0;0;0;0;;;7,136;;True;False"
  local saved = { class1 = "20;4;Adept;20;0.0000;10", class2 = "20;4;Soldier;5;0.0000;1", char0 = adept }
  equal(career.n7_rating(saved), 350)
  equal(career.promotions(saved), 11)
  equal(career.n7_rating {}, 0)
  equal(career.n7_rating { class1 = "", class2 = ";;;;;;;", char0 = adept }, 0)
  equal(career.n7_rating { class1 = "20;4;Adept;-5;0;9000000000000000000" }, 0xFFFFFFFF)
  equal(career.n7_rating { class1 = "20;4;Adept;nan;0;-7" }, 0)
  equal(career.challenge_points { Completion = "22,1234,0,0,5" }, 1234)
  equal(career.challenge_points {}, nil)
  equal(career.challenge_points { Completion = "22" }, nil)
end

function tests.base_urls_of_upgrade_requests()
  local function base(scheme, host, port, is_local)
    return doors.base_url {
      ["x-pocket-relay-scheme"] = scheme, ["x-pocket-relay-host"] = host, ["x-pocket-relay-port"] = port,
      ["x-pocket-relay-local-http"] = is_local,
    }
  end
  equal(base(), "http://127.0.0.1:42131")
  equal(base("http", "127.0.0.1", "42131", "true"), "http://127.0.0.1:42131")
  equal(base("http", "127.0.0.1", "5000"), "http://127.0.0.1:5000")
  equal(base("https", "play.example.org", "443", "true"), "http://127.0.0.1:443")
  equal(base("https", "play.example.org"), "https://play.example.org:443")
  equal(base("http", "play.example.org"), "http://play.example.org:80")
  equal(base("http", "play.example.org", "8080"), "http://play.example.org:8080")
  equal(base("http", "play.example.org/evil?", "80"), "http://127.0.0.1:42131")
  equal(base("http", "127.0.0.1", "70000"), "http://127.0.0.1:42131")
  equal(base("http", "127.0.0.1", "1.5"), "http://127.0.0.1:42131")
end

return tests
