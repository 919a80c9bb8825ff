-- services/subscriptions.lua: who sees whom.
--
-- A game knows only the users it was told of. Subscribing tells it (UserAdded, UserUpdated); from then on every change
-- of that user reaches it (UserSessionExtendedDataUpdate), until it is told to forget (UserRemoved). Each game sees
-- itself; players of one game see each other. The same pair may be wanted for two reasons, so it is counted.
local doors  = require "services.doors"
local schema = require "schema.user_sessions"

local user_sessions = mu.component "UserSessions"

local SUBSCRIBED_ONLINE = 3
local UNMEASURED        = 0x0FFF0FFF
local NO_SITE           = "ea-sjc"
local N7_RATING         = 0x70001
local UNKNOWN_NAT       = 4

local subscriptions = {
  ExtendedDataUpdate  = user_sessions.notification "UserSessionExtendedDataUpdate" {
    body = schema.SessionExtendedDataUpdate,
  },
  UserAdded           = user_sessions.notification "UserAdded" { body = schema.UserAdded },
  UserRemoved         = user_sessions.notification "UserRemoved" { body = schema.UserRemoved },
  SessionDisconnected = user_sessions.notification "UserSessionDisconnected" { body = schema.SessionDisconnected },
  UserUpdated         = user_sessions.notification "UserUpdated" { body = schema.UserStatus },
}

local pair_kind = mu.record "subscription" {
  pair          = mu.i64 { key = true },
  subscriber    = mu.ref "session",
  target        = mu.ref "session",
  subscriber_id = mu.u32 { index = true },
  target_id     = mu.u32 { index = true },
  count         = mu.u16 { default = 1 },
}

local function pair_of(subscriber, target)
  return subscriber.id << 32 | target.id
end

-- What others see ----------------------------------------------------------------------------------------------------

-- The best ping site, and the latency to each in the order of their names; nothing measured yet, no list.
local function latencies_of(session)
  if not session.has_address then return NO_SITE end
  local best, least, list = NO_SITE, UNMEASURED, {}
  for i, site in ipairs(doors.ping_sites(session)) do
    list[i] = session.latencies[site] or UNMEASURED
    if list[i] < least then best, least = site, list[i] end
  end
  return best, list
end

-- Keeps what a game measured, as far as it is about sites it was told of.
function subscriptions.measured(session, latencies)
  for _, site in ipairs(doors.ping_sites(session)) do session.latencies[site] = latencies and latencies[site] end
end

function subscriptions.identification(player)
  return { account_id = player.id, account_locale = player.locale, id = player.id, name = player.name }
end

local function address_of(session)
  return {
    pair = {
      external = { ip = session.external_ip, port = session.external_port },
      internal = { ip = session.internal_ip, port = session.internal_port },
    },
  }
end

function subscriptions.extended_data(session)
  local best, latencies = latencies_of(session)
  return {
    address        = session.has_address and address_of(session) or false,
    best_ping_site = best,
    data_map       = { [N7_RATING] = session.player.rating },
    hardware_flags = session.hardware_flags,
    latencies      = latencies,
    qos            = {
      downstream_bits_per_second = session.downstream,
      nat_type                   = session.nat_type,
      upstream_bits_per_second   = session.upstream,
    },
  }
end

-- The same for somebody who is not here.
function subscriptions.no_extended_data()
  return {
    data_map = { [N7_RATING] = 0 },
    qos      = { downstream_bits_per_second = 0, nat_type = UNKNOWN_NAT, upstream_bits_per_second = 0 },
  }
end

-- Pairs --------------------------------------------------------------------------------------------------------------

-- `subscriber` sees `target` from now on.
function subscriptions.add(subscriber, target)
  local number = pair_of(subscriber, target)
  local pair   = pair_kind.get(number)
  if pair then
    pair.count = pair.count + 1
    return
  end
  pair_kind.create {
    pair = number, subscriber = subscriber, target = target,
    subscriber_id = subscriber.id, target_id = target.id,
  }
  subscriber:notify(subscriptions.UserAdded, {
    data = subscriptions.extended_data(target), user = subscriptions.identification(target.player),
  })
  subscriber:notify(subscriptions.UserUpdated, { flags = SUBSCRIBED_ONLINE, user_id = target.player.id })
end

-- One reason less for `subscriber` to see `target`.
function subscriptions.remove(subscriber, target)
  local pair = pair_kind.get(pair_of(subscriber, target))
  if not pair then return end
  pair.count = pair.count - 1
  if pair.count > 0 then return end
  pair:remove()
  subscriber:notify(subscriptions.UserRemoved, { user_id = target.player.id })
end

-- Tells everyone who sees this session what it is like now.
function subscriptions.publish(session)
  local to = {}
  for pair in pair_kind.where { target_id = session.id } do to[#to + 1] = pair.subscriber end
  if #to == 0 then return end
  mu.notify(to, subscriptions.ExtendedDataUpdate, {
    data = subscriptions.extended_data(session), user_id = session.player.id,
  })
end

-- The login of `session` ends: nobody sees it any more, and it sees nobody.
function subscriptions.drop(session)
  local told = {}
  for pair in pair_kind.where { target_id = session.id } do
    told[#told + 1] = pair.subscriber
    pair:remove()
  end
  mu.notify(told, subscriptions.UserRemoved, { user_id = session.player.id })
  for pair in pair_kind.where { subscriber_id = session.id } do
    session:notify(subscriptions.UserRemoved, { user_id = pair.target.player.id })
    pair:remove()
  end
end

return subscriptions
