-- commands.lua: every command of the menu's components, and what answers it: a list that the log shows, and that fails
-- when a command has neither a route nor a reason.
--
-- The commands are those of components.csv; the tags those of reference 02 (sections 5, 6, 8, 9 and appendix A).
local play       = require "plays.lib.play"
local steps      = require "plays.lib.steps"
local commands   = require "plays.seed.commands"
local components = require "protocol.components"

local EMAIL, PASSWORD = "alice@example.org", "hunter22"

local LOGIN    = "LDHT NTOS PCTK PLST DSNM LAST PID STAS XREF XTYP PRIV SKEY SPAM THST TSUI TURI UID"
local FULL     = "AGUP LDHT NTOS PCTK PRIV SESS BUID FRST KEY LLOG MAIL PDTL DSNM UID SPAM THST TSUI TURI"
local DOCUMENT = "LDVC TCOL TCOT"
local PERSONA  = "DSNM LAST PID STAS XREF XTYP"
local NLST     = "NLST DEVI GDAY GNAM ID ISCO PID PJID PRCA PRID STAT STRC TAG TDAY TYPE UCNT VER"
local CONSOLE  = "there are no consoles here"
local TELE     = "ADRS ANON DISA FILT LOC NOOK PORT SDLY SESS SKEY SPCT STIM"
local INFO     = "INFO BOID FLGS LID LNM TYPE LMS PRID OFRC TOCT"
local FRIENDS  = { type = 1 }
local REWARD   = { group = "ME3GenOffers", tag = "ME3_PRO_MAGICAL_01" }

