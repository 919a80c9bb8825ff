-- console/view.lua: a table of rows as lines that fit the terminal.
--
--   view.lines({ columns = { "id", "name" }, rows = { { 1, "alice" } }, note = "1 player" }, 80)
--
-- Numbers stand at the right of their column. Where the terminal is too narrow, the widest columns give way first and
-- their long cells end with "…", places in files begin with it; without a terminal nothing is cut.
local width = require "console.width"

local view = {}

local GAP      = 2                               -- blanks between two columns
local NARROWEST = 4

local function text_of(cell)
  if cell == nil or cell == mu.null then return "" end
  if cell == true then return "yes" end
  if cell == false then return "no" end
  if math.type(cell) == "float" then return ("%.6g"):format(cell) end
  return width.clean(tostring(cell))
end

-- Is this a table of rows?
function view.is(value)
  return type(value) == "table" and type(value.columns) == "table" and type(value.rows) == "table"
end

local function cells_of(shown)
  local texts, right = {}, {}
  for c = 1, #shown.columns do right[c] = true end
  for r, row in ipairs(shown.rows) do
    texts[r] = {}
    for c = 1, #shown.columns do
      local cell = row[c]
      texts[r][c] = text_of(cell)
      if cell ~= nil and cell ~= mu.null and type(cell) ~= "number" then right[c] = false end
    end
  end
  return texts, right
end

local function widths_of(columns, texts)
  local widths = {}
  for c, name in ipairs(columns) do
    widths[c] = width.of(name)
    for r = 1, #texts do widths[c] = math.max(widths[c], width.of(texts[r][c])) end
  end
  return widths
end

-- The widest gives way, one cell at a time.
local function shrink(widths, most)
  local sum = (#widths - 1) * GAP
  for _, w in ipairs(widths) do sum = sum + w end
  while sum > most do
    local widest = 1
    for c = 2, #widths do
      if widths[c] > widths[widest] then widest = c end
    end
    if widths[widest] <= NARROWEST then return end
    widths[widest] = widths[widest] - 1
    sum = sum - 1
  end
end

local function line_of(cells, widths, right)
  local parts = {}
  for c, cell in ipairs(cells) do
    local place = cell:find "%.lua:%d+$"
    cell = (place and width.cut_front or width.cut)(cell, widths[c])
    local pad = (" "):rep(widths[c] - width.of(cell))
    parts[c] = right[c] and pad .. cell or cell .. pad
  end
  return (table.concat(parts, (" "):rep(GAP)):gsub(" +$", ""))
end

-- `terminal`: cells of a line, 0 for none; `bold`: the head stands out.
function view.lines(shown, terminal, bold)
  local texts, right = cells_of(shown)
  local head = {}
  for c, name in ipairs(shown.columns) do head[c] = width.clean(tostring(name)) end
  local widths = widths_of(head, texts)
  if terminal > 0 then shrink(widths, terminal) end
  local lines = { line_of(head, widths, right) }
  if bold then lines[1] = "\27[1m" .. lines[1] .. "\27[0m" end
  for r = 1, #texts do lines[r + 1] = line_of(texts[r], widths, right) end
  if #texts == 0 and not shown.note then lines[#lines + 1] = "(none)" end
  if shown.note then lines[#lines + 1] = shown.note end
  return table.concat(lines, "\n")
end

-- For --json: a list of objects, one a row.
function view.objects(shown)
  local list = {}
  for r, row in ipairs(shown.rows) do
    list[r] = {}
    for c, name in ipairs(shown.columns) do list[r][name] = row[c] end
  end
  return mu.json.list(list)
end

return view
