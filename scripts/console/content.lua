-- console/content.lua: the game's live configuration, its texts and the menu's pictures: what is built, and from what.
local format = require "console.format"

mu.section "content" { text = "what games download: live configuration, texts, pictures" }

local KINDS = { banner = { 512, 128 }, store = { 1024, 512 }, promo = { 512, 644 } }

local function table_of(status)
  local rows = {}
  for i, product in ipairs(status.products) do
    rows[i] = { product.name, product.entries, format.bytes(product.bytes), format.bytes(product.packed), product.hash,
                format.when(product.built), ("%.1f ms"):format(product.took_us / 1000) }
  end
  local notes = {}
  for i, message in ipairs(status.messages) do notes[i] = (message.bad and "wrong: " or "note: ") .. message.text end
  if #rows == 0 then
    notes[#notes + 1] = "nothing is built: there are no sources (README.md, \"The game's own content\")"
  end
  return {
    columns = { "content", "entries", "bytes", "packed", "hash", "built", "took" }, rows = rows,
    note = #notes > 0 and table.concat(notes, "\n") or nil,
  }
end

mu.command "content status" {
  text    = "what the last build made, and what it had to say",
  example = "content status",
  handle  = function()
    local status = mu.content.status()
    if not status then return nil, "the first build is still running" end
    return table_of(status)
  end,
}

mu.command "content build" {
  text    = "looks at all sources now and builds what has changed; what is wrong stays as it was",
  changes = true,
  example = "content build",
  handle  = function()
    mu.content.build()
    local status, wrong = mu.content.status(), {}
    if not status then return nil, "nothing could be built; the log says why" end
    for _, message in ipairs(status.messages) do
      if message.bad then wrong[#wrong + 1] = message.text end
    end
    if #wrong > 0 then return nil, table.concat(wrong, "\n") end
    local shown = table_of(status)
    local made  = ("%d rebuilt, %d pictures made"):format(status.rebuilt, status.images)
    shown.note = shown.note and shown.note .. "\n" .. made or made
    return shown
  end,
}

mu.command "content extract" {
  text    = "writes the game's own files of assets/game/ as editable texts into the data folder",
  changes = true,
  example = "content extract",
  handle  = function() return mu.content.extract() end,
}

-- "sfxgame.sfxscoremanager.mapbonuses": a section and a property, or a section alone.
local function find(name)
  local section, property = name:match "^(.+)%.([^.]+)$"
  local found = section and mu.content.why(section, property) or {}
  if #found == 0 then found = mu.content.why(name) end
  return found
end

mu.command "content why" {
  text    = "the values of a property (section.key) of the live configuration, and who wrote them last",
  params  = "property: rest",
  example = "content why sfxgame.sfxscoremanager.mapbonuses",
  handle  = function(caller, name)
    local rows = {}
    for _, one in ipairs(find(name:lower())) do
      local place = one.line > 0 and ("%s:%d"):format(one.origin, one.line) or one.origin
      for _, value in ipairs(one.values) do
        rows[#rows + 1] = { one.section, one.property, value.type, value.text or "", place }
      end
    end
    if #rows == 0 then
      return nil, ("the live configuration says nothing about '%s': the game's own value holds"):format(name)
    end
    return { columns = { "section", "key", "kind", "value", "written by" }, rows = rows }
  end,
}

mu.command "content text" {
  text    = "the text of a number in a talk table",
  params  = "id: integer",
  options = "language?: string",
  example = "content text 900000 --language de",
  handle  = function(caller, id, options)
    local language = options.language or "en"
    local text, origin, line = mu.content.talk("tlk." .. language, id)
    if not text then return nil, ("there is no text %d in the talk table of '%s'"):format(id, language) end
    return format.sheet { { "text", text }, { "written by", line > 0 and ("%s:%d"):format(origin, line) or origin } }
  end,
}

mu.command "content picture" {
  text    = "looks at a picture of assets/content/: would the game show it?",
  params  = "name: string",
  example = "content picture promo_welcome.dds",
  handle  = function(caller, name)
    local picture, why = mu.content.picture(name)
    if not picture then return nil, why end
    return ("%s: %d × %d pixels, %s, %s: the game shows it"):format(name, picture.width, picture.height, picture.format,
                                                                  format.bytes(picture.bytes))
  end,
}

mu.command "content placeholder" {
  text    = "makes a picture that shows only a text, unless there is one of that name",
  params  = "name: string, text: rest",
  options = "kind?: string",
  changes = true,
  example = "content placeholder StoreBF3.dds --kind store Arsenal",
  handle  = function(caller, name, text, options)
    local size = KINDS[options.kind or "banner"]
    if not size then return nil, "the kinds are banner (512 × 128), store (1024 × 512) and promo (512 × 644)" end
    if not name:match "%.dds$" then name = name .. ".dds" end
    return mu.content.placeholder(name, text, size[1], size[2])
  end,
}
