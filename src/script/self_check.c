/* self_check.c: mu.check: what a script wants to be true of all scripts together before players meet them.
 *
 *     mu.check("every promo has a picture", function() … assert(picture, title .. " has no picture") … end)
 *
 * Every build runs them, `reload --check` included, after everything is loaded and declared and before the swap. One
 * that raises refuses the generation with its name and place. Nothing may wait in one: nothing runs yet. */
#include "script/declare.h"
#include "script/state.h"

#include <stdio.h>

#define CHECKS_MAX 1000

static int declare_check(lua_State *L) {
    generation_state *own = generation_of(L)->own;
    char file[LUA_IDSIZE];
    int line = generation_where(L, file, sizeof file);
    if (own->checks_ref == LUA_NOREF) {
        lua_newtable(L);
        own->checks_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, own->checks_ref);
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    if (count >= CHECKS_MAX) return luaL_error(L, "mu.check: no more than %d checks", CHECKS_MAX);
    lua_createtable(L, 3, 0);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, 1);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 2);
    lua_pushfstring(L, "%s:%d", file, line);
    lua_rawseti(L, -2, 3);
    lua_rawseti(L, -2, count + 1);
    return 0;
}

static int count_checks(lua_State *L) {
    unsigned *count = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, generation_of(L)->own->checks_ref);
    *count = (unsigned)lua_rawlen(L, -1);
    return 0;
}

unsigned checks_count(generation *g) {
    unsigned count = 0;
    if (g->own->checks_ref != LUA_NOREF) generation_protect(g, count_checks, &count);
    return count;
}

int check_run(lua_State *L) {
    generation *g = generation_of(L);
    const unsigned *number = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->own->checks_ref);
    lua_rawgeti(L, -1, *number);
    int check = lua_gettop(L);
    lua_rawgeti(L, check, 2);
    int status = lua_pcall(L, 0, 0, 0);
    if (status == LUA_OK) return 0;
    if (status == LUA_ERRMEM) watch_kill(g->own->watch, WATCH_MEMORY);
    if (watch_killed(g->own->watch)) return watch_pass(L);
    const char *said = luaL_tolstring(L, check + 1, NULL);
    lua_rawgeti(L, check, 3);
    lua_rawgeti(L, check, 1);
    generation_error(g, NULL, 0, "%s: the check '%s' failed: %s", lua_tostring(L, -2), lua_tostring(L, -1), said);
    return 0;
}

static const script_function functions[] = {
    {.name = "mu.check",
     .params = "name: string, fn: function",
     .returns = "",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .text = "declares a self-check: fn runs at the end of every build, before the scripts are used; an error in it "
             "refuses them",
     .errors = "",
     .example = "mu.check('two and two', function() assert(2 + 2 == 4, 'arithmetic has changed') end)",
     .call = declare_check},
};

void checks_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
