-- generations.lua: scripts are edited under players who are connected: swap, drain, rollback, reload on save.
local play = require "plays.lib.play"

-- A mod that says which edit of it runs, and gives the play what only scripts have: reload, rollback, status.
local PROBE = [[
local thing = mu.record "probe_thing" { id = mu.u32 { key = true }, FIELDS }
local late  = mu.timer "probe.late" { handle = function(owner, word) mu.log.info("late %%s in %%s", word, %q) end }
return mu.mod {
  name = "probe", version = "1.0", text = "looks at generations",
  setup = function(mod)
    local function get(path, handle) mu.http.get("/probe/" .. path, { handle = handle }) end
    get("edit", function() return { text = %q } end)
    get("slow", function()
      mu.log.info("slow in %%s", %q)
      repeat mu.sleep(0.01) until thing.get(8)
      return { text = %q }
    end)
    get("enough", function() thing.create { id = 8 } return { text = "enough" } end)
    get("reload", function(request)
      local fine, report = mu.scripts.reload { check = request.query.check == "true" }
      return { json = { fine = fine, report = report, edit = %q } }
    end)
    get("rollback", function()
      local fine, report = mu.scripts.rollback()
      return { json = { fine = fine, report = report } }
    end)
    get("status", function()
      return { json = { status = mu.scripts.status(), generations = mu.scripts.generations() } }
    end)
    get("files", function() return { json = mu.scripts.list() } end)
    get("make", function()
      local made = thing.create { id = 7, FIRST }
      late:start(25, made, "timer")
      mu.spawn(function()
        repeat mu.sleep(0.01) until thing.get(8)
        mu.log.info("a background task of %%s ends", %q)
      end)
      return { text = "made" }
    end)
    get("see", function() local t = thing.get(7) return { json = { SEEN } } end)
    EXTRA
  end,
}
]]

-- `edit`: its name; `with`: fields of the record, what a new one gets, more of setup.
local function probe(edit, with)
  with = with or {}
  local text = PROBE:format(edit, edit, edit, edit, edit, edit)
  local parts = { FIELDS = with.fields or "name = mu.string", FIRST = with.first or "name = 'x'",
                  SEEN = with.seen or "", EXTRA = with.extra or "" }
  return (text:gsub("%u%u%u%u+", function(word) return parts[word] end))
end

local CONFIG = 'return { mods = { "probe" } }'
local MOD    = "data/scripts/mods/probe/mod.lua"

local function start(options)
  options = options or {}
  options.files = { ["config.lua"] = CONFIG, ["scripts/mods/probe/mod.lua"] = probe "one" }
  local server = play.server(options)
  local base = "http://127.0.0.1:" .. server:port "http" .. "/probe/"
  return server, function(path)
    local answer = mu.http_client.get(base .. path)
    return answer.body:sub(1, 1):find "[%[{]" and mu.json.decode(answer.body) or answer.body, answer.status
  end
end

local function edit(server, name, with)
  server:write(MOD, probe(name, with))
end

play.scene("who asks for a reload is answered, although he is in the old generation by then", function()
  local server, get = start()
  edit(server, "two")
  local checked = { fine = true, edit = "one", report = play.text "^the scripts %(%x+%) are fine" }
  play.equal(checked, get "reload?check=true", "--check")
  play.equal("one", get "edit", "after a check")
  play.equal({ fine = true, edit = "one", report = play.text "is running" }, get "reload", "the reload")
  play.equal("two", get "edit", "after the reload")
  server:write(MOD, "return {")
  play.equal({ fine = false, edit = "two", report = play.text "mods/probe/mod%.lua:1:" }, get "reload", "a broken one")
  play.equal("two", get "edit", "after a broken one")
end)

play.scene("rollback: from memory, whatever the disk says, and forth again", function()
  local server, get = start()
  play.equal({ fine = false, report = "there is no earlier generation to go back to" }, get "rollback", "the first")
  edit(server, "two")
  play.equal(true, (server:reload()), "the reload")
  server:write(MOD, "nothing that could be loaded (")
  server:write("data/config.lua", "nor this")
  play.equal({ fine = true }, get "rollback", "back")
  play.equal("one", get "edit", "back")
  play.equal({ rolled_back = true, auto_reload = false }, get "status".status, "the status")
  play.equal({ fine = true }, get "rollback", "forth")
  play.equal("two", get "edit", "forth")
  local found = {}
  for _, file in ipairs(get "files") do found[file.name] = file end
  play.equal({ root = "data/scripts", lines = play.any, hash = play.text "^%x+$" }, found[MOD], "the list of files")
  play.equal({ root = "scripts", bytes = play.any }, found["scripts/main.lua"], "the list of files")
end)

