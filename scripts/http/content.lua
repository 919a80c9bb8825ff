-- http/content.lua: the pictures of the menu, below assets/content/ here and in the data folder (which wins). A picture
-- that is dropped there is served at once; what the game wants to see: DDS, DXT5, at most 1 MiB (reference 06 §10).
local CACHE = "public, max-age=300"              -- seconds; afterwards a client asks whether its copy is still good

mu.http.get("/content/{name...}", {
  handle = function(request)
    local file, why = mu.asset.find("content", request.params.name)
    if not file then return { status = why and 503 or 404, text = "There is no such picture" } end
    return { file = file, headers = { ["cache-control"] = CACHE } }
  end,
})
