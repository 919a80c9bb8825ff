-- lib/console.lua: commands of the console in plays: what must succeed, what must fail, what must be on record.
local play = require "plays.lib.play"

local console = {}

-- Runs a command that must succeed, and print `expected` (plain text); returns what it printed.
function console.does(server, line, expected)
  mu.test.step()
  local said = server:ctl(line)
  if said.code ~= 0 then play.fails("%s: exit code %d: %s%s", line, said.code, said.err, said.out) end
  if expected and not said.out:find(expected, 1, true) then
    play.fails("%s: expected %q in:\n%s", line, expected, said.out)
  end
  return said.out
end

-- Runs a command that must fail with this sentence.
function console.fails(server, line, sentence)
  mu.test.step()
  local said = server:ctl(line)
  if said.code == 0 or not said.err:find(sentence, 1, true) then
    play.fails("%s: expected the failure %q, got exit code %d: %s%s", line, sentence, said.code, said.err, said.out)
  end
end

-- What the audit log says of the last changes; each of these parts must be there.
function console.audited(server, ...)
  local log = console.does(server, "audit --last 1000")
  for _, part in ipairs { ... } do
    if not log:find(part, 1, true) then play.fails("expected %q in the audit log:\n%s", part, log) end
  end
  return log
end

-- Asks again until the answer is like the pattern.
function console.until_it_says(server, line, pattern)
  return play.waits_for(("%s says %s"):format(line, pattern), function()
    local said = server:ctl(line)
    return said.out:find(pattern) and said.out
  end)
end

-- Runs an endless command in a task of its own, and waits until that waits for something: what is to be watched, or
-- `waits_for`. The function returned ends it and gives what it printed.
local watching = 0
function console.watches(server, command, word, waits_for)
  local said
  watching = watching + 1
  local enough = "enough-" .. watching
  mu.spawn(function() said = server:ctl(word and command .. " " .. word or command, enough) end)
  console.until_it_says(server, "coroutines", "console: " .. command .. "  [^\n]*  " .. (waits_for or "watcher:next"))
  return function()
    server:write(enough, "")
    while not said do mu.sleep(0.01) end
    return said.out .. said.err
  end
end

return console