-- What each command is asked and answered: the tags of the answer ("" for a success without a body), or the error;
-- `why` says of a success without a body why there is nothing to say. `ends`: afterwards somebody else, or nobody, is
-- logged in.
local ANSWERS = {
  Authentication = {
    createAccount = { ask = { email = "new@example.org", password = PASSWORD }, tags = LOGIN .. " PNAM", ends = true },
    updateAccount   = { ask = { country = "DE" }, tags = "PCTK" },
    updateParentalEmail          = { why = "parents' addresses are not kept" },
    listUserEntitlements2        = { tags = NLST },
    getAccount      = { tags = "AMU ASRC CO DOB DTCR GOPT LATH LN MAIL PML RC STAS STAT TOSV TPOT UDU UID" },
    grantEntitlement             = { ask = { group = "ME3GenContent", tag = "ME3_PRO_COMMEND_09" }, tags = "" },
    listEntitlements             = { tags = NLST },
    hasEntitlement               = { ask = { tag = "ONLINE_ACCESS" }, tags = "" },
    getUseCount                  = { ask = { tag = "ONLINE_ACCESS" }, tags = "UCNT" },
    decrementUseCount            = { ask = REWARD, fault = "AUTH_ERR_NO_SUCH_ENTITLEMENT" },
    getAuthToken                 = { tags = "AUTH" },
    getHandoffToken              = { why = "there is no service to hand a login on to" },
    getPasswordRules             = { tags = "MAXS MINS VDCH" },
    grantEntitlement2            = { ask = REWARD, tags = "ENTI ISGR TAG" },
    login                        = { ask = { email = EMAIL, password = PASSWORD }, tags = LOGIN, ends = true },
    acceptTos                    = { ask = { tos_uri = "x" }, tags = "" },
    getTosInfo                   = { tags = "EAMC PMC PRIV THST TURI" },
    modifyEntitlement2           = { why = "what somebody owns is the operator's to change" },
    consumecode                  = { ask = { code = "x" }, fault = "AUTH_ERR_INVALID_CODE" },
    passwordForgot               = { ask = { email = EMAIL }, tags = "" },
    getTermsAndConditionsContent = { tags = DOCUMENT },
    getPrivacyPolicyContent      = { tags = DOCUMENT },
    listPersonaEntitlements2     = { tags = NLST },
    silentLogin = { ask = function(client) return { token = client.token, persona_id = client.id, token_type = 2 } end,
                    tags = FULL, ends = true },
    checkAgeReq                  = { tags = "ANON PEND SPAM" },
    getOptIn                     = { ask = { name = "news" }, tags = "VALU" },
    enableOptIn                  = { ask = { name = "news" }, tags = "" },
    disableOptIn                 = { ask = { name = "news" }, tags = "" },
    expressLogin                 = { ask = { email = EMAIL, password = PASSWORD }, tags = FULL, ends = true },
    logout                       = { tags = "", ends = true },
    createPersona                = { tags = PERSONA },
    getPersona                   = { tags = "PINF DSNM DTCR LADT NSNM PID STAS STRC UID" },
    listPersonas                 = { tags = "PINF " .. PERSONA },
    loginPersona = { ask = function(client) return { persona_name = client.persona } end,
                     tags = "BUID FRST KEY LLOG MAIL PDTL UID" },
    logoutPersona                = { tags = "", ends = true },
    deletePersona                = { fault = "ERR_AUTHORIZATION_REQUIRED" },
    disablePersona               = { fault = "ERR_AUTHORIZATION_REQUIRED" },
    listDeviceAccounts           = { why = "it would tell strangers the addresses of a device's accounts" },
    xboxCreateAccount            = { why = CONSOLE },
    originLogin                  = { ask = { token = "x" }, fault = "ERR_SYSTEM" },
    xboxAssociateAccount         = { why = CONSOLE },
    xboxLogin                    = { why = CONSOLE },
    ps3CreateAccount             = { why = CONSOLE },
    ps3AssociateAccount          = { why = CONSOLE },
    ps3Login                     = { why = CONSOLE },
    validateSessionKey = { ask = function(client) return { session_key = client.key } end, tags = "" },
    createWalUserSession         = { why = "there is no such web service to open a session with" },
    acceptLegalDocs              = { ask = { terms_uri = "x" }, tags = "" },
    getLegalDocsInfo             = { tags = "EAMC LHST PMC PPUI TSUI" },
    getTermsOfServiceContent     = { tags = DOCUMENT },
    deviceLoginGuest             = { why = "there are no guests" },
    checkSinglePlayerLogin       = { why = "the single-player game needs no login" },
  },
  Util = {
    fetchClientConfig   = { ask = { id = "ME3_DATA" }, tags = "CONF" },
    ping                = { tags = "STIM" },
    setClientData       = { tags = "" },
    localizeStrings     = { tags = "" },
    getTelemetryServer  = { tags = TELE },
    getTickerServer     = { tags = "ADRS PORT SKEY" },
    preAuth             = { tags = "ANON ASRC CIDS CNGN CONF INST MINR NASP PILD PLAT PTAG QOSS RSRC SVER" },
    postAuth            = { tags = "PSS TELE TICK UROP TMOP UID" },
    userSettingsLoad    = { ask = { key = "none" }, fault = "UTIL_USS_RECORD_NOT_FOUND" },
    userSettingsSave    = { ask = { key = "class1", value = "20;4;Adept;1;0.0000;1" }, tags = "" },
    userSettingsLoadAll = { tags = "SMAP" },
    deleteUserSettings  = { ask = { key = "class1" }, tags = "" },
    filterForProfanity  = { ask = { texts = { { text = "x" } } }, tags = "TLST DIRT UTXT" },
    fetchQosConfig      = { tags = "BWPS PSA PSP SNA LNP LTPS SVID" },
    setClientMetrics    = { tags = "" },
    setConnectionState  = { tags = "" },
    getPssConfig        = { tags = "ADRS CSIG PJID PORT RPRT TIID" },
    getUserOptions      = { tags = "TMOP UID" },
    setUserOptions      = { ask = { telemetry = 1 }, tags = "" },
    suspendUserPing     = { ask = { microseconds = 90000000 }, fault = "UTIL_PING_SUSPENDED" },
  },
  Messaging = {
    sendMessage   = { why = "nobody writes to anybody" },
    fetchMessages = { tags = "MCNT" },
    purgeMessages = { tags = "MCNT" },
    touchMessages = { tags = "MCNT" },
    getMessages   = { why = "nothing is stored" },
  },
  AssociationLists = {
    addUsersToList       = { ask = { list = FRIENDS }, tags = "" },
    removeUsersFromList  = { ask = { list = FRIENDS }, tags = "" },
    clearLists           = { ask = { lists = { FRIENDS } }, tags = "" },
    setUsersToList       = { ask = { list = FRIENDS }, tags = "" },
    getListForUser       = { ask = { list = FRIENDS }, tags = INFO },
    getLists             = { tags = "LMAP " .. INFO },
    subscribeToLists     = { ask = { lists = { FRIENDS } }, tags = "" },
    unsubscribeFromLists = { ask = { lists = { FRIENDS } }, tags = "" },
    getConfigListsInfo   = { tags = "LSDT ID MUTA NAME OFFL PRID ROLL SCRI SIZE" },
  },
}

