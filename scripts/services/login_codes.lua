-- services/login_codes.lua: getting into the dashboard with a code that the game shows (reference 03 §4.2, A3 and A4).
--
-- A code is five letters and digits, good once and for half an hour; an account has one at a time. Guessing is slow:
-- config limits.codes_per_minute for an address, and every wrong code counts.
local config   = mu.config
local limits   = require "services.limits"
local messages = require "services.messages"

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
local LENGTH  = 5
local MINUTES = 30
local TRIES   = 16
local MESSAGE = 2                                -- the number of its line in the menu

local code_kind = mu.record "login_code" {
  code      = mu.string { key = true, max = LENGTH },
  player_id = mu.u32 { index = true },
}

local expire = mu.timer "login_code.expire" { handle = function(code) code:remove() end }

local login_codes = {}

-- Evenly, from the system's random numbers: 252 is the largest multiple of 36 in a byte.
local function random_code()
  local text = {}
  while #text < LENGTH do
    local byte = mu.crypto.random(1):byte()
    if byte < 252 then text[#text + 1] = LETTERS:sub(byte % 36 + 1, byte % 36 + 1) end
  end
  return table.concat(text)
end

local function shown(code)
  local colored = "<font color='#FFFF66'>" .. code .. "</font>"
  return "Login confirmation code: " .. colored .. "\n[SYSTEM_TERMINAL]" .. mu.json.encode {
    title = "Login confirmation code", message = "Your login confirmation code is " .. colored
      .. ". Enter it in the dashboard within " .. MINUTES .. " minutes. Tell it to nobody.",
    image = "", ty = 0, tracking_id = -1, priority = 1,
  } .. "\n"
end

-- Makes a code for an online player and shows it in his game; every earlier one of his is void.
function login_codes.send(player)
  for old in code_kind.where { player_id = player.id } do old:remove() end
  for _ = 1, TRIES do
    local code = random_code()
    if not code_kind.get(code) then
      expire:start(MINUTES * 60, code_kind.create { code = code, player_id = player.id })
      messages.send(player.session, MESSAGE, shown(code))
      return
    end
  end
  error "no free login code was found"
end

-- The player id behind a code, which is void from now on; nil when there is none, or "limit" when `address` has guessed
-- too often.
function login_codes.exchange(text, address)
  if not limits.take("codes from an address", address, config.limits.codes_per_minute, 60) then return "limit" end
  local code = #text == LENGTH and code_kind.get(text)
  if not code then return nil end
  local id = code.player_id
  code:remove()
  return id
end

return login_codes
