-- configs/xml.lua: writes XML, so that nobody has to.
--
--   xml.document(xml.block("shop", { xml.line("name", "Tom & Jerry"), xml.line "empty" }, { { "lang", "en" } }))
--
-- A block puts its children on lines of their own, indented; a line keeps everything in it on one.
local INDENT  = "    "
local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local xml = {}

local function escape(value)
  local text = tostring(value)
  if text:find "[%z\1-\8\11\12\14-\31]" or not utf8.len(text) then error("XML cannot say this text: " .. text, 0) end
  return (text:gsub('[&<>"]', ESCAPES))
end

local function opening(name, attributes)
  local parts = { name }
  for _, attribute in ipairs(attributes or {}) do
    parts[#parts + 1] = ('%s="%s"'):format(attribute[1], escape(attribute[2]))
  end
  return table.concat(parts, " ")
end

-- Elements are lists of lines. `content`: nothing, a text or number, or a list of lines.
function xml.line(name, content, attributes)
  local open = opening(name, attributes)
  if content == nil then return { "<" .. open .. "/>" } end
  local inside = {}
  if type(content) == "table" then
    for i, child in ipairs(content) do inside[i] = table.concat(child) end
  else
    inside[1] = escape(content)
  end
  return { ("<%s>%s</%s>"):format(open, table.concat(inside), name) }
end

function xml.block(name, children, attributes)
  local lines = { "<" .. opening(name, attributes) .. ">" }
  for _, child in ipairs(children) do
    for _, line in ipairs(child) do lines[#lines + 1] = INDENT .. line end
  end
  lines[#lines + 1] = "</" .. name .. ">"
  return lines
end

function xml.document(element)
  return '<?xml version="1.0" encoding="utf-8"?>\n' .. table.concat(element, "\n")
end

return xml
