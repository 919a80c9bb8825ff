-- services/limits.lua: how often one address or one account may do what costs something.
--
-- Each (what, whom) has a bucket of tokens. Doing it takes one; the bucket fills up again evenly within its window.
-- Buckets are records, so a reload forgets nothing; a full one is forgotten, for a missing one is full. The figures
-- stand in config.lua; 0 is no limit. Refusals are counted, and told to the log once a minute.
local limits = {}

local MOST_BUCKETS = 100000                      -- beyond that, strangers share one bucket for each `what`

local bucket_kind = mu.record "token_bucket" {
  key     = mu.string { key = true, max = 400 },
  left    = mu.number,
  at      = mu.number,                           -- when `left` was right, on mu.time.mono's clock
  most    = mu.u32,
  seconds = mu.u32,
}

local refusal_kind = mu.record "limit_refusals" {
  what  = mu.string { key = true, max = 64 },
  count = mu.i64,                                -- since the server started
  told  = mu.i64,                                -- of these, in the log already
  whom  = mu.string { max = 64 },                -- the last one
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

local function tell(refusals)
  mu.log.warn("limit '%s' reached: %d refused, the last one from %s", refusals.what,
              refusals.count - refusals.told, refusals.whom)
  refusals.told = refusals.count
end

local tell_more
tell_more = mu.timer "limit_refusals.tell" {
  handle = function(refusals)
    if refusals.told == refusals.count then return end
    tell(refusals)
    tell_more:start(60, refusals)
  end,
}

local function refused(what, address)
  local refusals = refusal_kind.get(what) or refusal_kind.create { what = what }
  refusals.count = refusals.count + 1
  refusals.whom  = address
  if tell_more:left(refusals) then return end
  tell(refusals)
  tell_more:start(60, refusals)
end

-- How often each limit has been reached since the start: { [what] = count }.
function limits.refusals()
  local counts = {}
  for refusals in refusal_kind.all() do counts[refusals.what] = refusals.count end
  return counts
end

-- Asking -------------------------------------------------------------------------------------------------------------

-- Takes a token of `whom` for `what`: true, or false when there is none. `most` tokens fill up within `seconds`;
-- `address` is for the log where `whom` is not one itself.
function limits.take(what, whom, most, seconds, address)
  if most == 0 then return true end
  local bucket = bucket_of(what, whom, most, seconds)
  if bucket.left < 1 then
    refused(what, address or whom)
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
