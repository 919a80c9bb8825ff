/* sandbox.c: what a script can name, and what it cannot change.
 *
 * Only functions that reach neither files, nor processes, nor bytecode, nor another generation. After the modules have
 * added theirs, everything global is sealed: the contents of each table move into a hidden one behind a metatable, so
 * that a read costs one more look and a write is an error that names the place. */
#include "script/state.h"
#include "base/log.h"
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#define LOAD_MAX (256u << 10) /* bytes of text that load() takes: the compiler cannot be interrupted */

static const char frozen_key, names_key;

/* ---- read-only tables ---- */

bool sandbox_is_frozen(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) return false;
    bool frozen = lua_rawgetp(L, -1, &frozen_key) == LUA_TTABLE;
    lua_pop(L, 2);
    return frozen;
}

void sandbox_real(lua_State *L, int index) {
    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TTABLE && lua_getmetatable(L, index)) {
        if (lua_rawgetp(L, -1, &frozen_key) == LUA_TTABLE) {
            lua_remove(L, -2);
            return;
        }
        lua_pop(L, 2);
    }
    lua_pushvalue(L, index);
}

static int frozen_write(lua_State *L) {
    const char *name = lua_tostring(L, lua_upvalueindex(1));
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    if (*name == 0) return luaL_error(L, "cannot write the global '%s' (is a 'local' missing?)", key);
    return luaL_error(L, "%s cannot be changed (field '%s')", name, key);
}

static int frozen_length(lua_State *L) {
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, lua_upvalueindex(1)));
    return 1;
}

static int frozen_next(lua_State *L) {
    lua_settop(L, 2);
    return lua_next(L, lua_upvalueindex(1)) ? 2 : (lua_pushnil(L), 1);
}

