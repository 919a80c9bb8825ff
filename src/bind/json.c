/* json.c: mu.json.encode and mu.json.decode.
 *
 * The work is lua-cjson's. Around it: text has a size limit before the library is called; whole numbers come back as
 * integers (the library knows only floats); integers that a double cannot hold exactly (beyond 2^53, e.g. ids) are sent
 * as strings, since JavaScript could not read them either; mu.null is null both ways. The library is a shared one that
 * the program links, so it needs no `package` and no search path. */
#include "bind/json.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>

#include "bind/slots.h"
#include "script/declare.h"
#include "script/task.h"

int luaopen_cjson(lua_State *L); /* the package lua-cjson */

#define EXACT ((lua_Integer)1 << 53)

static const char encode_key, decode_key; /* registry keys by address */

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

/* -- encoding ----------------------------------------------------------------------------------------------------- */

static bool inexact(lua_State *L, int index) {
    if (!lua_isinteger(L, index)) return false;
    lua_Integer v = lua_tointeger(L, index);
    return v > EXACT || v < -EXACT;
}

/* Looks through the value at index; true when an integer in it has to become a string. Adds up the texts' bytes. */
static bool look(lua_State *L, int index, int depth, size_t *size) {
    bool found = inexact(L, index);
    if (lua_type(L, index) == LUA_TSTRING)
        *size += lua_rawlen(L, index) + 2;
    else
        *size += 4;
    if (*size > JSON_MAX) luaL_error(L, "more than %d bytes of JSON", (int)JSON_MAX);
    if (!lua_istable(L, index)) return found;
    if (depth == JSON_DEPTH) luaL_error(L, "JSON nested deeper than %d", JSON_DEPTH);
    luaL_checkstack(L, 6, "JSON");
    task_poll(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) *size += lua_rawlen(L, -2) + 3;
        found |= look(L, lua_gettop(L), depth + 1, size);
    }
    return found;
}

/* Pushes a copy of the value at index with those integers as strings. */
static void push_exact(lua_State *L, int index) {
    luaL_checkstack(L, 8, "JSON");
    if (inexact(L, index)) {
        lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, index));
    } else if (!lua_istable(L, index)) {
        lua_pushvalue(L, index);
    } else {
        lua_newtable(L);
        int copy = lua_gettop(L);
        for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
            int value = lua_gettop(L);
            lua_pushvalue(L, value - 1);
            push_exact(L, value);
            lua_rawset(L, copy);
        }
    }
}

void json_encode(lua_State *L, int index) {
    size_t size = 0;
    bool copy = look(L, index, 0, &size);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &encode_key);
    if (copy)
        push_exact(L, index);
    else
        lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    if (lua_rawlen(L, -1) > JSON_MAX) luaL_error(L, "more than %d bytes of JSON", (int)JSON_MAX);
}

/* -- for scripts -------------------------------------------------------------------------------------------------- */

static int encode(lua_State *L) {
    json_encode(L, 1);
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
    {.name = "mu.json.decode",
     .params = "text: string",
     .returns = "any, or nil and a sentence",
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
    set_option(L, "encode_max_depth", JSON_DEPTH);
    set_option(L, "decode_max_depth", JSON_DEPTH);
    set_option(L, "encode_number_precision", 16); /* enough for every integer a double holds */
    set_switch(L, "decode_invalid_numbers", false);
    set_switch(L, "encode_invalid_numbers", false);
    set_switch(L, "encode_keep_buffer", false);
    lua_getfield(L, -1, "encode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &encode_key);
    lua_getfield(L, -1, "decode");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &decode_key);
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "null") == LUA_TNIL) { /* the store's bind file may have set it: the same value */
        lua_pushlightuserdata(L, NULL);
        lua_setfield(L, -3, "null");
    }
    lua_pop(L, 3);
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

const script_module module_json = {.name = "json", .open = json_open};
