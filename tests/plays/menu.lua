-- menu.lua: what can be asked between the login and a match: the account, documents, options, entitlements.
local play  = require "plays.lib.play"
local steps = require "plays.lib.steps"

local function logged_in(server, name)
  local client = play.client(server, name)
  steps.create_account(client, name:lower() .. "@example.org", "hunter22")
  return client
end

play.scene("legal documents in the player's language, with their real lengths", function()
  local alice = play.client(play.server {}, "Alice")
  steps.hello(alice)
  local seen = {}
  for _, command in ipairs { "getTermsOfServiceContent", "getPrivacyPolicyContent", "getTermsAndConditionsContent" } do
    for _, language in ipairs { "en", "de" } do
      for _, content_type in ipairs { 0, 1 } do
        local answer = alice:asks("Authentication." .. command, {
          country = "NZ", language = language, platform = "pc", content_type = content_type,
        }, { content = play.text "Mu Relay", version = play.text("^web%l+/mu/" .. language .. "/pc/default/%x+$") })
        play.equal(#answer.content, answer.length, command .. ": length")
        play.equal(content_type == 1, answer.content:find "<h1>" ~= nil, command .. ": HTML")
        play.equal(content_type == 1, answer.content:find "<" ~= nil, command .. ": tags")
        seen[answer.content] = true
      end
    end
  end
  local count = 0
  for _ in pairs(seen) do count = count + 1 end
  play.equal(8, count, "different texts")
  alice:asks("Authentication.getTermsOfServiceContent", { language = "ja", content_type = 1 },
    { content = play.text "Terms of use" })
  alice:asks("Authentication.getTermsOfServiceContent", { language = "../../x", content_type = 1 },
    { content = play.text "Terms of use" })
  alice:asks("Authentication.getLegalDocsInfo", { country = "NZ", platform = "pc" }, play.exactly {
    we_may_contact = 0, host = "", partners_may_contact = 0, privacy_policy_uri = "", terms_uri = "",
  })
  alice:asks("Authentication.getTosInfo", { country = "NZ", platform = "pc" }, { tos_uri = "", host = "" })
  alice:asks("Authentication.acceptLegalDocs", { terms_uri = "webterms/mu/en/pc/default/1" })
end)

play.scene("an operator's own documents", function()
  local server = play.server {
    files = { ["assets/legal/terms.en.html"] = "<p>House &amp; rules</p>", ["assets/legal/terms.xx.html"] = "xx",
              ["assets/legal/terms.fr.html"] = "<p>Règles</p>" },
  }
  local alice = play.client(server, "Alice")
  local function reads(language, content_type, text)
    alice:asks("Authentication.getTermsOfServiceContent", { language = language, content_type = content_type },
      { content = text, length = #text })
  end
  reads("en", 1, "<p>House &amp; rules</p>")
  reads("en", 0, "House & rules")
  reads("FR", 0, "Règles")
  server:write("data/assets/legal/terms.en.html", "<p>New rules</p>")
  server:reload()
  reads("en", 0, "New rules")
end)

play.scene("the account: what it is, what its owner may change", function()
  local server = play.server {}
  local alice  = logged_in(server, "Alice")
  local bob    = logged_in(server, "Bob")
  alice:asks("Authentication.getAccount", {}, {
    email = "alice@example.org", user_id = alice.id, status = 1, created = play.text "^%d+%-%d+%-%d+T%d+:%d+Z$",
    country = "", language = "en",
  })
  local function updates(request)
    return alice:asks("Authentication.updateAccount", request, { token = play.text "^[%w_-]+%.[%w_-]+$" })
  end
  local function may_not(request, fault)
    alice:is_refused("Authentication.updateAccount", request, fault)
  end
  updates { country = "DE", language = "de", global_opt_in = 1 }
  alice:asks("Authentication.getAccount", {}, { country = "DE", language = "de", global_opt_in = 1 })
  may_not({ password = "another1" }, "AUTH_ERR_CURRENT_PASSWORD_REQUIRED")
  may_not({ password = "another1", current_password = "wrong" }, "AUTH_ERR_INVALID_PASSWORD")
  may_not({ password = "abc", current_password = "hunter22" }, "AUTH_ERR_FIELD_TOO_SHORT")
  may_not({ email = "nonsense", current_password = "hunter22" }, "AUTH_ERR_INVALID_EMAIL")
  may_not({ email = "bob@example.org", current_password = "hunter22" }, "AUTH_ERR_EXISTS")
  may_not({ country = ("x"):rep(300) }, "AUTH_ERR_FIELD_TOO_LONG")
  may_not({ user_id = bob.id, country = "FR" }, "ERR_AUTHORIZATION_REQUIRED")
  mu.sleep(1.1)                                  -- tokens are void by the second
  local old = alice.token
  alice.token = updates { email = "carol@example.org", password = "another1", current_password = "hunter22" }.token
  alice:comes_back()
  alice:is_refused("Authentication.silentLogin", { token = old, persona_id = alice.id, token_type = 2 },
    "AUTH_ERR_INVALID_TOKEN")
  steps.silent_login(alice)
  alice:comes_back()
  steps.log_in(alice, "carol@example.org", "another1")
end)

play.scene("an express login", function()
  local server = play.server {}
  local alice  = logged_in(server, "Alice")
  alice:comes_back()
  steps.hello(alice)
  alice:is_refused("Authentication.expressLogin", { email = "alice@example.org", password = "x" },
    "AUTH_ERR_INVALID_PASSWORD", { persona_name = "", user_id = 0 })
  alice:asks("Authentication.expressLogin", { email = "alice@example.org", password = "hunter22" },
    { session = { player_id = alice.id } })
  steps.sees_itself(alice, alice.id)
end)

play.scene("the persona", function()
  local server = play.server {}
  local alice  = logged_in(server, "Alice")
  alice:asks("Authentication.listPersonas", {},
    { personas = { { persona_id = alice.id, display_name = alice.persona } } })
  alice:asks("Authentication.getPersona", { persona_id = alice.id },
    { persona = { display_name = alice.persona, namespace = "cem_ea_id" }, user_id = alice.id })
  alice:is_refused("Authentication.getPersona", { persona_id = 4711 }, "AUTH_ERR_PERSONA_NOT_FOUND")
  alice:asks("Authentication.createPersona", { persona_name = alice.persona }, { persona_id = alice.id })
  alice:is_refused("Authentication.createPersona", { persona_name = "Another" },
    "AUTH_ERR_TOO_MANY_PERSONA_FOR_NAMESPACE")
  alice:is_refused("Authentication.deletePersona", { persona_id = alice.id }, "ERR_AUTHORIZATION_REQUIRED")
  alice:is_refused("Authentication.disablePersona", { persona_id = 4711 }, "AUTH_ERR_PERSONA_NOT_FOUND")
  alice:asks("Authentication.logoutPersona", {})
  alice:is_notified("UserSessions.UserRemoved", { user_id = alice.id })
  alice:asks("Authentication.loginPersona", { persona_name = alice.persona }, { player_id = alice.id })
  steps.sees_itself(alice, alice.id)
  alice:asks("Authentication.validateSessionKey", { session_key = alice.key })
  alice:is_refused("Authentication.validateSessionKey", { session_key = "x" }, "AUTH_ERR_INVALID_SESSION_KEY")
  alice:is_refused("Authentication.validateSessionKey", {}, "AUTH_ERR_INVALID_SESSION_KEY")
end)

play.scene("options and opt-ins outlive a restart", function()
  local server = play.server {}
  local alice  = logged_in(server, "Alice")
  alice:asks("Util.getUserOptions", {}, play.exactly { telemetry = 1, user_id = alice.id })
  alice:asks("Util.setUserOptions", { telemetry = 0 })
  alice:is_refused("Util.setUserOptions", { telemetry = 0, user_id = 4711 }, "ERR_AUTHORIZATION_REQUIRED")
  alice:asks("Authentication.getOptIn", { name = "news" }, { value = false })
  alice:asks("Authentication.enableOptIn", { name = "news" })
  alice:is_refused("Authentication.enableOptIn", {}, "AUTH_ERR_OPTIN_NAME_REQUIRED")
  alice:is_refused("Authentication.enableOptIn", { name = ("x"):rep(100) }, "AUTH_ERR_INVALID_OPTIN")
  play.kill(server)
  server:restart()
  alice:connects()
  steps.silent_login(alice)
  alice:asks("Authentication.getOptIn", { name = "news" }, { value = true })
  alice:asks("Authentication.disableOptIn", { name = "news" })
  alice:asks("Authentication.getOptIn", { name = "news" }, { value = false })
  alice:asks("Util.getUserOptions", {}, { telemetry = 0 })
  alice:asks("Util.postAuth", {}, { options = { telemetry = 0, user_id = alice.id } })
  for i = 1, 63 do alice:asks("Authentication.enableOptIn", { name = "n" .. i }) end
  alice:is_refused("Authentication.enableOptIn", { name = "one too many" }, "AUTH_ERR_INVALID_OPTIN")
end)

play.scene("entitlements: asked for, granted, used up", function()
  local server = play.server {}
  local alice, bob = logged_in(server, "Alice"), logged_in(server, "Bob")
  local function has(client, count)
    client:asks("Authentication.listUserEntitlements2", { page = 1, page_size = 50 },
      { entitlements = play.where(function(list) return #list == count end, count .. " entitlements") })
  end
  local REWARD = { group = "ME3GenOffers", tag = "ME3_PRO_MAGICAL_01" }
  alice:asks("Authentication.hasEntitlement", { tag = "ONLINE_ACCESS", groups = { "ME3PCOffers" } })
  alice:is_refused("Authentication.hasEntitlement", { tag = REWARD.tag }, "AUTH_ERR_NO_SUCH_ENTITLEMENT")
  alice:is_refused("Authentication.hasEntitlement", {}, "AUTH_ERR_ENTITLEMENT_TAG_REQUIRED")
  alice:is_refused("Authentication.hasEntitlement", { tag = "ONLINE_ACCESS", user_id = bob.id },
    "ERR_AUTHORIZATION_REQUIRED")
  alice:asks("Authentication.listEntitlements", { groups = { "ME3GenOffers" }, page = 1, page_size = 2 },
    { entitlements = play.where(function(list) return #list == 2 end, "2 entitlements") })
  alice:asks("Authentication.listEntitlements", { groups = { "ME3GenOffers" }, page = 3, page_size = 2 },
    { entitlements = play.exactly {} })
  alice:asks("Authentication.listPersonaEntitlements2", { tag = "ME3_PRC_OMEGA" },
    { entitlements = { { tag = "ME3_PRC_OMEGA" } } })
  has(alice, 38)
  alice:asks("Authentication.grantEntitlement2", { group = REWARD.group, tag = REWARD.tag, use_count = "3" },
    { is_granted = true, entitlement = { tag = REWARD.tag, group = REWARD.group, use_count = 3, status = 1 } })
  alice:asks("Authentication.grantEntitlement2", { group = REWARD.group, tag = REWARD.tag, use_count = "3" },
    { is_granted = false, entitlement = { tag = REWARD.tag } })
  alice:asks("Authentication.grantEntitlement", { group = "ME3GenContent", tag = "ME3_PRO_COMMEND_09" })
  alice:is_refused("Authentication.grantEntitlement", { group = "ME3GenContent", tag = "ANYTHING" },
    "AUTH_ERR_UNKNOWN_ENTITLEMENT")
  alice:asks("Authentication.getUseCount", REWARD, { count = 3 })
  alice:asks("Authentication.decrementUseCount", { group = REWARD.group, tag = REWARD.tag, count = 2 },
    { consumed = 2, remaining = 1 })
  alice:is_refused("Authentication.decrementUseCount", { group = REWARD.group, tag = REWARD.tag, count = 2 },
    "AUTH_ERR_USECOUNT_ZERO")
  play.kill(server)
  server:restart()
  alice:connects()
  steps.silent_login(alice)
  has(alice, 40)
  alice:asks("Authentication.getUseCount", REWARD, { count = 1 })
  bob:connects()
  steps.silent_login(bob)
  has(bob, 38)
end)

play.scene("small things of Util", function()
  local alice = logged_in(play.server {}, "Alice")
  alice:asks("Util.filterForProfanity", { texts = { { text = "one" }, { text = "two" } } },
    { texts = { { result = 0, text = "one" }, { result = 0, text = "two" } } })
  alice:asks("Util.localizeStrings", { ids = { "a" } }, play.exactly {})
  alice:asks("Util.setConnectionState", { active = true })
  alice:asks("Util.setClientData", { locale = 0x64654445 })
  alice:asks("Util.getTelemetryServer", { service_name = "x" }, { locale = 0x64654445, address = "127.0.0.1" })
  alice:asks("Util.getTickerServer", {}, { port = 8999, key = play.text("^" .. alice.id .. ",") })
  alice:asks("Util.getPssConfig", {}, { project_id = "303107" })
  alice:asks("Util.fetchQosConfig", {}, { service_id = 0x45410805 })
  alice:asks("Authentication.checkAgeReq", { birth_year = 1980 },
    play.exactly { anonymous = false, pending = 0, of_contact_age = 0 })
  alice:is_refused("Authentication.consumecode", { code = "1234" }, "AUTH_ERR_INVALID_CODE")
end)