static int frozen_pairs(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushcclosure(L, frozen_next, 1);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

void script_freeze(lua_State *L, int index, const char *name) {
    index = lua_absindex(L, index);
    luaL_checkstack(L, 12, "tables too deep to freeze");
    if (lua_getmetatable(L, index)) { /* frozen already, or an object with ways of its own */
        lua_pop(L, 1);
        return;
    }
    lua_newtable(L);
    int metatable = lua_gettop(L), hidden = metatable + 1;
    lua_newtable(L);
    lua_pushvalue(L, metatable);
    lua_setmetatable(L, index); /* from here on a table that contains itself is known */
    for (lua_pushnil(L); lua_next(L, index);) {
        if (lua_type(L, -1) == LUA_TTABLE) {
            lua_pushfstring(L, "%s%s%s", name, *name ? "." : "",
                            lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[…]");
            script_freeze(L, -2, lua_tostring(L, -1));
            lua_pop(L, 1);
        }
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, hidden); /* key, value → hidden */
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_pushnil(L);
        lua_rawset(L, index); /* clearing a field while walking is allowed */
    }
    lua_pushvalue(L, hidden);
    lua_rawsetp(L, metatable, &frozen_key);
    lua_pushvalue(L, hidden);
    lua_setfield(L, metatable, "__index");
    lua_pushstring(L, name);
    lua_pushcclosure(L, frozen_write, 1);
    lua_setfield(L, metatable, "__newindex");
    lua_pushvalue(L, hidden);
    lua_pushcclosure(L, frozen_length, 1);
    lua_setfield(L, metatable, "__len");
    lua_pushvalue(L, hidden);
    lua_pushcclosure(L, frozen_pairs, 1);
    lua_setfield(L, metatable, "__pairs");
    lua_pushliteral(L, "read-only");
    lua_setfield(L, metatable, "__metatable");
    lua_settop(L, metatable - 1);
}

/* ---- functions that Lua's own would make too strong ---- */

static int safe_setmetatable(lua_State *L) {
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) return luaL_error(L, "setmetatable: __gc is not for scripts; use <close>");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int safe_rawset(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    if (sandbox_is_frozen(L, 1)) return luaL_error(L, "rawset: this table cannot be changed");
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

static int safe_rawget(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    sandbox_real(L, 1);
    lua_replace(L, 1);
    lua_rawget(L, 1);
    return 1;
}

static int safe_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    sandbox_real(L, 1);
    lua_replace(L, 1);
    return lua_next(L, 1) ? 2 : (lua_pushnil(L), 1);
}

static int safe_load(lua_State *L) {
    size_t size;
    const char *text = luaL_checklstring(L, 1, &size);
    const char *name = luaL_optstring(L, 2, "=(load)");
    if (size > LOAD_MAX) return luaL_error(L, "load: the text is longer than %d bytes", (int)LOAD_MAX);
    bool has_env = !lua_isnone(L, 4);
    int status = luaL_loadbufferx(L, text, size, name, "t");
    if (status != LUA_OK) {
        watch *w = generation_of(L)->own->watch;
        if (w && status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
        task_poll(L);
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_env) {
        lua_pushvalue(L, 4);
        if (!lua_setupvalue(L, -2, 1)) lua_pop(L, 1);
    }
    return 1;
}

static int safe_collectgarbage(lua_State *L) {
    const char *what = luaL_optstring(L, 1, "collect");
    if (strcmp(what, "count") == 0) {
        lua_pushnumber(L, (lua_Number)lua_gc(L, LUA_GCCOUNT) + (lua_Number)lua_gc(L, LUA_GCCOUNTB) / 1024);
        return 1;
    }
    if (strcmp(what, "collect") == 0 && generation_of(L)->engine->options.test_mode) {
        lua_gc(L, LUA_GCCOLLECT);
        lua_pushinteger(L, 0);
        return 1;
    }
    return luaL_error(L, "collectgarbage: scripts may only ask for \"count\"");
}

static int safe_print(lua_State *L) {
    luaL_Buffer b;
    int count = lua_gettop(L);
    luaL_buffinit(L, &b);
    for (int i = 1; i <= count; i++) {
        if (i > 1) luaL_addchar(&b, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    const generation *g = generation_of(L);
    char file[LUA_IDSIZE];
    int line = generation_where(L, file, sizeof file);
    log_info("print", "%s (%s:%d, generation %u %.8s)", lua_tostring(L, -1), file, line, g->number,
             *g->hash ? g->hash : "loading");
    return 0;
}

/* ---- the globals ---- */

static void keep_only(lua_State *L, const char *const *names) {
    int table = lua_gettop(L);
    lua_newtable(L);
    for (; *names; names++) {
        lua_getfield(L, table, *names);
        lua_setfield(L, -2, *names);
    }
    for (lua_pushnil(L); lua_next(L, table);) {
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING && lua_getfield(L, table + 1, lua_tostring(L, -1)) == LUA_TNIL) {
            lua_pushvalue(L, -2);
            lua_pushnil(L);
            lua_rawset(L, table);
        }
        lua_settop(L, table + 2);
    }
    lua_settop(L, table);
}

void sandbox_open(lua_State *L) {
    static const char *const base[] = {"assert", "error",    "getmetatable", "ipairs", "pairs",    "rawequal", "rawlen",
                                       "select", "tonumber", "tostring",     "type",   "_VERSION", "_G",       NULL};
    static const char *const os[] = {"time", "date", "clock", "difftime", NULL};
    static const luaL_Reg own[] = {{"setmetatable", safe_setmetatable},
                                   {"rawset", safe_rawset},
                                   {"rawget", safe_rawget},
                                   {"next", safe_next},
                                   {"load", safe_load},
                                   {"collectgarbage", safe_collectgarbage},
                                   {"print", safe_print},
                                   {"require", sandbox_require},
                                   {NULL, NULL}};
    static const luaL_Reg libraries[] = {{"string", luaopen_string}, {"table", luaopen_table}, {"math", luaopen_math},
                                         {"utf8", luaopen_utf8},     {"os", luaopen_os},       {NULL, NULL}};
    luaL_requiref(L, "_G", luaopen_base, 1);
    keep_only(L, base);
    luaL_setfuncs(L, own, 0);
    lua_pop(L, 1);
    for (const luaL_Reg *l = libraries; l->name; l++) {
        luaL_requiref(L, l->name, l->func, 1);
        if (strcmp(l->name, "os") == 0) keep_only(L, os);
        if (strcmp(l->name, "string") == 0) {
            lua_pushnil(L);
            lua_setfield(L, -2, "dump");
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    protect_open(L);
    coroutine_open(L);
    bounded_open(L);
}

/* Names every C function below the table on top of the stack. */
static void name_functions(lua_State *L, int names, const char *prefix, int depth) {
    int table = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, table); lua_settop(L, table + 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) continue;
        const char *key = lua_tostring(L, -2);
        if (lua_iscfunction(L, -1)) {
            lua_pushfstring(L, "%s%s", prefix, key);
            lua_rawset(L, names);
            lua_pushnil(L); /* what lua_next needs below stays: key is at table + 1 */
        } else if (lua_istable(L, -1) && depth < 4 && strcmp(key, "_G") != 0) {
            const char *inner = lua_pushfstring(L, "%s%s.", prefix, key);
            lua_insert(L, -2);
            name_functions(L, names, inner, depth + 1);
        }
    }
}

void sandbox_seal(lua_State *L) {
    lua_newtable(L);
    int names = lua_gettop(L);
    lua_pushvalue(L, names);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &names_key);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    luaL_checkstack(L, 60, NULL);
    name_functions(L, names, "", 0);
    script_freeze(L, -1, "");
    /* ("x"):upper() goes straight to the hidden table */
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getglobal(L, "string");
    sandbox_real(L, -1);
    lua_setfield(L, -3, "__index");
    lua_pop(L, 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_settop(L, names - 1);
}

const char *sandbox_name(lua_State *L, int index) {
    index = lua_absindex(L, index);
    if (!lua_checkstack(L, 4)) return NULL;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &names_key);
    const char *name = NULL;
    if (lua_istable(L, -1)) {
        lua_pushvalue(L, index);
        lua_rawget(L, -2);
        name = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return name;
}
