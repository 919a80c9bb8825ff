/* blaze.c: the Blaze protocol as a module of the script engine: its part in a generation's life. */
#include "bind/blaze.h"

#include <stdlib.h>

#include "bind/blaze_call.h"
#include "bind/blaze_kept.h"
#include "bind/blaze_notify.h"
#include "bind/blaze_trace.h"
#include "bind/server.h"
#include "script/event.h"

blaze_tables *blaze_tables_of(const generation *g) { return g->slots[SLOT_BLAZE]; }

static int blaze_open(generation *g, lua_State *L) {
    blaze_tables *t = calloc(1, sizeof *t);
    if (!t) return E_MEMORY;
    g->slots[SLOT_BLAZE] = t;
    arena_init(&t->memory, BLAZE_TABLES_MEMORY);
    if (!(t->names = blaze_names_new())) return E_MEMORY;
    script_event_declare(g, "session_opened", "session: record", "a game has connected");
    script_event_declare(g, "session_closed", "session: record", "a game has gone; its record ends afterwards");
    blaze_declare_open(L);
    blaze_kept_open(L);
    blaze_notify_open(L);
    blaze_call_open(L);
    return 0;
}

/* mu.config.log.packets */
static bool wants_trace(lua_State *L) {
    static const char *const path[] = {"config", "log", "packets"};
    int top = lua_gettop(L);
    lua_getglobal(L, "mu");
    for (int i = 0; i < 3 && lua_istable(L, -1); i++) lua_getfield(L, -1, path[i]);
    bool on = lua_toboolean(L, -1) && !lua_istable(L, -1);
    lua_settop(L, top);
    return on;
}

static int blaze_check(generation *g) {
    blaze_tables_of(g)->frozen = true;
    blaze_tables_of(g)->trace = wants_trace(g->L);
    return 0;
}

static void blaze_enter(generation *g) { blaze_trace_on = blaze_tables_of(g)->trace; }

static void blaze_close(generation *g) {
    blaze_tables *t = blaze_tables_of(g);
    if (!t) return;
    blaze_names_free(t->names);
    arena_free(&t->memory);
    free(t);
    g->slots[SLOT_BLAZE] = NULL;
}

const script_module module_blaze = {
    .name = "blaze", .open = blaze_open, .check = blaze_check, .enter = blaze_enter, .close = blaze_close};
