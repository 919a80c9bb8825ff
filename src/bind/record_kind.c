/* record_kind.c: the object that mu.record returns: create, get, where, first, count, all, and the table methods.
 *
 * An iterator is a closure over a record_walk, which owns nothing: leaving a loop early needs no closing. */
#include <lauxlib.h>
#include <string.h>

#include "base/suggest.h"
#include "bind/record_private.h"
#include "records/containers.h"

static binding *live_binding(lua_State *L, const char *what) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    if (!b->state->live) luaL_error(L, "%s.%s: records cannot be used while scripts load", b->name, what);
    if (!b->kind || b->version != b->kind->version) record_rebind(L, b);
    if (!b->kind || !b->kind->declared)
        luaL_error(L, "%s.%s: no script declares this kind of record any more", b->name, what);
    return b;
}

static int32_t named_field(lua_State *L, binding *b, int key) {
    int32_t field = record_field_of(L, b, key);
    if (field < 0) record_no_field(L, b, key);
    const record_field *f = &b->kind->layout.fields[field];
    if (f->flags & FIELD_BUILTIN) luaL_error(L, "%s.%s is the server's: scripts only read it", b->name, f->name);
    return field;
}

/* The rest of a creation, protected: what raises here (a list that refuses an entry, no memory for the handle) takes
 * the record with it. Arguments: the table of fields, the binding, the ref, whether there are lists or maps to fill. */
static int finish_create(lua_State *L) {
    binding *b = lua_touserdata(L, 2);
    const record_ref *ref = lua_touserdata(L, 3);
    if (!lua_toboolean(L, 4)) {
        record_push_in(L, b->state, *ref);
        return 1;
    }
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        int32_t field = named_field(L, b, lua_gettop(L) - 1);
        if (b->kind->layout.fields[field].type >= RECORD_LIST)
            record_fill_part(L, b, *ref, (uint32_t)field, lua_gettop(L));
    }
    record_push_in(L, b->state, *ref);
    return 1;
}

static int kind_create(lua_State *L) {
    binding *b = live_binding(L, "create");
    record_init init[RECORD_FIELDS_MAX];
    uint32_t count = 0;
    bool parts = false;
    luaL_argcheck(L, lua_type(L, 1) == LUA_TTABLE, 1, "expected a table of fields");
    if (b->kind->builtin) return luaL_error(L, "a %s is the server's: scripts cannot create one", b->name);
    lua_settop(L, 1);
    luaL_checkstack(L, 8, "records"); /* from the creation to the protected call nothing may raise */
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        int32_t field = named_field(L, b, 2);
        if (b->kind->layout.fields[field].type >= RECORD_LIST) {
            parts = true;
            continue;
        }
        value v = record_value(L, 3); /* its text stays: the table holds it */
        if (v.kind == VALUE_REF) record_check(L, 3, NULL);
        init[count++] = (record_init){(uint32_t)field, v};
    }
    fault why = {0};
    record_ref ref;
    if (record_create(b->kind, init, count, &ref, &why) < 0) return record_raise(L, &why);
    lua_pushcfunction(L, finish_create);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, b);
    lua_pushlightuserdata(L, &ref);
    lua_pushboolean(L, parts);
    if (lua_pcall(L, 4, 1, 0) == LUA_OK) return 1;
    record_remove(b->state->all, ref);
    return lua_error(L);
}

static int kind_get(lua_State *L) {
    binding *b = live_binding(L, "get");
    if (b->kind->layout.key < 0) return luaL_error(L, "%s.get: this kind has no key", b->name);
    const record_field *key = &b->kind->layout.fields[b->kind->layout.key];
    value v = record_value(L, 1);
    record_ref ref;
    if (record_find(b->kind, v, &ref) == 0) {
        record_push_in(L, b->state, ref);
        return 1;
    }
    fault why = {0};
    if (cell_check(&key->cell, &v, b->name, records_kind_name, b->state->all, &why) == E_TYPE) {
        return luaL_error(L, "%s.get: the key %s: %s", b->name, key->name, why.text + strlen(b->name) + 2);
    }
    lua_pushnil(L);
    return 1;
}

static void begin(lua_State *L, binding *b, record_walk *w, const char *what) {
    record_condition where[RECORD_WHERE_MAX];
    uint32_t count = 0;
    if (lua_type(L, 1) != LUA_TTABLE)
        luaL_error(L, "%s.%s: expected a table of { field = value }, got %s", b->name, what, luaL_typename(L, 1));
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) record_no_field(L, b, lua_gettop(L) - 1);
        if (count == RECORD_WHERE_MAX) luaL_error(L, "%s.%s: more than %d conditions", b->name, what, RECORD_WHERE_MAX);
        where[count].name = lua_tostring(L, -2);
        where[count++].v = record_value(L, -1);
    }
    fault why = {0};
    if (record_walk_begin(b->kind, where, count, w, &why) < 0) record_raise(L, &why);
}

