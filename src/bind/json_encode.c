/* json_encode.c: Lua values as JSON text.
 *
 * Our own writer, not lua-cjson's: that one prints numbers with at most 14 digits (Debian 12), which breaks ids and
 * times, and cannot say an empty list. The text grows in a buffer that a userdata owns, so that an error on the way,
 * out of memory or a kill, leaves nothing behind. Frozen tables are read like others. */
#include "bind/json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "script/task.h"

#define EXACT ((lua_Integer)1 << 53) /* beyond it a double, and so JavaScript, cannot tell neighbours apart */
#define BOX   "json text"

const char json_list_key; /* registry: the metatable of mu.json.list */

static int box_free(lua_State *L) {
    buf_free(lua_touserdata(L, 1));
    return 0;
}

static buf *push_box(lua_State *L) {
    buf *b = lua_newuserdatauv(L, sizeof *b, 0);
    memset(b, 0, sizeof *b);
    b->max = JSON_MAX;
    if (luaL_newmetatable(L, BOX)) {
        lua_pushcfunction(L, box_free);
        lua_setfield(L, -2, "__gc");
        lua_pushcfunction(L, box_free);
        lua_setfield(L, -2, "__close");
    }
    lua_setmetatable(L, -2);
    return b;
}

/* Length of the well-formed UTF-8 sequence at p, or 0. */
static size_t utf8_at(const uint8_t *p, size_t n) {
    if (p[0] < 0x80) return 1;
    size_t need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < need) return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) return 0;
    return need;
}

static void put_string(buf *b, const uint8_t *p, size_t n) {
    static const char plain[] = "btn\vfr"; /* 8 … 13 by letter; 11 has none */
    if (n > JSON_MAX) b->failed = true;    /* not worth a look */
    buf_u8(b, '"');
    while (n && !b->failed) {
        size_t run = 0, step;
        while (run < n && p[run] >= 0x20 && p[run] != '"' && p[run] != '\\' && (step = utf8_at(p + run, n - run)))
            run += step;
        buf_put(b, p, run);
        p += run, n -= run;
        if (!n) break;
        char escape[8];
        if (*p == '"' || *p == '\\')
            snprintf(escape, sizeof escape, "\\%c", *p);
        else if (*p >= 8 && *p <= 13 && *p != 11)
            snprintf(escape, sizeof escape, "\\%c", plain[*p - 8]);
        else if (*p < 0x20)
            snprintf(escape, sizeof escape, "\\u%04x", *p);
        else
            snprintf(escape, sizeof escape, "\\ufffd"); /* not UTF-8: JSON has nothing else */
        buf_put(b, escape, strlen(escape));
        p++, n--;
    }
    buf_u8(b, '"');
}

static void put_number(lua_State *L, buf *b, int index) {
    char text[40];
    if (lua_isinteger(L, index)) {
        lua_Integer v = lua_tointeger(L, index);
        bool exact = v >= -EXACT && v <= EXACT;
        snprintf(text, sizeof text, exact ? "%lld" : "\"%lld\"", (long long)v);
    } else {
        lua_Number v = lua_tonumber(L, index);
        if (!isfinite(v)) luaL_error(L, "JSON cannot say %s", isnan(v) ? "NaN" : "infinity");
        for (int digits = 15; digits <= 17; digits++) { /* the shortest that reads back the same */
            snprintf(text, sizeof text, "%.*g", digits, v);
            if (strtod(text, NULL) == v) break;
        }
    }
    buf_put(b, text, strlen(text));
}

static void put_value(lua_State *L, buf *b, int index, int depth);

static void put_list(lua_State *L, buf *b, int table, lua_Integer n, int depth) {
    buf_u8(b, '[');
    for (lua_Integer i = 1; i <= n; i++) {
        if (i > 1) buf_u8(b, ',');
        lua_rawgeti(L, table, i);
        put_value(L, b, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
    }
    buf_u8(b, ']');
}

static void put_object(lua_State *L, buf *b, int table, int depth) {
    bool first = true;
    buf_u8(b, '{');
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (!first) buf_u8(b, ',');
        first = false;
        if (lua_type(L, value - 1) == LUA_TSTRING) {
            size_t n;
            const char *key = lua_tolstring(L, value - 1, &n);
            put_string(b, (const uint8_t *)key, n);
        } else if (lua_isinteger(L, value - 1)) {
            char key[32];
            snprintf(key, sizeof key, "\"%lld\"", (long long)lua_tointeger(L, value - 1));
            buf_put(b, key, strlen(key));
        } else {
            luaL_error(L, "JSON cannot say a key that is a %s", luaL_typename(L, value - 1));
        }
        buf_u8(b, ':');
        put_value(L, b, value, depth + 1);
    }
    buf_u8(b, '}');
}

/* A list has the keys 1 … n and no other; what was marked by mu.json.list is one even when empty. */
static bool is_list(lua_State *L, int table, int original, lua_Integer *n) {
    *n = (lua_Integer)lua_rawlen(L, table);
    lua_Integer keys = 0;
    bool all_integers = true;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        keys++;
        all_integers &= lua_isinteger(L, -2) != 0;
    }
    if (!keys && lua_getmetatable(L, original)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &json_list_key);
        bool marked = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
        return marked;
    }
    if (*n && (keys != *n || !all_integers)) luaL_error(L, "JSON cannot say a list with holes or other keys in it");
    return *n > 0;
}

static void put_table(lua_State *L, buf *b, int index, int depth) {
    if (depth >= JSON_DEPTH) luaL_error(L, "JSON nested deeper than %d", JSON_DEPTH);
    luaL_checkstack(L, 10, "JSON");
    task_poll(L);
    sandbox_real(L, index);
    int table = lua_gettop(L);
    lua_Integer n;
    if (is_list(L, table, index, &n))
        put_list(L, b, table, n, depth);
    else
        put_object(L, b, table, depth);
    lua_settop(L, table - 1);
}

static void put_value(lua_State *L, buf *b, int index, int depth) {
    size_t n;
    const char *text;
    switch (lua_type(L, index)) {
    case LUA_TNIL: buf_put(b, "null", 4); break;
    case LUA_TBOOLEAN: text = lua_toboolean(L, index) ? "true" : "false", buf_put(b, text, strlen(text)); break;
    case LUA_TNUMBER: put_number(L, b, index); break;
    case LUA_TSTRING: text = lua_tolstring(L, index, &n), put_string(b, (const uint8_t *)text, n); break;
    case LUA_TTABLE: put_table(L, b, index, depth); break;
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(L, index)) {
            buf_put(b, "null", 4);
            break;
        } /* fall through */
    default: luaL_error(L, "JSON cannot say a %s", luaL_typename(L, index));
    }
    if (b->failed) luaL_error(L, "more than %d bytes of JSON", (int)JSON_MAX);
}

void json_encode(lua_State *L, int index) {
    luaL_checkstack(L, 10, "JSON");
    buf *b = push_box(L);
    int box = lua_gettop(L);
    put_value(L, b, index, 0);
    lua_pushlstring(L, b->n ? (const char *)b->p : "", b->n);
    buf_free(b);
    lua_remove(L, box);
}
