/* protect.c: pcall and xpcall that a kill passes through.
 *
 * Lua's own would catch the error that a kill has to be where it cannot yield, and a script could go on for ever. These
 * catch everything but a kill. The handler of xpcall runs after the stack is unwound, as an ordinary call: a handler
 * that runs inside the error cannot be ended safely. Out of memory is a kill too (memory.c). */
#include "script/state.h"

/* Is the error with this status a kill in disguise? */
static bool is_kill(lua_State *L, int status) {
    watch *w = generation_of(L)->own->watch;
    if (!w || !watch_inside(w)) return false;
    if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
    return watch_killed(w);
}

/* Stack: [true], then the results; or anything, then the error. `below` values are not results. */
static int finish_pcall(lua_State *L, int status, lua_KContext below) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)below;
    if (is_kill(L, status)) return watch_pass(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int safe_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    return finish_pcall(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall), 0);
}

/* The handler has returned or failed: false, then what it said. Stack: handler, false, results or error. */
static int finish_handler(lua_State *L, int status, lua_KContext unused) {
    (void)unused;
    if (status != LUA_OK && status != LUA_YIELD) {
        if (is_kill(L, status)) return watch_pass(L);
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    return lua_gettop(L) - 1;
}

/* Stack: handler, true, results; or handler, …, error. */
static int finish_xpcall(lua_State *L, int status, lua_KContext unused) {
    (void)unused;
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
    if (is_kill(L, status)) return watch_pass(L);
    lua_insert(L, 2);
    lua_settop(L, 2);
    lua_pushboolean(L, 0);
    lua_insert(L, 2);
    lua_pushvalue(L, 1);
    lua_insert(L, 3); /* handler, false, handler, error */
    return finish_handler(L, lua_pcallk(L, 1, LUA_MULTRET, 0, 0, finish_handler), 0);
}

static int safe_xpcall(lua_State *L) {
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_insert(L, 1); /* handler, f, handler, args… */
    lua_pushboolean(L, 1);
    lua_replace(L, 3);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_replace(L, 2);
    lua_replace(L, 3); /* handler, true, f, args… */
    return finish_xpcall(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 0, 0, finish_xpcall), 0);
}

void protect_open(lua_State *L) {
    lua_register(L, "pcall", safe_pcall);
    lua_register(L, "xpcall", safe_xpcall);
}
