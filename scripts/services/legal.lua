-- services/legal.lua: the terms of use and the privacy notice, from assets/legal/<document>.<language>.html.
--
-- Put files of the same names into the data folder's assets/legal/ to use your own; {server} is this server's name. A
-- document's version is made from its text, so that an edited one is a new one.
local config = mu.config

local HTML = 1                                   -- of the request's content type; 0 is plain text
local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', nbsp = " " }

local legal = {}

local function checksum(text)
  local hash = 2166136261
  for i = 1, #text do hash = (hash ~ text:byte(i)) * 16777619 & 0xFFFFFFFF end
  return ("%08x"):format(hash)
end

-- HTML without its tags, a paragraph a line.
local function plain(html)
  local text = html:gsub("%s+", " "):gsub("</?[ph][1-6]?>", "\n"):gsub("<[^>]*>", "")
  text = text:gsub("&(%l+);", ENTITIES):gsub("[ \n]*\n[ \n]*", "\n")
  return text:match "^%s*(.-)%s*$"
end

local function document(kind, language, file)
  local html = mu.asset.text(file):gsub("{server}", { ["{server}"] = config.server.name:gsub("[<>&]", "") })
  local version = ("web%s/mu/%s/pc/default/%s"):format(kind, language, checksum(html))
  return { [true]  = { version = version, length = #html, content = html },
           [false] = { version = version, length = #plain(html), content = plain(html) } }
end

local documents = { terms = {}, privacy = {} }
for _, file in ipairs(mu.asset.names "legal") do
  local kind, language = file:match "^legal/(%l+)%.(%l%l)%.html$"
  if documents[kind] then documents[kind][language] = document(kind, language, file) end
end

-- The document ("terms" | "privacy") in a language, else in English, as the answer to a request.
function legal.document(kind, language, content_type)
  local found = documents[kind][language:sub(1, 2):lower()] or documents[kind].en
  return found[content_type == HTML]
end

for kind, languages in pairs(documents) do
  if not languages.en then error(("assets/legal/%s.en.html is missing"):format(kind), 0) end
end

return legal
