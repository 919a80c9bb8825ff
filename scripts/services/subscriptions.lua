-- services/subscriptions.lua: who sees whom.
--
-- A game knows only the users it was told of. Subscribing tells it (UserAdded, UserUpdated); from then on every change
-- of that user reaches it (UserSessionExtendedDataUpdate), until it is told to forget (UserRemoved). Each game sees
-- itself; players of one game see each other. The same pair may be wanted for two reasons, so it is counted.
--
-- Whoever has a player on a list (services/lists.lua) sees whether he is here, but not his address: anybody can put
-- anybody on a list.
local doors  = require "services.doors"
local schema = require "schema.user_sessions"

local user_sessions = mu.component "UserSessions"

local SUBSCRIBED, SUBSCRIBED_ONLINE = 1, 3
local UNMEASURED        = 0x0FFF0FFF
local NO_SITE           = "ea-sjc"
local N7_RATING         = 0x70001
local UNKNOWN_NAT       = 4
local GAME_MANAGER, GAME = 0x4, 1

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
  count         = mu.u16 { default = 1 },        -- reasons to see all of the target
  listed        = mu.bool,                       -- the target is on a list of the subscriber
}

local function pair_of(subscriber_id, target_id) return subscriber_id << 32 | target_id end

-- What others see ----------------------------------------------------------------------------------------------------

-- The best ping site, and the latency to each in the order of their names.
local function latencies_of(session)
  local best, least, list = NO_SITE, UNMEASURED, {}
  local measured = session.latencies
  for i, site in ipairs(doors.ping_sites(session)) do
    list[i] = measured[site] or UNMEASURED
    if list[i] < least then best, least = site, list[i] end
  end
  return best, list
end

-- Keeps what a game measured, as far as it is about sites it was told of.
function subscriptions.measured(session, latencies)
  for _, site in ipairs(doors.ping_sites(session)) do session.latencies[site] = latencies and latencies[site] end
end

function subscriptions.identification(player)
  local id = player.id
  return { account_id = id, account_locale = player.locale, id = id, name = player.name }
end

local function address_of(session)
  return {
    pair = {
      external = { ip = session.external_ip, port = session.external_port },
      internal = { ip = session.internal_ip, port = session.internal_port },
    },
  }
end

-- What a user in this game belongs to.
function subscriptions.objects(game) return { { GAME_MANAGER, GAME, game.id } } end

