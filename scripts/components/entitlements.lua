-- components/entitlements.lua: Authentication once more: what a player owns.
local authentication = mu.component "Authentication"
local schema       = require "schema.entitlements"
local owned        = require "configs.owned"
local entitlements = require "services.entitlements"

-- Lists --------------------------------------------------------------------------------------------------------------

-- What a game asks after login. It names the groups it knows, and gets everything: so it has always been.
authentication.listUserEntitlements2 {
  login    = true,
  request  = schema.ListUserRequest,
  response = schema.Entitlements,
  handle   = function(session, request)
    if request.tag ~= "" then return end         -- one tag alone: nobody ever had an answer to that
    if session.player.grants == 0 then
      return mu.kept({}, function() return { entitlements = owned } end)
    end
    return { entitlements = entitlements.page(entitlements.of(session.player), request.page, request.page_size) }
  end,
}

-- What a player owns and a request means, by those of its fields that are named.
local function meant(session, request, ...)
  local wanted = {}
  for _, field in ipairs { ... } do wanted[field] = request[field] end
  return entitlements.matching(entitlements.of(session.player), wanted)
end

authentication.listEntitlements {
  login    = true,
  own_user = true,
  request  = schema.ListRequest,
  response = schema.Entitlements,
  handle   = function(session, request)
    local found = meant(session, request, "groups")
    return { entitlements = entitlements.page(found, request.page, request.page_size) }
  end,
}

authentication.listPersonaEntitlements2 {
  login    = true,
  own_user = true,
  request  = schema.ListPersonaRequest,
  response = schema.Entitlements,
  handle   = function(session, request)
    local found = meant(session, request, "groups", "tag", "project", "product", "type", "status")
    return { entitlements = entitlements.page(found, request.page, request.page_size) }
  end,
}

-- One of them --------------------------------------------------------------------------------------------------------

local function the_one(session, request, ...)
  if request.tag == "" then return nil, "AUTH_ERR_ENTITLEMENT_TAG_REQUIRED" end
  local found = meant(session, request, "tag", "project", "product", ...)
  if not found[1] then return nil, "AUTH_ERR_NO_SUCH_ENTITLEMENT" end
  return found[1]
end

-- An empty success says yes.
authentication.hasEntitlement {
  login    = true,
  own_user = true,
  request  = schema.HasRequest,
  handle   = function(session, request)
    local one, fault = the_one(session, request, "groups", "type")
    if not one then return mu.fail(fault) end
  end,
}

authentication.getUseCount {
  login    = true,
  own_user = true,
  request  = schema.UseCountRequest,
  response = schema.UseCount,
  handle   = function(session, request)
    local one, fault = the_one(session, request, "group")
    if not one then return mu.fail(fault) end
    return { count = one.use_count or 0 }
  end,
}

authentication.decrementUseCount {
  login    = true,
  request  = schema.DecrementRequest,
  response = schema.Decremented,
  handle   = function(session, request)
    if request.tag == "" then return mu.fail "AUTH_ERR_ENTITLEMENT_TAG_REQUIRED" end
    local left, fault = entitlements.consume(session.player, request.group, request.tag, request.count)
    if not left then return mu.fail(fault) end
    return { consumed = request.count, remaining = left }
  end,
}

-- Rewards that a game grants its own player --------------------------------------------------------------------------

authentication.grantEntitlement {
  login   = true,
  request = schema.GrantRequest,
  handle  = function(session, request)
    local one, fault = entitlements.grant(session.player, request.group, request.tag, request.project, request.product,
                                          0)
    if not one then return mu.fail(fault) end
  end,
}

authentication.grantEntitlement2 {
  login    = true,
  own_user = true,
  request  = schema.Grant2Request,
  response = schema.Granted,
  handle   = function(session, request)
    local uses = math.tointeger(tonumber(request.use_count)) or 0
    local one, new = entitlements.grant(session.player, request.group, request.tag, request.project, request.product,
                                        uses)
    if not one then return mu.fail(new) end
    return { entitlement = one, is_granted = new }
  end,
}

-- The state of what somebody owns is the operator's to change: an empty success, and nothing happens.
authentication.modifyEntitlement2 { login = true, handle = function() end }
