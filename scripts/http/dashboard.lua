-- http/dashboard.lua: the web dashboard: a build of it that lies in assets/dashboard/ of the data folder. Any path
-- that nothing else answers is looked up there by its name; one without an extension is a page of the dashboard itself,
-- which finds its own way (reference 03 §5). Without a build there is nothing, and a line that says so.
local FOLDER  = "dashboard"
local NOTHING = "There is no dashboard here: put a build of one into assets/dashboard/ of the data folder. The REST "
  .. "API is described at /api/openapi.json"

local function page(request)
  local name = request.params.name or ""
  if name == "api" then return { status = 404, text = "There is no such endpoint" } end   -- api/…: http/api/api.lua
  local is_file = (name:match "[^/]*$"):find(".", 1, true)
  local file = mu.asset.find(FOLDER, is_file and name or "index.html")
  if not file then return { status = 404, text = is_file and "There is no such file" or NOTHING } end
  local forever = name:find("^_app/immutable/") and "public, max-age=31536000, immutable" or "no-cache"
  return { file = file, headers = { ["cache-control"] = forever } }
end

mu.http.get("/", { handle = page })
mu.http.get("/{name...}", { handle = page })