function subscriptions.extended_data(session)
  local measured, member = session.has_address, session.member
  local best, latencies
  if measured then best, latencies = latencies_of(session) end
  return {
    address        = measured and address_of(session) or false,
    best_ping_site = best or NO_SITE,
    data_map       = { [N7_RATING] = session.player.rating },
    hardware_flags = session.hardware_flags,
    latencies      = latencies,
    objects        = member and subscriptions.objects(member.game) or nil,
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

-- Somebody who is here, without his address.
local function presence(session)
  local data = subscriptions.no_extended_data()
  data.data_map[N7_RATING] = session.player.rating
  return data
end

-- Pairs --------------------------------------------------------------------------------------------------------------

local function introduce(subscribers, target, data)
  local player = target.player
  mu.notify(subscribers, subscriptions.UserAdded, { data = data, user = subscriptions.identification(player) })
  mu.notify(subscribers, subscriptions.UserUpdated, { flags = SUBSCRIBED_ONLINE, user_id = player.id })
end

-- Each of `subscribers` sees `target` from now on. `known`: his extended data, where they have been put together.
function subscriptions.add_all(subscribers, target, known)
  local fresh, listing, target_id = {}, {}, target.id
  for _, subscriber in ipairs(subscribers) do
    local subscriber_id = subscriber.id
    local number        = pair_of(subscriber_id, target_id)
    local pair          = pair_kind.get(number)
    if not pair then
      pair_kind.create {
        pair = number, subscriber = subscriber, target = target,
        subscriber_id = subscriber_id, target_id = target_id,
      }
      fresh[#fresh + 1] = subscriber
    else
      pair.count = pair.count + 1
      if pair.count == 1 then listing[#listing + 1] = subscriber end
    end
  end
  if not fresh[1] and not listing[1] then return end
  local data = known or subscriptions.extended_data(target)
  if fresh[1] then introduce(fresh, target, data) end
  if listing[1] then
    mu.notify(listing, subscriptions.ExtendedDataUpdate, { data = data, user_id = target.player.id })
  end
end

-- `subscriber` sees `target` from now on.
function subscriptions.add(subscriber, target) subscriptions.add_all({ subscriber }, target) end

-- `subscriber` has `target` on a list, and sees from now on that he is here.
function subscriptions.list(subscriber, target)
  local number = pair_of(subscriber.id, target.id)
  local pair   = pair_kind.get(number)
  if pair then
    pair.listed = true
    return
  end
  pair_kind.create {
    pair = number, subscriber = subscriber, target = target, count = 0, listed = true,
    subscriber_id = subscriber.id, target_id = target.id,
  }
  introduce({ subscriber }, target, presence(target))
end

local function forget(pair)
  local subscriber, id = pair.subscriber, pair.target.player.id
  pair:remove()
  subscriber:notify(subscriptions.UserRemoved, { user_id = id })
end

-- `subscriber` has `target` on no list any more, or must not see him by it.
function subscriptions.unlist(subscriber, target)
  local pair = pair_kind.get(pair_of(subscriber.id, target.id))
  if not pair then return end
  pair.listed = false
  if pair.count == 0 then forget(pair) end
end

-- One reason less for each of `subscribers` to see `target`.
function subscriptions.remove_all(subscribers, target)
  local told, target_id = {}, target.id
  for _, subscriber in ipairs(subscribers) do
    local pair  = pair_kind.get(pair_of(subscriber.id, target_id))
    local count = pair and pair.count or 0
    if count > 1 or count == 1 and pair.listed then
      pair.count = count - 1
    elseif count == 1 then
      pair:remove()
      told[#told + 1] = subscriber
    end
  end
  if told[1] then mu.notify(told, subscriptions.UserRemoved, { user_id = target.player.id }) end
end

-- One reason less for `subscriber` to see `target`.
function subscriptions.remove(subscriber, target) subscriptions.remove_all({ subscriber }, target) end

-- Tells everyone who sees this session what it is like now. `known`: its extended data, where they are put together.
function subscriptions.publish(session, known)
  local to, listing = {}, {}
  for pair in pair_kind.where { target_id = session.id } do
    local list = pair.count > 0 and to or listing
    list[#list + 1] = pair.subscriber
  end
  local id = session.player.id
  if #to > 0 then
    local data = known or subscriptions.extended_data(session)
    mu.notify(to, subscriptions.ExtendedDataUpdate, { data = data, user_id = id })
  end
  if #listing > 0 then
    mu.notify(listing, subscriptions.ExtendedDataUpdate, { data = presence(session), user_id = id })
  end
end

-- The player of `old` goes on in `session`: who sees him and whom he sees stay as they are, and nobody is told
-- anything. That he sees himself ends: he is told of himself once more (sessions.introduce).
function subscriptions.move(old, session)
  local before, moved = old.id, {}
  for _, field in ipairs { "target_id", "subscriber_id" } do
    for pair in pair_kind.where { [field] = before } do
      local subscriber, target = pair.subscriber, pair.target
      if subscriber ~= target then
        moved[#moved + 1] = { subscriber == old and session or subscriber, target == old and session or target,
                              pair.count, pair.listed }
      end
      pair:remove()
    end
  end
  for _, row in ipairs(moved) do
    local subscriber, target       = row[1], row[2]
    local subscriber_id, target_id = subscriber.id, target.id
    pair_kind.create {
      pair = pair_of(subscriber_id, target_id), subscriber = subscriber, target = target, count = row[3],
      listed = row[4], subscriber_id = subscriber_id, target_id = target_id,
    }
  end
end

-- The login of `session` ends: nobody sees it any more, and it sees nobody. Who has it on a list is told that it is not
-- here; everybody else forgets it.
function subscriptions.drop(session)
  local told, listing = {}
  for pair in pair_kind.where { target_id = session.id } do
    if pair.listed then
      listing = listing or {}
      listing[#listing + 1] = pair.subscriber
    else
      told[#told + 1] = pair.subscriber
    end
    pair:remove()
  end
  mu.notify(told, subscriptions.UserRemoved, { user_id = session.player.id })
  if listing then
    mu.notify(listing, subscriptions.UserUpdated, { flags = SUBSCRIBED, user_id = session.player.id })
  end
  for pair in pair_kind.where { subscriber_id = session.id } do
    session:notify(subscriptions.UserRemoved, { user_id = pair.target.player.id })
    pair:remove()
  end
end

return subscriptions
