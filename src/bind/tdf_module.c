/* tdf_module.c: mu.tdf in the life of a generation: one set of schemas each, freed with it. */
#include <lauxlib.h>

#include "bind/tdf.h"
#include "bind/tdf_codec.h"
#include "bind/tdf_module.h"

static int open_tdf(generation *g, lua_State *L) {
    g->schemas = schema_set_new();
    if (!g->schemas) return E_MEMORY;
    lua_getglobal(L, "mu");
    bind_tdf_open(L, g->schemas);
    lua_setfield(L, -2, "tdf");
    lua_pop(L, 1);
    return 0;
}

static void close_tdf(generation *g) {
    schema_set_free(g->schemas);
    g->schemas = NULL;
}

const script_module module_tdf = {.name = "tdf", .open = open_tdf, .close = close_tdf};
