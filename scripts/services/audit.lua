-- services/audit.lua: who changed what, when, and which scripts did it.
--
-- An entry is in the database before whoever made the change is answered. The newest audit.entries are kept.
-- Credentials never come here: who records something leaves them out.
local config = mu.config

local MOST_TEXT = 1024                           -- bytes of one field

local audit = {}

local INSERT = "INSERT INTO audit (at, who, what, detail, generation, hash) VALUES (?, ?, ?, ?, ?, ?)"
local THIN   = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?"
local NEWEST = "SELECT id, at, who, what, detail, generation, hash FROM audit ORDER BY id DESC LIMIT ?"

local function shortened(text)
  text = text:gsub("%c", " ")
  if #text <= MOST_TEXT then return text end
  return text:sub(1, utf8.offset(text, 0, MOST_TEXT - 3) - 1) .. "…"
end

-- Keeps one change; committed when it returns. The log has a line of it, too.
function audit.record(who, what, detail)
  local generation = mu.inspect.generation()
  who, what, detail = shortened(who), shortened(what), shortened(detail or "")
  local done, reason = mu.store.batch {
    { INSERT, mu.time.unix(), who, what, detail, generation.number, generation.hash },
    { THIN, config.audit.entries },
  }
  mu.log.info("audit: %s: %s%s%s, generation %d %s", who, what, detail ~= "" and " " or "", detail,
              generation.number, generation.hash:sub(1, 8))
  if not done then mu.log.error("the audit log could not keep it: %s", reason) end
end

-- The newest entries, newest first: { id, at, who, what, detail, generation, hash }.
function audit.last(count)
  local rows, reason = mu.store.read(NEWEST, count)
  if not rows then error("the audit log cannot be read: " .. reason, 0) end
  return rows
end

return audit
