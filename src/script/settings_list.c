/* settings_list.c: all settings as a list, and those that keep their value until the next start. See settings.h.
 *
 * A setting with live = false is used when the server starts and never again, so a reload that changes it must not show
 * scripts a value that nothing follows. What each had at the start is kept as text, beside all generations; the first
 * generation of an engine begins anew. */
#include "script/settings.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELD_MAX 64

/* ---- a value as text that gives the same value when it is run; nothing here raises ---- */

static void put(buf *out, const char *text) { buf_put(out, text, strlen(text)); }

static void put_string(buf *out, const char *text, size_t n) {
    char escape[8];
    put(out, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            buf_put(out, &text[i], 1);
        else {
            snprintf(escape, sizeof escape, "\\%03u", c);
            put(out, escape);
        }
    }
    put(out, "\"");
}

static int by_text(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void put_value(lua_State *L, buf *out, int value, int depth);

/* Entries 1 … n, then the named fields, sorted, so that equal tables give equal texts. */
static void put_table(lua_State *L, buf *out, int table, int depth) {
    enum { MOST = 128 };
    const char *names[MOST];
    size_t count = 0;
    lua_Unsigned length = lua_rawlen(L, table);
    if (depth > 8 || !lua_checkstack(L, 6)) return;
    put(out, "{ ");
    for (lua_Unsigned i = 1; i <= length; i++, lua_pop(L, 1)) {
        lua_rawgeti(L, table, (lua_Integer)i);
        put_value(L, out, lua_gettop(L), depth + 1);
        put(out, ", ");
    }
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING && count < MOST) names[count++] = lua_tostring(L, -2);
    }
    qsort(names, count, sizeof *names, by_text);
    for (size_t i = 0; i < count; i++) {
        for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) { /* not by name: pushing one could raise */
            if (lua_type(L, -2) != LUA_TSTRING || lua_tostring(L, -2) != names[i]) continue;
            put(out, "[");
            put_string(out, names[i], strlen(names[i]));
            put(out, "] = ");
            put_value(L, out, lua_gettop(L), depth + 1);
            put(out, ", ");
        }
    }
    put(out, "}");
}

static void put_value(lua_State *L, buf *out, int value, int depth) {
    char number[40];
    size_t n;
    switch (lua_type(L, value)) {
    case LUA_TBOOLEAN: put(out, lua_toboolean(L, value) ? "true" : "false"); return;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, value, &n);
        put_string(out, text, n);
        return;
    }
    case LUA_TNUMBER:
        if (lua_isinteger(L, value))
            snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(L, value));
        else
            snprintf(number, sizeof number, "%.17g", lua_tonumber(L, value));
        put(out, number);
        return;
    case LUA_TTABLE: put_table(L, out, value, depth); return;
    default: put(out, "nil"); return;
    }
}

/* ---- what cannot change while the server runs ---- */

static struct {
    pthread_mutex_t lock; /* builds are on a worker thread, one at a time; the console asks on the loop's */
    unsigned count;
    struct held {
        char path[100];
        char *text;
        bool waits; /* the newest config says something else */
    } list[HELD_MAX];
} held = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void forget_held(void) {
    for (unsigned i = 0; i < held.count; i++) free(held.list[i].text);
    held.count = 0;
}

static struct held *find_held(const char *path) {
    for (unsigned i = 0; i < held.count; i++) {
        if (strcmp(held.list[i].path, path) == 0) return &held.list[i];
    }
    return NULL;
}

/* Compares the text with what the setting had at the start. Returns that text when it differs, else NULL. */
static const char *hold(const char *path, buf *text) {
    struct held *h = find_held(path);
    if (!h) {
        if (held.count == HELD_MAX) return NULL;
        h = &held.list[held.count];
        snprintf(h->path, sizeof h->path, "%s", path);
        h->waits = false;
        if ((h->text = strdup((const char *)text->p)) != NULL) held.count++;
        return NULL;
    }
    h->waits = strcmp(h->text, (const char *)text->p) != 0;
    return h->waits ? h->text : NULL;
}

void settings_hold(lua_State *L, int declared, int values) {
    int top = lua_gettop(L);
    pthread_mutex_lock(&held.lock);
    if (generation_of(L)->number == 1) forget_held();
    pthread_mutex_unlock(&held.lock);
    for (lua_pushnil(L); lua_next(L, declared); lua_settop(L, top + 1)) {
        const char *path = lua_tostring(L, top + 1);
        buf text = {0};
        if (lua_getfield(L, top + 2, "live") != LUA_TBOOLEAN || lua_toboolean(L, -1)) continue;
        if (lua_getfield(L, values, path) == LUA_TNIL) lua_getfield(L, top + 2, "default");
        put_value(L, &text, lua_gettop(L), 0);
        buf_u8(&text, 0);
        pthread_mutex_lock(&held.lock);
        const char *kept = text.failed ? NULL : hold(path, &text);
        pthread_mutex_unlock(&held.lock);
        buf_free(&text);
        if (!kept) continue;
        lua_getfield(L, top + 2, "secret");
        log_warn("config", "%s changes at the next start; until then it is %s", path,
                 lua_toboolean(L, -1) ? "(secret)" : kept);
        lua_pushfstring(L, "return %s", kept);
        if (luaL_loadstring(L, lua_tostring(L, -1)) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) continue;
        lua_setfield(L, values, path);
    }
    lua_settop(L, top);
}

/* ---- the list ---- */

static void copy_field(lua_State *L, int from, const char *key) {
    lua_getfield(L, from, key);
    lua_setfield(L, -2, key);
}

static void push_setting(lua_State *L, const char *path, int declaration, int values, int places) {
    static const char *const copied[] = {"type", "text", "default", "min", "max", "values", "secret", NULL};
    lua_createtable(L, 0, 12);
    lua_pushstring(L, path);
    lua_setfield(L, -2, "path");
    for (const char *const *key = copied; *key; key++) copy_field(L, declaration, *key);
    if (lua_getfield(L, values, path) == LUA_TNIL) lua_getfield(L, declaration, "default"), lua_remove(L, -2);
    lua_setfield(L, -2, "value");
    lua_getfield(L, places, path);
    lua_setfield(L, -2, "set");
    lua_getfield(L, declaration, "live");
    bool live = lua_isnil(L, -1) || lua_toboolean(L, -1);
    lua_pop(L, 1);
    lua_pushboolean(L, live);
    lua_setfield(L, -2, "live");
    pthread_mutex_lock(&held.lock);
    const struct held *h = find_held(path);
    bool waits = h && h->waits;
    pthread_mutex_unlock(&held.lock);
    lua_pushboolean(L, waits);
    lua_setfield(L, -2, "waits");
}

int settings_push_list(lua_State *L) {
    int top = lua_gettop(L), declared = top + 1, values = top + 2, places = top + 3, list = top + 4;
    luaL_checkstack(L, 20, "settings");
    settings_push_declared(L);
    settings_push_values(L);
    settings_push_places(L);
    lua_newtable(L);
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, declared); lua_settop(L, list + 1)) {
        push_setting(L, lua_tostring(L, list + 1), list + 2, values, places);
        lua_rawseti(L, list, ++n);
    }
    lua_replace(L, declared);
    lua_settop(L, declared);
    return 1;
}