play.scene("what is saved runs at once, a broken save is told once and changes nothing", function()
  local server, get = start { set = { "scripts.auto_reload=true" } }
  local function saved(text, expected)
    local from = server:mark()
    server:write(MOD, text)
    server:wait_log(expected, from)
    return from
  end
  saved(probe "two", "is running (data/scripts/mods/probe/mod.lua was saved")
  play.equal("two", get "edit", "saved")
  server:write("data/scripts/mods/probe/unused.lua", "-- a file beside it, not broken")
  local from = saved("return {", "What is wrong")
  play.equal("two", get "edit", "a broken save")
  saved(probe "three", "is running")
  play.equal("three", get "edit", "the next save")
  local _, times = server:log(from):gsub("mods/probe/mod%.lua:1:", "")
  play.equal(1, times, "how often the broken one was told")
  from = server:mark()
  play.equal({ fine = true }, get "rollback", "the rollback")
  play.equal("two", get "edit", "rolled back")
  play.equal({ text = "rolled back; reloads at the next save", auto_reload = true }, get "status".status, "the status")
  saved(probe "four", "is running (data/scripts")
  play.equal("four", get "edit", "the next save after the rollback")
  _, times = server:log(from):gsub("is running %(data/scripts", "")
  play.equal(1, times, "reloads after the rollback")
  from = server:mark()
  server:write("data/config.lua", "return {}")
  server:wait_log("is running (config.lua was saved", from)
  local _, status = get "edit"
  play.equal(404, status, "switched off in the config")
end)

play.scene("every error of every file is told, with file and line", function()
  local server = start()
  server:write("data/scripts/components/messaging.lua", "return {\n  1 2\n}")
  server:write("data/scripts/http/qos.lua", '\nmu.http.get("/x", { handel = print })')
  server:write("data/scripts/configs/menu.lua", "return 1 + nil")
  server:write("data/config.lua", 'return {\n  mods = { "probe" },\n  serverr = {},\n}')
  local taken, log = server:reload()
  play.equal(false, taken, "the reload")
  for _, fault in ipairs { "components/messaging%.lua:2:", "http/qos%.lua:2: .*handel", "configs/menu%.lua:1:",
                           "config%.lua:3: serverr: .*did you mean 'server" } do
    play.equal(play.text(fault), log, "the log")
  end
end)

play.scene("handlers finish where they began; timers stay, background tasks end, registrations go", function()
  local extra = [[get("extra", function() return { text = "extra" } end)
    mu.on("session_opened", function() mu.log.info("the old one hears") end)]]
  local server, get = start()
  edit(server, "one", { extra = extra, fields = "name = mu.string, gone = mu.u32, level = mu.u8",
                        first = "name = 'kept', gone = 5, level = 3" })
  play.equal(true, (server:reload()), "the first reload")
  play.equal("extra", get "extra", "an endpoint")
  get "make"
  local from, answers = server:mark(), {}
  for n = 1, 2 do
    mu.spawn(function() answers[n] = get "slow" end)
    server:wait_log("slow in " .. (n == 1 and "one" or "edit 1"), from)
    local convert = "level = mu.string { convert = function(old) return 'level ' .. old end }"
    edit(server, "edit " .. n, { seen = "name = t.name, added = t.added, level = t.level",
      fields = "name = mu.string, added = mu.u32 { default = 9 }, " .. (n == 1 and convert or "level = mu.string") })
    play.equal(true, (server:reload()), "reload " .. n)
  end
  play.equal({ name = "kept", added = 9, level = "level 3" }, get "see", "the record")
  local _, status = get "extra"
  play.equal(404, status, "an endpoint that is not declared any more")
  play.client(server, "Alice", { via = "blaze" })
  play.equal({}, answers, "before it is enough")
  get "enough"
  play.waits_for("both answers", function() return answers[1] and answers[2] end)
  server:passes(26)
  server:wait_log("late timer in edit 2", from)
  play.equal({ "one", "edit 1" }, answers, "what was under way")
  play.equal(nil, server:log(from):find "a background task", "a background task of an old generation")
  play.equal(nil, server:log(from):find "the old one hears", "a handler of an old generation")
  play.waits_for("one generation, and in it nobody but who asks", function()
    local all = get "status".generations
    return #all == 1 and all[1].current and all[1].tasks == 1
  end)
  edit(server, "refused", { fields = "name = mu.u32, added = mu.u32, level = mu.string" })
  local taken, log = server:reload()
  play.equal(false, taken, "a type that cannot be carried over")
  play.equal(play.text "probe_thing%.name changed from string to u32: add convert", log, "the log")
end)
