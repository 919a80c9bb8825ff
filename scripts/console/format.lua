-- console/format.lua: times, spans, sizes and ids as the console's sections write and read them. Not a section.
local format = {}

-- "2026-11-21 13:15:02" in UTC; "never" for no time at all.
function format.when(unix)
  if not unix or unix == 0 then return "never" end
  return os.date("!%Y-%m-%d %H:%M:%S", unix)
end

-- "850 ms", "4.2 s", "3 min 20 s", "5 h 12 min", "3 d 4 h".
function format.span(seconds)
  if seconds < 1 then return ("%.0f ms"):format(seconds * 1000) end
  if seconds < 10 then return ("%.1f s"):format(seconds) end
  local s = math.floor(seconds)
  if s < 60 then return ("%d s"):format(s) end
  if s < 3600 then return ("%d min %d s"):format(s // 60, s % 60) end
  if s < 86400 then return ("%d h %d min"):format(s // 3600, s % 3600 // 60) end
  return ("%d d %d h"):format(s // 86400, s % 86400 // 3600)
end

function format.bytes(n)
  if n < 1024 then return ("%d B"):format(n) end
  if n < 1048576 then return ("%.1f KiB"):format(n / 1024) end
  return ("%.1f MiB"):format(n / 1048576)
end

-- A table of two columns from a list of { name, value }; what has no value is left out.
function format.sheet(lines)
  local rows = {}
  for _, line in ipairs(lines) do
    if line[2] ~= nil and line[2] ~= "" then rows[#rows + 1] = { line[1], tostring(line[2]) } end
  end
  return { columns = { "what", "value" }, rows = rows }
end

-- The number in "17" or "#17"; nil for any other text.
function format.id(text)
  return math.tointeger(tonumber(text:match "^#?(%d+)$" or ""))
end

-- A number of entries asked for, between 1 and most.
function format.count(wanted, otherwise, most)
  return math.max(1, math.min(wanted or otherwise, most))
end

return format
