-- services/limits.lua: how often one address or one account may do what costs something.
--
-- A count per key and window, kept as a record so that a reload forgets nothing; it ends with its window. Only what is
-- worth limiting is counted: failed logins, new accounts, look-ups. A player who logs in normally never meets a limit.
local limits = {}

local count = mu.record "rate_count" {
  key   = mu.string { key = true, max = 300 },
  value = mu.u32,
}

local forget = mu.timer "rate_count.forget" {
  handle = function(counted) counted:remove() end,
}

-- Counts one more `what` of `whom`; true while there were no more than `most` within `seconds`. 0 is no limit.
function limits.count(what, whom, most, seconds)
  if most == 0 then return true end
  local key = what .. " " .. whom
  local counted = count.get(key)
  if not counted then
    counted = count.create { key = key }
    forget:start(seconds, counted)
  end
  counted.value = counted.value + 1
  return counted.value <= most
end

-- Whether `whom` has already used up what it may do.
function limits.reached(what, whom, most)
  local counted = most > 0 and count.get(what .. " " .. whom)
  return counted and counted.value >= most
end

return limits
