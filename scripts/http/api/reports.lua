-- http/api/reports.lua: matches that were played, as the server saw them, over the REST API.
local config  = mu.config
local api     = require "http.api.api"
local matches = require "services.games_matches"
local types   = require "http.api.types"

local Report = types.object {
  id = types.u32, data = types.object { attributes = types.texts, players = types.list(types.object {}),
                                        seed = types.u32, extracted = types.boolean },
  created_at = types.Time, finished_at = types.Time,
}

local QUERY = types.page(20)
QUERY.order = { type = "string", enum = { "oldest", "newest" }, default = "oldest" }

local function list_of(values, shape)
  if not values then return mu.null end
  local list = {}
  for i, value in ipairs(values) do list[i] = shape(value) end
  return mu.json.list(list)
end

local function same(value) return value end

local function weapon(mods) return { weapon_id = mods.weapon, weapon_mod_ids = list_of(mods.mods, same) } end

local function power(one)
  return {
    power_name = one.name, power_id = one.id, power_progress = one.rank, power_selections = list_of(one.choices, same),
    wheel_display_index = one.wheel, uses_talent_points = one.talent,
  }
end

local function player(one)
  local carried = one.equipment or {}
  return {
    player_id = one.player_id, player_name = one.name, kit_name = one.kit or mu.null,
    weapons = list_of(carried.weapons, same), weapon_mods = list_of(carried.weapon_mods, weapon),
    powers = list_of(carried.powers, power),
  }
end

local function shown(match, caller)
  local hide = not caller and config.api.public_games_hide_players
  return {
    id = match.id, created_at = api.time(match.started), finished_at = api.time(match.finished),
    data = {
      attributes = match.attributes, seed = match.seed, extracted = match.extracted == 1,
      players = list_of(hide and {} or match.players, player),
    },
  }
end

api.get("/api/game-reports", {
  text = "Matches that were played, the oldest first unless order=newest.", login = "optional", query = QUERY,
  response = types.object {
    games = types.list(Report), more = types.boolean, total_pages = types.integer, total_items = types.integer,
  },
  handle = function(caller, request)
    local refusal = api.games_refused(caller)
    if refusal then return refusal end
    local query = request.query
    local rows, total = matches.page(query.offset * query.count, query.count, query.order == "newest")
    local _, more, pages = api.page(query, total)
    local list = {}
    for i, match in ipairs(rows) do list[i] = shown(match, caller) end
    return { games = mu.json.list(list), more = more, total_pages = pages, total_items = total }
  end,
})

api.get("/api/game-reports/{id}", {
  text = "One match.", login = "optional", params = { id = types.u32 }, response = Report,
  handle = function(caller, request)
    local refusal = api.games_refused(caller)
    if refusal then return refusal end
    local match = matches.get(request.params.id)
    return match and shown(match, caller) or api.refuse(404, "Game not found")
  end,
})
