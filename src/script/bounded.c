/* bounded.c: the library functions that can run for long inside C, where the watchdog's hook cannot see them.
 *
 * A table whose length is a lie (__len), an empty string repeated 10¹⁸ times, a sort with a slow order: each of these
 * loops looks at the alarm and passes a kill on (task_poll). What they do is what the manual says. */
#include "script/state.h"
#include <string.h>

#define REPEAT_MAX ((size_t)64 << 20) /* bytes of a string.rep */

static int string_rep(lua_State *L) {
    size_t n, ns;
    const char *s = luaL_checklstring(L, 1, &n);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &ns);
    luaL_Buffer b;
    if (count <= 0 || n + ns == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (n + ns > REPEAT_MAX || (size_t)count > REPEAT_MAX / (n + ns)) {
        return luaL_error(L, "string.rep: the result would be longer than %d MiB", (int)(REPEAT_MAX >> 20));
    }
    luaL_buffinitsize(L, &b, (size_t)count * (n + ns));
    for (lua_Integer i = 0; i < count; i++) {
        if (i > 0) luaL_addlstring(&b, separator, ns);
        luaL_addlstring(&b, s, n);
    }
    luaL_pushresult(&b);
    return 1;
}

static int table_insert(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer end = luaL_len(L, 1) + 1;
    int count = lua_gettop(L);
    if (count != 2 && count != 3) return luaL_error(L, "table.insert takes 2 or 3 arguments");
    if (count == 2) {
        lua_seti(L, 1, end);
        return 0;
    }
    lua_Integer at = luaL_checkinteger(L, 2);
    luaL_argcheck(L, at >= 1 && at <= end, 2, "position out of bounds");
    for (lua_Integer i = end; i > at; i--) {
        lua_geti(L, 1, i - 1);
        lua_seti(L, 1, i);
        task_poll(L);
    }
    lua_seti(L, 1, at);
    return 0;
}

static int table_remove(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer size = luaL_len(L, 1), at = luaL_optinteger(L, 2, size);
    if (at != size) luaL_argcheck(L, at >= 1 && at <= size + 1, 2, "position out of bounds");
    lua_geti(L, 1, at);
    for (; at < size; at++) {
        lua_geti(L, 1, at + 1);
        lua_seti(L, 1, at);
        task_poll(L);
    }
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

static int table_move(lua_State *L) {
    lua_Integer from = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, target, LUA_TTABLE);
    if (last >= from) {
        luaL_argcheck(L, from > 0 || last < LUA_MAXINTEGER + from, 3, "too many elements to move");
        lua_Integer count = last - from + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool upwards = to > last || to <= from || (target != 1 && !lua_rawequal(L, 1, target));
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer step = upwards ? i : count - 1 - i;
            lua_geti(L, 1, from + step);
            lua_seti(L, target, to + step);
            task_poll(L);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

static int table_concat(lua_State *L) {
    size_t ns;
    luaL_Buffer b;
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *separator = luaL_optlstring(L, 2, "", &ns);
    lua_Integer first = luaL_optinteger(L, 3, 1),
                last = lua_isnoneornil(L, 4) ? luaL_len(L, 1) : luaL_checkinteger(L, 4);
    luaL_buffinit(L, &b);
    for (lua_Integer i = first; i <= last; i++) {
        int type = lua_geti(L, 1, i);
        if (type != LUA_TSTRING && type != LUA_TNUMBER) {
            return luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUA_INTEGER)i);
        }
        luaL_addvalue(&b);
        if (i == last) break; /* the largest integer has no next one */
        luaL_addlstring(&b, separator, ns);
        task_poll(L);
    }
    luaL_pushresult(&b);
    return 1;
}

/* ---- sort: Lua's own, with an order of ours that looks at the alarm ---- */

static int order_default(lua_State *L) {
    task_poll(L);
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

static int order_given(lua_State *L) { /* a C function as the order */
    task_poll(L);
    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

static int table_sort(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1); /* sort, table, order */
    if (lua_isnil(L, 3)) {
        lua_pushcfunction(L, order_default);
        lua_replace(L, 3);
    } else if (lua_iscfunction(L, 3)) {
        lua_pushcclosure(L, order_given, 1);
    }
    lua_call(L, 2, 0);
    return 0;
}

void bounded_open(lua_State *L) {
    static const luaL_Reg functions[] = {{"insert", table_insert},
                                         {"remove", table_remove},
                                         {"move", table_move},
                                         {"concat", table_concat},
                                         {NULL, NULL}};
    lua_getglobal(L, "table");
    luaL_setfuncs(L, functions, 0);
    lua_getfield(L, -1, "sort");
    lua_pushcclosure(L, table_sort, 1);
    lua_setfield(L, -2, "sort");
    lua_pop(L, 1);
    lua_getglobal(L, "string");
    lua_pushcfunction(L, string_rep);
    lua_setfield(L, -2, "rep");
    lua_pop(L, 1);
    pattern_open(L);
}
