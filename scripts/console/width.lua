-- console/width.lua: how wide a text is on a terminal, and a text cut to a width.
--
-- A terminal gives most characters one cell, some two (Chinese, Japanese, Korean, pictures), some none (accents that
-- combine). What is no UTF-8, and control characters, are shown as a replacement sign.
local width = {}

local REPLACEMENT = "\u{FFFD}"

-- First and last code points, in order.
local NONE = { { 0x300, 0x36F }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F } }
local TWO  = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
  { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF },
  { 0x1F900, 0x1FAFF }, { 0x20000, 0x3FFFD },
}

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code < range[1] then return false end
    if code <= range[2] then return true end
  end
  return false
end

local function cells(code)
  if code < 0x300 then return 1 end
  if within(NONE, code) then return 0 end
  return within(TWO, code) and 2 or 1
end

-- The text on one line, well formed.
function width.clean(text)
  if not text:find "[\0-\x1f\x7f-\xff]" then return text end
  text = text:gsub("\r?\n", " "):gsub("\t", " "):gsub("[\0-\x1f\x7f]", REPLACEMENT)
  local parts = {}
  while true do
    local good, bad = utf8.len(text)
    if good then break end
    parts[#parts + 1] = text:sub(1, bad - 1) .. REPLACEMENT
    text = text:sub(bad + 1)
  end
  parts[#parts + 1] = text
  return table.concat(parts)
end

-- Of a clean text.
function width.of(text)
  if not text:find "[\x80-\xff]" then return #text end
  local sum = 0
  for _, code in utf8.codes(text) do sum = sum + cells(code) end
  return sum
end

-- At most so many cells; what is cut ends with "…".
function width.cut(text, most)
  if width.of(text) <= most then return text end
  if most < 1 then return "" end
  local sum = 0
  for at, code in utf8.codes(text) do
    sum = sum + cells(code)
    if sum > most - 1 then return text:sub(1, at - 1) .. "…" end
  end
  return text
end

-- The same, but the end stays: of a place in a file the line counts most.
function width.cut_front(text, most)
  local sum, from = width.of(text), 1
  if sum <= most then return text end
  for at, code in utf8.codes(text) do
    from = at
    if sum <= most - 1 then break end
    sum = sum - cells(code)
  end
  return most < 1 and "" or "…" .. text:sub(from)
end

return width
