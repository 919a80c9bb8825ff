-- services/roles.lua: what an account may do: default, admin, super_admin (0, 1, 2 in the database and on the record
-- `player`). A route asks with `role = "admin"` (guards.lua).
local NUMBERS = { default = 0, admin = 1, super_admin = 2 }
local NAMES   = { [0] = "default", "admin", "super_admin" }

local roles = { names = { "default", "admin", "super_admin" }, DEFAULT = 0, ADMIN = 1, SUPER_ADMIN = 2 }

-- The number of a role by its name, or nil.
function roles.number(name)
  return NUMBERS[name]
end

function roles.name(number)
  return NAMES[number] or ("role %d"):format(number)
end

-- Whether a role's number allows what needs the role of that name.
function roles.at_least(number, name)
  local least = NUMBERS[name]
  if not least then error(("there is no role '%s': default, admin, super_admin"):format(name), 2) end
  return number >= least
end

-- Whether somebody of one role may change an account of another: his own is another question.
function roles.over(number, other)
  return number > other
end

return roles
