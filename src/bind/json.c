/* json.c: mu.json. Reading is lua-cjson's work, writing is in json_encode.c.
 *
 * Around the library: text has a size limit before it is called; whole numbers come back as integers (the library
 * knows only floats); mu.null is null both ways. It is a shared library that the program links, so it needs no
 * `package` and no search path. */
#include "bind/json.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>

#include "bind/slots.h"
#include "script/declare.h"
#include "script/task.h"

int luaopen_cjson(lua_State *L); /* the package lua-cjson */

#define EXACT ((lua_Integer)1 << 53)

static const char decode_key; /* registry key by address */

/* -- decoding ----------------------------------------------------------------------------------------------------- */

static bool whole(lua_Number v) { return v >= -(lua_Number)EXACT && v <= (lua_Number)EXACT && v == floor(v); }

/* Makes whole floats of the table on top integers, and of those in it. */
static void make_whole(lua_State *L, int depth) {
    luaL_checkstack(L, 6, "JSON");
    int table = lua_gettop(L);
    task_poll(L);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_istable(L, -1) && depth < JSON_DEPTH) {
            make_whole(L, depth + 1);
        } else if (lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1) && whole(lua_tonumber(L, -1))) {
            lua_pushvalue(L, -2);
            lua_pushinteger(L, (lua_Integer)lua_tonumber(L, -2));
            lua_rawset(L, table); /* an existing field: allowed while walking */
        }
    }
}

int json_decode(lua_State *L, int index) {
    if (lua_rawlen(L, index) > JSON_MAX) {
        lua_pushnil(L);
        lua_pushfstring(L, "more than %d bytes of JSON", (int)JSON_MAX);
        return 2;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &decode_key);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (lua_istable(L, -1)) {
        make_whole(L, 0);
    } else if (lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1) && whole(lua_tonumber(L, -1))) {
        lua_pushinteger(L, (lua_Integer)lua_tonumber(L, -1));
        lua_remove(L, -2);
    }
    return 1;
}

/* -- for scripts -------------------------------------------------------------------------------------------------- */

static int encode(lua_State *L) {
    json_encode(L, 1);
    return 1;
}

static int list(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &json_list_key);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int decode(lua_State *L) { return json_decode(L, 1); }

static const script_function functions[] = {
    {.name = "mu.json.encode",
     .params = "value: any",
     .returns = "string",
     .text =
         "The value as JSON. A table with keys 1 … n is a list, any other one (an empty one too) an object; mu.null "
         "is null; integers beyond 2^53 become strings.",
     .errors = "functions, records, mixed keys, infinite numbers; deeper than 64; more than 8 MiB",
     .example = "mu.json.encode { a = 1 } == '{\"a\":1}'",
     .since = "0.1",
     .call = encode},
    {.name = "mu.json.list",
     .params = "items: table",
     .returns = "table",
     .text = "Marks a list, so that it is one in JSON even when it is empty. Returns the same table.",
     .errors = "none",
     .example = "mu.json.encode(mu.json.list {}) == '[]'",
     .since = "0.1",
     .call = list},
    {.name = "mu.json.decode",
     .params = "text: string",
     .returns = "any, string?",
     .text = "The value of a JSON text. Whole numbers are integers, null is mu.null.",
     .errors = "none raised: nil and what is wrong",
     .example = "mu.json.decode('[1, 2.5]')[1] == 1",
     .since = "0.1",
     .call = decode},
};

static void set_option(lua_State *L, const char *name, lua_Integer value) {
    lua_getfield(L, -1, name);
    lua_pushinteger(L, value);
    lua_call(L, 1, 0);
}

static void set_switch(lua_State *L, const char *name, bool on) {
    lua_getfield(L, -1, name);
    lua_pushboolean(L, on);
    lua_call(L, 1, 0);
}

static int json_open(generation *g, lua_State *L) {
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    set_option(L, "decode_max_depth", JSON_DEPTH);
    set_switch(L, "decode_invalid_numbers", false);
    lua_getfield(L, -1, "decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &decode_key);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "list");
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &json_list_key);
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "null") == LUA_TNIL) { /* the store's bind file may have set it: the same value */
        lua_pushlightuserdata(L, NULL);
        lua_setfield(L, -3, "null");
    }
    lua_pop(L, 3);
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

const script_module module_json = {.name = "json", .open = json_open};
