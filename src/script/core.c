/* core.c: what every script has from the engine itself: mu.sleep, mu.spawn, mu.exclusive, mu.settings, and the
 * constants mu.version, mu.generation, mu.test_mode. mu.config comes from settings.c. */
#include "script/declare.h"
#include "script/event.h"
#include "script/state.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLEEP_MAX 31536000.0 /* seconds: a year */

static int core_sleep(lua_State *L) {
    double seconds = lua_tonumber(L, 1);
    if (!(seconds >= 0 && seconds <= SLEEP_MAX))
        return luaL_error(L, "mu.sleep: 'seconds' must be from 0 to %d", (int)SLEEP_MAX);
    int64_t us = (int64_t)(seconds * 1e6);
    task_token token = suspend_as(L, "mu.sleep", us > 0 ? us : 1, LIMIT_SLEEP);
    return task_yield(L, token);
}

/* ---- mu.spawn ---- */

typedef struct spawned {
    int ref; /* array: function, arguments; n */
    generation *generation;
    char what[96];
} spawned;

static int spawn_push(lua_State *L, void *ctx) {
    const spawned *s = ctx;
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->ref);
    int table = lua_gettop(L);
    lua_getfield(L, table, "n");
    int count = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    luaL_checkstack(L, count + 2, "too many arguments");
    for (int i = 1; i <= count; i++) lua_rawgeti(L, table, i);
    lua_remove(L, table);
    return count;
}

static void spawn_done(void *ctx, const fault *why) {
    spawned *s = ctx;
    (void)why; /* logged where it happened */
    luaL_unref(s->generation->L, LUA_REGISTRYINDEX, s->ref);
    s->generation->own->started--;
    free(s);
}

static void spawn_start(generation *g, spawned *s) {
    g->own->started++;
    task_call call = {.generation = g,
                      .function_ref = LUA_NOREF,
                      .what = s->what,
                      .push = spawn_push,
                      .done = spawn_done,
                      .ctx = s,
                      /* One that an old generation starts while it drains has nobody who would ever end it. */
                      .background = g == engine_current(g->engine)};
    task_start(g->engine, &call);
}

static int core_spawn(lua_State *L) {
    generation *g = generation_of(L);
    char file[LUA_IDSIZE];
    int count = lua_gettop(L), line = generation_where(L, file, sizeof file);
    if (!g->loading && g->own->started >= g->own->limits.tasks)
        return luaL_error(L, "mu.spawn: %d tasks that scripts started are under way (limits.tasks)",
                          (int)g->own->started);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    lua_pushfstring(L, "background task of %s:%d", file, line);
    lua_setfield(L, 1, "what");
    if (g->loading) { /* starts when the generation is entered */
        if (g->own->spawned_ref == LUA_NOREF) {
            lua_newtable(L);
            g->own->spawned_ref = luaL_ref(L, LUA_REGISTRYINDEX);
        }
        lua_rawgeti(L, LUA_REGISTRYINDEX, g->own->spawned_ref);
        lua_pushvalue(L, 1);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        return 0;
    }
    lua_getfield(L, 1, "what");
    lua_pushvalue(L, 1);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    spawned *s = calloc(1, sizeof *s);
    if (!s) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        return luaL_error(L, "mu.spawn: out of memory");
    }
    s->ref = ref;
    s->generation = g;
    snprintf(s->what, sizeof s->what, "%s", lua_tostring(L, -1));
    spawn_start(g, s); /* queues: a task is running */
    return 0;
}

static int take_spawned(lua_State *L) {
    generation *g = generation_of(L);
    spawned *s = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->own->spawned_ref);
    int list = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, list);
    lua_rawgeti(L, list, 1);
    lua_getfield(L, -1, "what");
    snprintf(s->what, sizeof s->what, "%s", lua_tostring(L, -1));
    lua_pop(L, 1);
    s->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, list, i + 1);
        lua_rawseti(L, list, i);
    }
    if (count > 1) return 0;
    luaL_unref(L, LUA_REGISTRYINDEX, g->own->spawned_ref);
    g->own->spawned_ref = LUA_NOREF;
    return 0;
}

void core_enter(generation *g) {
    while (g->own->spawned_ref != LUA_NOREF) {
        spawned *s = calloc(1, sizeof *s);
        if (!s) return;
        s->generation = g;
        if (generation_protect(g, take_spawned, s) < 0) {
            log_error("script", "no memory for the background tasks");
            free(s);
            return;
        }
        spawn_start(g, s);
    }
}

static const script_function functions[] = {
    {.name = "mu.sleep",
     .params = "seconds: number",
     .returns = "",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .text = "waits; other handlers run meanwhile",
     .errors = "seconds below 0 or above a year",
     .example = "mu.sleep(0.01)",
     .call = core_sleep},
    {.name = "mu.spawn",
     .params = "fn: function, ...: any",
     .returns = "",
     .since = "0.1",
     .text = "runs fn(...) as a background task of its own; ended when the scripts are reloaded; called while scripts "
             "load, it starts when they are in use",
     .errors = "",
     .example = "mu.spawn(function() mu.sleep(60) mu.log.debug \"a minute later\" end)",
     .call = core_spawn},
    {.name = "mu.exclusive",
     .params = "key: string|integer, fn: function, ...: any",
     .returns = "...any",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .text = "runs fn(...) while no other task is inside the same key; the others wait in order",
     .errors = "what fn raises; waited longer than limits.await_seconds",
     .example = "mu.exclusive('player 7', function(a, b) return a + b end, 1, 2) == 3",
     .call = exclusive_call},
    {.name = "mu.settings",
     .params = "declarations: table",
     .returns = "",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .text = "declares settings that config.lua may set: path → { type, default, text, min, max, values, live, secret "
             "}; only in "
             "scripts/settings.lua",
     .errors = "a malformed declaration",
     .example = "mu.settings { ['web.port'] = { type = 'integer', default = 8080 } }",
     .call = settings_declare},
};

void core_open(lua_State *L) {
    generation *g = generation_of(L);
    script_declare(L, functions, sizeof functions / sizeof *functions);
    script_event_declare(g, "started", "", "the server has started: its doors are open");
    script_event_declare(g, "reloaded", "", "this generation of the scripts has replaced an older one");
    script_event_declare(g, "stopping", "", "the server stops; what is under way has a moment to end");
    events_open(L);
    checks_open(L);
    lua_getglobal(L, "mu");
    lua_pushliteral(L, MU_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushinteger(L, g->number);
    lua_setfield(L, -2, "generation");
    lua_pushboolean(L, g->engine->options.test_mode);
    lua_setfield(L, -2, "test_mode");
    lua_pop(L, 1);
}