-- A tag as its three bytes on the wire.
local function packed(tag)
  local bits = 0
  for i = 1, 4 do bits = bits << 6 | (tag:byte(i) or 32) - 32 & 63 end
  return (">I3"):pack(bits)
end

local function in_again(client)
  client:comes_back()
  steps.log_in(client, EMAIL, PASSWORD)
end

-- Sends a command and returns its answer; what is notified meanwhile is read and forgotten.
local function answer_to(client, name, expected)
  local ask = expected.ask
  if type(ask) == "function" then ask = ask(client) end
  if expected.why then client:calls(name) else client:sends(name, ask) end
  for _ = 1, 20 do
    local answer = client:next()
    if answer.kind ~= "notification" then return answer end
  end
  play.fails("%s: no answer", name)
end

local function check(name, expected, answer)
  play.equal(name, answer.name, "the answer's name")
  if expected.fault then
    play.equal({ kind = "error", error = expected.fault }, answer, name)
    return "error " .. expected.fault
  end
  play.equal("response", answer.kind, name .. ": " .. tostring(answer.error))
  if expected.why then
    play.equal("", answer.bytes, name)
    return "empty success: " .. expected.why
  end
  for tag in expected.tags:gmatch "%S+" do
    if not answer.bytes:find(packed(tag), 1, true) then play.fails("%s: the answer has no %s", name, tag) end
  end
  if expected.tags == "" then play.equal("", answer.bytes, name) end
  return expected.tags == "" and "success" or expected.tags
end

play.scene("every command of the menu has a route or a reason", function()
  local server = play.server {}
  local alice  = play.client(server, "Alice")
  steps.create_account(alice, EMAIL, PASSWORD)
  local told = 0
  for _, row in ipairs(commands) do
    local component, component_id, command, id = table.unpack(row)
    local name     = component .. "." .. command
    local expected = ANSWERS[component][command]
    if not expected then play.fails("%s has neither a route nor a reason", name) end
    play.equal(component_id, components[component].id, component)
    play.equal(id, components[component].commands[command], name)
    local line = check(name, expected, answer_to(alice, name, expected))
    mu.log.info("0x%02X 0x%03X %s: %s", component_id, id, name, line)
    told = told + 1
    if expected.ends then in_again(alice) end
  end
  play.equal(86, told, "commands")
  mu.log.info("%d of %d commands of components.csv", told, #commands)
  -- What no script answers gets an empty success, too, but then the log says so.
  alice:calls "Clubs.createClub"
  alice:next()
  local UNANSWERED = " is answered by no script"
  server:wait_log("Clubs.createClub" .. UNANSWERED)
  for _, row in ipairs(commands) do
    local name = row[1] .. "." .. row[3]
    play.equal(nil, server:log():find(name .. UNANSWERED, 1, true), name .. " in the log")
  end
end)
