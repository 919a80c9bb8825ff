-- services/limits.lua: how often one address or one account may do what costs something.
--
-- Each (what, whom) has a bucket of tokens. Doing it takes one; the bucket fills up again evenly within its window.
-- Buckets are records, so a reload forgets nothing; a full one is forgotten, for a missing one is full. The figures
-- stand in config.lua; 0 is no limit. Refusals are counted for /metrics, and told to the log once a minute.
local limits = {}

local MOST_BUCKETS = 100000                      -- beyond that, strangers share one bucket for each `what`

local bucket_kind = mu.record "token_bucket" {
  key     = mu.string { key = true, max = 400 },
  left    = mu.number,
  at      = mu.number,                           -- when `left` was right, on mu.time.mono's clock
  most    = mu.u32,
  seconds = mu.u32,
}

local refused = mu.metric "limits_refused" { type = "counter", labels = { "limit" },
  text = "what was refused because one address or account did it too often, by limit" }

local MOST_WHOM = 64                             -- bytes of it in the log

local untold_kind = mu.record "limit_refusals" {   -- refusals that the log does not know of yet
  what  = mu.string { key = true, max = 64 },
  count = mu.i64,
  whom  = mu.string { max = MOST_WHOM },         -- the last one
}

-- Filling up and emptying --------------------------------------------------------------------------------------------

local function level(bucket, now)
  return math.min(bucket.most, bucket.left + (now - bucket.at) * bucket.most / bucket.seconds)
end

local forget
forget = mu.timer "token_bucket.forget" {
  handle = function(bucket)
    local missing = bucket.most - level(bucket, mu.time.mono())
    if missing <= 0 then return bucket:remove() end
    forget:start(missing * bucket.seconds / bucket.most + 1, bucket)
  end,
}

local function bucket_of(what, whom, most, seconds)
  local key    = what .. " " .. whom
  local bucket = bucket_kind.get(key)
  if not bucket and bucket_kind.count {} >= MOST_BUCKETS then
    key    = what .. " of everybody"
    bucket = bucket_kind.get(key)
  end
  local now = mu.time.mono()
  if not bucket then
    bucket = bucket_kind.create { key = key, left = most, at = now, most = most, seconds = seconds }
    forget:start(seconds, bucket)
    return bucket
  end
  bucket.left, bucket.at, bucket.most, bucket.seconds = level(bucket, now), now, most, seconds
  return bucket
end

-- Refusals -----------------------------------------------------------------------------------------------------------

local function tell(untold)
  mu.log.warn("limit '%s' reached: %d refused, the last one from %s", untold.what, untold.count, untold.whom)
  untold.count = 0
end

local tell_more
tell_more = mu.timer "limit_refusals.tell" {
  handle = function(untold)
    if untold.count == 0 then return end
    tell(untold)
    tell_more:start(60, untold)
  end,
}

-- One more refusal of `what`, by this module or by one with a count of its own.
function limits.refuse(what, address)
  local untold = untold_kind.get(what) or untold_kind.create { what = what }
  refused:add(1, { limit = what })
  untold.count = untold.count + 1
  untold.whom  = address
  if tell_more:left(untold) then return end
  tell(untold)
  tell_more:start(60, untold)
end

-- How often each limit has been reached since the start: { [what] = count }.
function limits.refusals()
  local counts = {}
  for _, row in ipairs(refused:values()) do counts[row.labels.limit] = row.value end
  return counts
end

-- Asking -------------------------------------------------------------------------------------------------------------

-- Takes a token of `whom` for `what`: true, or false when there is none. `most` tokens fill up within `seconds`;
-- `address` is for the log where `whom` is not one itself.
function limits.take(what, whom, most, seconds, address)
  if most == 0 then return true end
  local bucket = bucket_of(what, whom, most, seconds)
  if bucket.left < 1 then
    limits.refuse(what, tostring(address or whom):sub(1, MOST_WHOM))
    return false
  end
  bucket.left = bucket.left - 1
  return true
end

-- Gives a token back: what it was taken for was fine.
function limits.give_back(what, whom, most, seconds)
  if most == 0 then return end
  local bucket = bucket_of(what, whom, most, seconds)
  bucket.left = math.min(most, bucket.left + 1)
end

return limits