static int walk_step(lua_State *L) {
    record_walk *w = lua_touserdata(L, lua_upvalueindex(1));
    const binding *b = lua_touserdata(L, lua_upvalueindex(2));
    record_ref ref;
    int more = record_walk_next(w, &ref);
    if (more < 0) return luaL_error(L, "%s: its layout has changed while it was walked", w->kind->name);
    if (more)
        record_push_in(L, b->state, ref);
    else
        lua_pushnil(L);
    return 1;
}

static int kind_where(lua_State *L) {
    binding *b = live_binding(L, "where");
    record_walk w;
    begin(L, b, &w, "where");
    *(record_walk *)lua_newuserdatauv(L, sizeof w, 0) = w;
    lua_pushlightuserdata(L, b);
    lua_pushcclosure(L, walk_step, 2);
    return 1;
}

static int kind_all(lua_State *L) {
    binding *b = live_binding(L, "all");
    record_walk *w = lua_newuserdatauv(L, sizeof *w, 0);
    record_walk_begin(b->kind, NULL, 0, w, NULL);
    lua_pushlightuserdata(L, b);
    lua_pushcclosure(L, walk_step, 2);
    return 1;
}

static int kind_first(lua_State *L) {
    binding *b = live_binding(L, "first");
    record_walk w;
    record_ref ref;
    begin(L, b, &w, "first");
    if (record_walk_next(&w, &ref) == 1)
        record_push_in(L, b->state, ref);
    else
        lua_pushnil(L);
    return 1;
}

static int kind_count(lua_State *L) {
    binding *b = live_binding(L, "count");
    record_walk w;
    record_ref ref;
    lua_Integer n = 0;
    if (lua_isnoneornil(L, 1))
        record_walk_begin(b->kind, NULL, 0, &w, NULL);
    else
        begin(L, b, &w, "count");
    if (!w.count)
        n = record_walk_most(&w); /* one condition at most: the number is known */
    else
        while (record_walk_next(&w, &ref) == 1) n++;
    lua_pushinteger(L, n);
    return 1;
}

/* A name that is none of the functions. */
static int kind_missing(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    suggestion s = suggest_begin(lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "");
    char also[80];
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) suggest_offer(&s, lua_tostring(L, -2));
    return luaL_error(L, "the kind %s has no '%s'%s", b->name, luaL_tolstring(L, 2, NULL),
                      suggest_text(&s, also, sizeof also));
}

static int kind_write(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    return luaL_error(L, "the kind %s cannot be changed; methods go into %s.methods", b->name, b->name);
}

static int kind_text(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    lua_pushfstring(L, "records of kind %s", b->name);
    return 1;
}

/* kind.methods.name = function: only while scripts load, never over something that is there. */
static int methods_write(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    if (b->state->live) return luaL_error(L, "%s.methods: methods are declared while scripts load", b->name);
    if (lua_type(L, 2) != LUA_TSTRING || lua_type(L, 3) != LUA_TFUNCTION) {
        return luaL_error(L, "%s.methods: expected name = function", b->name);
    }
    const char *name = lua_tostring(L, 2);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->methods_ref);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) != LUA_TNIL || !strcmp(name, "exists") || !strcmp(name, "remove")) {
        return luaL_error(L, "%s already has a method '%s'", b->name, name);
    }
    lua_pop(L, 1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);
    return 0;
}

static void push_methods(lua_State *L, binding *b) {
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->methods_ref);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, b);
    lua_pushcclosure(L, methods_write, 1);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

void record_push_kind(lua_State *L, binding *b) {
    static const luaL_Reg functions[] = {
        {"create", kind_create}, {"get", kind_get},     {"where", kind_where}, {"all", kind_all},
        {"first", kind_first},   {"count", kind_count}, {NULL, NULL}};
    static const luaL_Reg ways[] = {{"__newindex", kind_write}, {"__tostring", kind_text}, {NULL, NULL}};
    luaL_checkstack(L, 10, "records");
    lua_newtable(L); /* the object: always empty, so that reads and writes come to the metatable */
    lua_newtable(L); /* its metatable */
    lua_pushlightuserdata(L, b);
    luaL_setfuncs(L, ways, 1);
    lua_createtable(L, 0, 8); /* what is read from it */
    lua_pushlightuserdata(L, b);
    luaL_setfuncs(L, functions, 1);
    push_methods(L, b);
    lua_setfield(L, -2, "methods");
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, b);
    lua_pushcclosure(L, kind_missing, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}
