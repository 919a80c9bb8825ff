/* asset.c: mu.asset: texts that scripts need and that are no scripts: legal documents and the like.
 *
 * The folders are listed once for each generation; scripts read while they load, so a handler never waits for a disk
 * and a reload sees every edit. Files that are served over HTTP as they are: asset_file.c. */
#include "bind/asset.h"

#include "bind/asset_file.h"
#include "bind/server.h"
#include "script/declare.h"
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX ((size_t)1 << 20) /* bytes of one text */

const asset_list *asset_list_of(generation *g) { return g->slots[SLOT_ASSET]; }

static int l_text(lua_State *L) {
    size_t length;
    const char *name = lua_tolstring(L, 1, &length);
    const asset *a = strlen(name) == length ? asset_find(asset_list_of(generation_of(L)), name) : NULL;
    if (!a) return luaL_error(L, "mu.asset.text: there is no file '%s' in assets/", name);
    if (a->size > TEXT_MAX) return luaL_error(L, "mu.asset.text: %s is larger than %d bytes", name, (int)TEXT_MAX);
    luaL_Buffer b;
    char *to = luaL_buffinitsize(L, &b, a->size + 1);
    fault f;
    if (asset_read(a, to, &f) < 0) return luaL_error(L, "mu.asset.text: %s", f.text);
    if (memchr(to, 0, a->size)) return luaL_error(L, "mu.asset.text: %s is no text", name);
    luaL_pushresultsize(&b, a->size);
    return 1;
}

static int l_names(lua_State *L) {
    size_t length;
    const char *folder = lua_tolstring(L, 1, &length);
    const asset_list *list = asset_list_of(generation_of(L));
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->items[i].name;
        if (strncmp(name, folder, length) != 0 || name[length] != '/') continue;
        lua_pushstring(L, name);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.asset.text",
     .params = "name: string",
     .returns = "string",
     .text = "A text file of assets/, whole; one of the same name in the data folder's assets/ wins.",
     .errors = "no such file; longer than 1 MiB; no text",
     .example = "local terms = mu.asset.text \"legal/terms.en.html\"",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_text},
    {.name = "mu.asset.names",
     .params = "folder: string",
     .returns = "string[]",
     .text = "The names of all files below a folder of assets/, in order.",
     .example = "local names = mu.asset.names 'legal'",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = l_names},
};

static int open_asset(generation *g, lua_State *L) {
    asset_list *list = calloc(1, sizeof *list);
    if (!list) return E_MEMORY;
    g->slots[SLOT_ASSET] = list;
    const engine_options *o = engine_get_options(g->engine);
    fault f;
    int code = 0;
    if (o->data_dir) {
        char own[ASSET_PATH_MAX];
        snprintf(own, sizeof own, "%s/assets", o->data_dir);
        code = asset_list_read(list, own, &f);
    }
    if (code == 0 && o->asset_dir) code = asset_list_read(list, o->asset_dir, &f);
    if (code < 0) {
        generation_error(g, "assets", 0, "%s", f.text);
        return code;
    }
    int rc = asset_file_open(L);
    return rc < 0 ? rc : script_declare(L, functions, sizeof functions / sizeof *functions);
}

static void close_asset(generation *g) {
    asset_list *list = g->slots[SLOT_ASSET];
    if (!list) return;
    asset_list_free(list);
    free(list);
    g->slots[SLOT_ASSET] = NULL;
}

const script_module module_asset = {.name = "asset", .open = open_asset, .close = close_asset};
