-- lib/hostile.lua: the text of a mod whose endpoints misbehave, for the play runaway.lua and the bench `hostile`.
--
-- GET /hostile lists them, one a line: name, a blank, what the log or the answer has to say. Each must end as a named
-- error within its limit, and nobody else may notice more than a pause.
return [==[
local list = {}

local function item(name, expected, handle)
  list[#list + 1] = name .. " " .. expected
  mu.http.get("/hostile/" .. name, { handle = handle })
end

local thing = mu.record "hostile_thing" { number = mu.u32 }
local tick  = mu.timer "hostile.tick" { handle = function() end }
local happened = mu.event "hostile_happened" { params = "n: integer", text = "it happened" }
mu.on("hostile_happened", function() mu.sleep(1) end)

local function setup()
  item("endless_loop", "limits.burst_ms", function() while true do end end)

  item("endless_loop_in_pcall", "limits.burst_ms", function()
    local inner = coroutine.wrap(function()
      while true do pcall(function() while true do end end) end
    end)
    while true do pcall(inner) end
  end)

  item("pattern_of_minutes", "limits.burst_ms", function()
    return { text = tostring(("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40) .. "b")) }
  end)

  item("string_of_1_gib", "string.rep: the result would be longer than 64 MiB", function()
    return { text = tostring(#("x"):rep(1 << 30)) }
  end)

  item("string_that_doubles", "limits.task_memory_mib", function()
    local text = "x"
    while true do text = text .. text end
  end)

  item("hoarder", "was ended", function()
    local hoard = {}
    while true do hoard[#hoard + 1] = ("x"):rep(1000) .. #hoard end
  end)

  item("recursive_print", "GET /hostile/recursive_print", function()
    local loop = {}
    loop.loop = loop
    local function show(value)
      local text = ""
      for key, inner in pairs(value) do text = text .. key .. show(inner) end
      return text
    end
    print(show(loop))
  end)

  item("error_in_error_handler", "the handler fails as well", function()
    local function handler(message) error("the handler fails as well: " .. tostring(message), 0) end
    local _, message = xpcall(error, handler, "first")
    error(message, 0)
  end)

  item("endless_error_handler", "limits.burst_ms", function()
    while true do xpcall(error, function() while true do end end) end
  end)

  item("coroutine_flood", "limits.coroutines", function()
    local all = {}
    while true do all[#all + 1] = coroutine.wrap(function() coroutine.yield() end) end
  end)

  item("task_flood", "limits.tasks", function()
    while true do mu.spawn(mu.sleep, 1) end
  end)

  item("event_flood", "limits.tasks", function()
    for n = 1, 30000 do happened(n) end
    return { status = 500 }
  end)

  item("timer_flood", "limits.timers", function()
    local made <close> = setmetatable({}, { __close = function(all)
      for _, record in ipairs(all) do record:remove() end
    end })
    while true do
      local record = thing.create { number = 1 }
      made[#made + 1] = record
      tick:start(60, record)
    end
  end)

  item("global_write", "cannot write the global 'undeclared'", function() undeclared = 1 end)

  item("bytecode", "attempt to load a binary chunk", function() return assert(load("\27Lua\84\0\25\147"))() end)

  item("endless_sort", "limits.burst_ms", function()
    table.sort({ 1, 2, 3 }, function() while true do end end)
  end)

  item("endless_metamethod", "limits.burst_ms", function()
    local function length() return math.maxinteger end
    local strange = setmetatable({}, { __len = length, __index = function() return 1 end })
    table.concat(strange)
  end)

  mu.http.get("/hostile", { handle = function() return { text = table.concat(list, "\n") .. "\n" } end })
end

return mu.mod { name = "hostile", version = "1.0", text = "misbehaves", setup = setup }
]==]
