-- http/galaxy_at_war.lua: the war as the game asks for it (reference 03 §2.1 – §2.7).
--
-- The game got its token in Blaze (getAuthToken); here it is part of the address, because the game puts it there. So it
-- is good for the war alone, and not for long (services/tokens.lua): who finds it in a log sees how far one war is.
-- Behind a Pocket Relay client every question arrives as a GET without headers, and with one slash too many.
local config  = mu.config
local limits  = require "services.limits"
local logins  = require "services.logins"
local proxy   = require "services.proxy"
local ratings = require "galaxy_at_war.ratings"
local war     = require "services.galaxy_at_war"
local xml     = require "configs.xml"

local PREFIXES = { "", "/gaw", "/wal/masseffect-gaw-pc" }    -- where games of different settings look for it
local ASSETS   = 10
local HOUR     = 3600
local line, block = xml.line, xml.block

local function document(element, status)
  return { status = status or 200, type = "text/xml;charset=UTF-8", text = xml.document(element) .. "\n" }
end

-- An error the game understands stands in a document of status 200.
local function refused(name, code, status)
  return document(block("error", { line("component", 2049), line("errorCode", code), line("errorName", name) }), status)
end

local function not_logged_in() return refused("ERR_AUTHENTICATION_REQUIRED", 0x40040000) end

-- Runs fn; a bug or a busy store becomes the game's own kind of error, and the log has the reason.
local function guarded(fn)
  return function(request)
    local ok, result = pcall(fn, request)
    if ok then return result end
    mu.log.error("galaxy at war: %s", result)
    return refused("ERR_SYSTEM", 0x40010000, 500)
  end
end

-- The account behind the token, or nil.
local function account_of(request, token)
  return logins.by_war_token_from(proxy.origin(request), token)
end

local function login(request)
  local token = request.query.auth
  if not token then return { status = 400, text = "auth is missing: the token from getAuthToken" } end
  local account = account_of(request, token)
  if not account then return not_logged_in() end
  local last = account.last_login or 0
  return document(block("fulllogin", {
    line("canageup", 0), line "legaldochost", line("needslegaldoc", 0), line("pclogintoken", token),
    line "privacypolicyuri",
    block("sessioninfo", {
      line("blazeuserid", account.id), line("isfirstlogin", 0), line("sessionkey", token),
      line("lastlogindatetime", last), line "email",
      block("personadetails", {
        line("displayname", account.name), line("lastauthenticated", last), line("personaid", account.id),
        line("status", "UNKNOWN"), line("extid", 0), line("exttype", "BLAZE_EXTERNAL_REF_TYPE_UNKNOWN"),
      }),
      line("userid", account.id),
    }),
    line("isoflegalcontactage", 0), line "toshost", line "termsofserviceuri", line "tosuri",
  }))
end

local function report(account, values)
  local shown, assets = {}, { line("assets", war.promotions(account.id)) }
  for i, value in ipairs(values) do shown[i] = line("ratings", value) end
  for i = 2, ASSETS do assets[i] = line("assets", 0) end
  return document(block("galaxyatwargetratings", {
    block("ratings", shown), line("level", ratings.level(values)), block("assets", assets),
  }))
end

local function get_ratings(request)
  local account = account_of(request, request.params.key)
  if not account then return not_logged_in() end
  return report(account, (war.ratings(account.id)))
end

local function increase_ratings(request)
  local account = account_of(request, request.params.key)
  if not account then return not_logged_in() end
  local increments = {}
  for i = 1, #ratings.THEATRES do
    local text = request.query["rinc|" .. i - 1]
    increments[i] = text and #text <= 9 and math.tointeger(text:match "^%d+$") or 0
  end
  if not limits.take("matches of a player", account.id, config.galaxy_at_war.increases_per_hour, HOUR) then
    return report(account, (war.ratings(account.id)))
  end
  return report(account, war.increase(account.id, increments))
end

-- What else the game's own code can ask: messages of applications that are long gone (reference 03 §2.7). Nobody knows
-- the addresses: one that names the question gets the answer "none", every other one an error, and the log says once
-- what it was.
local EMPTY = {
  getmessages   = block("getmessages", { line "messages" }),
  sendmessage   = block("sendmessage", { line "messageids" }),
  touchmessages = block("touchmessages", { line("count", 0) }),
}
local MOST_PATHS, MOST_PART, MOST_PATH = 32, 24, 120

local unknown_path = mu.record "war_path" { path = mu.string { key = true, max = MOST_PATH } }

local function tell(path)
  path = path:gsub("[^/]+", function(part) return #part > MOST_PART and "…" or nil end):gsub("%c", "?")
  path = path:sub(1, MOST_PATH)
  if unknown_path.get(path) or unknown_path.count() >= MOST_PATHS then return end
  unknown_path.create { path = path }
  mu.log.info("galaxy at war: a game asks for %s, which nobody here knows; tell us of it", path)
end

local function something_else(request)
  tell(request.path)
  for part in request.path:lower():gmatch "[^/]+" do
    if EMPTY[part] then return document(EMPTY[part]) end
  end
  return refused("ERR_COMMAND_NOT_FOUND", 0x40030000)
end

for _, path in ipairs { "/authentication", "/galaxyatwar", "/gaw", "/wal/masseffect-gaw-pc" } do
  mu.http.get(path .. "/{name...}", { handle = something_else })
end

for _, prefix in ipairs(PREFIXES) do
  mu.http.get(prefix .. "/authentication/sharedTokenLogin", { handle = guarded(login) })
  mu.http.get(prefix .. "/galaxyatwar/getRatings/{key}", { handle = guarded(get_ratings) })
  mu.http.get(prefix .. "/galaxyatwar/increaseRatings/{key}", { handle = guarded(increase_ratings) })
end
