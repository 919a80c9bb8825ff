/* tdf_codec.c: what a schema needs in a Lua state: interned names and the metatables of decoded tables.
 *
 * The slots of a schema_set number everything that has a counterpart in Lua. One table per state, slot → value, holds
 * them: the name of a field or member, the metatable of a struct or union, and (slot + 1 of a struct) the empty table
 * that stands for an absent group. Decoding then pushes names by integer index instead of hashing C strings; encoding
 * finds fields by the address of the key, because short strings are unique in a state and these are kept alive here. */
#include "bind/tdf_codec.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static char context_key, slots_key; /* their addresses are the registry keys */

/* What is not tied to a schema sits at indexes below 1. */
enum { SLOT_EMPTY = 0, SLOT_ZERO_OTYPE = -2, SLOT_ZERO_OID = -3 };

tdf_context *tdf_context_of(lua_State *L, bool push) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &context_key);
    tdf_context *c = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (push) lua_rawgetp(L, LUA_REGISTRYINDEX, &slots_key);
    return c;
}

static int context_free(lua_State *L) {
    tdf_context *c = lua_touserdata(L, 1);
    for (uint32_t i = 0; i < c->capacity; i++) {
        if (!c->bindings[i]) continue;
        free(c->bindings[i]->keys);
        free(c->bindings[i]->fields);
        free(c->bindings[i]);
    }
    free(c->bindings);
    buf_free(&c->entries);
    buf_free(&c->sorted);
    *c = (tdf_context){0};
    return 0;
}

static int read_only(lua_State *L) {
    return luaL_error(L, "this is the shared empty value of an absent field; it cannot be changed");
}

static int length_of(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

/* Wraps the metatable on top of the stack around a new empty table that cannot be written to; pushes that table. */
static void seal(lua_State *L) {
    lua_pushcfunction(L, read_only);
    lua_setfield(L, -2, "__newindex");
    lua_pushliteral(L, "tdf");
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    lua_insert(L, -2);
    lua_setmetatable(L, -2);
}

/* {0, 0[, 0]}, read through __index so that it cannot be written to. */
static void push_zeros(lua_State *L, int n) {
    lua_createtable(L, 0, 4);
    lua_createtable(L, n, 0);
    for (int i = 1; i <= n; i++) {
        lua_pushinteger(L, 0);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, "__index");
    lua_pushinteger(L, n);
    lua_pushcclosure(L, length_of, 1);
    lua_setfield(L, -2, "__len");
    seal(L);
}

static tdf_context *context_make(lua_State *L) {
    tdf_context *c = tdf_context_of(L, false);
    if (c) return c;
    c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (tdf_context){0};
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, context_free);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    lua_createtable(L, 1024, 4);
    lua_newtable(L);
    seal(L);
    lua_rawseti(L, -2, SLOT_EMPTY);
    for (int n = 2; n <= 3; n++) {
        push_zeros(L, n);
        c->zero[n] = lua_topointer(L, -1);
        lua_rawseti(L, -2, -n);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &slots_key);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &context_key);
    return c;
}

/* ── reading what is not there ───────────────────────────────────────────────────────────────────────────────────── */

/* __index of the table of defaults: a declared name without default value is nil, any other is a mistake. */
static int missing_field(lua_State *L) {
    const schema_struct *s = lua_touserdata(L, lua_upvalueindex(1));
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "%s has no field %s; its fields have names", s->name, luaL_tolstring(L, 2, NULL));
    size_t n;
    const char *name = lua_tolstring(L, 2, &n);
    if (schema_find_name(s, name, n)) return 0;
    const schema_field *near = schema_suggest(s, name, n);
    if (near) return luaL_error(L, "%s has no field '%s'; did you mean '%s'?", s->name, name, near->name);
    return luaL_error(L, "%s has no field '%s'", s->name, name);
}

static int missing_member(lua_State *L) {
    const schema_union *u = lua_touserdata(L, lua_upvalueindex(1));
    size_t n;
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &n) : NULL;
    if (name ? schema_union_find(u, name, n) >= 0 : lua_isinteger(L, 2)) return 0;
    return luaL_error(L, "%s has no member '%s'", u->name, luaL_tolstring(L, 2, NULL));
}

static void push_default(lua_State *L, const schema_field *field, int slots) {
    const schema_type *t = field->type;
    switch (t->kind) {
    case SCHEMA_INT:
    case SCHEMA_TIME: lua_pushinteger(L, field->default_number); break;
    case SCHEMA_BOOL: lua_pushboolean(L, field->default_number != 0); break;
    case SCHEMA_FLOAT: lua_pushnumber(L, field->default_float); break;
    case SCHEMA_STR:
    case SCHEMA_BLOB: lua_pushlstring(L, (const char *)field->default_text.p, field->default_text.n); break;
    case SCHEMA_OTYPE: lua_rawgeti(L, slots, SLOT_ZERO_OTYPE); break;
    case SCHEMA_OID: lua_rawgeti(L, slots, SLOT_ZERO_OID); break;
    case SCHEMA_GROUP: lua_rawgeti(L, slots, t->group->slot + 1); break;
    case SCHEMA_LIST:
    case SCHEMA_MAP:
    case SCHEMA_UNION_LIST: lua_rawgeti(L, slots, SLOT_EMPTY); break;
    default: lua_pushnil(L); break;
    }
}

/* ── binding ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static bool grow(tdf_context *c, uint32_t id) {
    if (id < c->capacity) return true;
    uint32_t capacity = c->capacity ? c->capacity : 64;
    while (capacity <= id) capacity *= 2;
    tdf_binding **p = realloc(c->bindings, capacity * sizeof *p);
    if (!p) return false;
    memset(p + c->capacity, 0, (capacity - c->capacity) * sizeof *p);
    c->bindings = p;
    c->capacity = capacity;
    return true;
}

static tdf_binding *new_binding(uint32_t count) {
    uint32_t size = 4;
    while (size < 2 * count) size *= 2;
    tdf_binding *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->mask = size - 1;
    b->keys = calloc(size, sizeof *b->keys);
    b->fields = calloc(size, sizeof *b->fields);
    if (b->keys && b->fields) return b;
    free(b->keys);
    free(b->fields);
    free(b);
    return NULL;
}

static void bind_type(lua_State *L, const schema_type *t);

static void bind_union(lua_State *L, const schema_union *u) {
    tdf_context_of(L, true);
    if (lua_rawgeti(L, -1, u->slot) != LUA_TNIL) {
        lua_pop(L, 2);
        return;
    }
    lua_pop(L, 1);
    for (unsigned i = 0; i <= TDF_MEMBER_MAX; i++) {
        const schema_member *m = &u->members[i];
        if (!m->type) continue;
        bind_type(L, m->type);
        if (m->name)
            lua_pushlstring(L, m->name, m->name_length);
        else
            lua_pushinteger(L, i);
        lua_rawseti(L, -2, m->slot);
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, u->name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "tdf");
    lua_setfield(L, -2, "__metatable");
    lua_pushlightuserdata(L, (void *)u);
    lua_pushcclosure(L, missing_member, 1);
    lua_setfield(L, -2, "__index");
    lua_rawseti(L, -2, u->slot);
    lua_pop(L, 1);
}

static void bind_type(lua_State *L, const schema_type *t) {
    luaL_checkstack(L, 12, "nested schemas");
    if (t->group) tdf_codec_bind(L, t->group);
    if (t->members) bind_union(L, t->members);
    if (t->item) bind_type(L, t->item);
}

/* Pushes the table of defaults, which is the __index of the struct's tables. */
static void push_defaults(lua_State *L, const schema_struct *s, int slots) {
    lua_createtable(L, 0, (int)s->count);
    for (uint32_t i = 0; i < s->count; i++) {
        lua_rawgeti(L, slots, s->fields[i].slot);
        push_default(L, &s->fields[i], slots);
        lua_rawset(L, -3);
    }
    lua_createtable(L, 0, 1);
    lua_pushlightuserdata(L, (void *)s);
    lua_pushcclosure(L, missing_field, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

void tdf_codec_bind(lua_State *L, const schema_struct *s) {
    luaL_checkstack(L, 12, "nested schemas");
    tdf_context *c = context_make(L);
    if (s->id < c->capacity && c->bindings[s->id]) return;
    for (uint32_t i = 0; i < s->count; i++) bind_type(L, s->fields[i].type);
    tdf_context_of(L, true);
    int slots = lua_gettop(L);
    for (uint32_t i = 0; i < s->count; i++) {
        lua_pushlstring(L, s->fields[i].name, s->fields[i].name_length);
        lua_rawseti(L, slots, s->fields[i].slot);
    }
    push_defaults(L, s, slots);
    lua_createtable(L, 0, 4); /* metatable of decoded tables */
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "tdf");
    lua_setfield(L, -2, "__metatable");
    lua_rawseti(L, slots, s->slot);
    lua_createtable(L, 0, 4); /* metatable of the absent group */
    lua_insert(L, -2);
    lua_setfield(L, -2, "__index");
    seal(L);
    lua_rawseti(L, slots, s->slot + 1);

    tdf_binding *b = grow(c, s->id) ? new_binding(s->count) : NULL;
    if (!b) luaL_error(L, "out of memory for a schema");
    for (uint32_t i = 0; i < s->count; i++) {
        lua_rawgeti(L, slots, s->fields[i].slot);
        const void *key = lua_topointer(L, -1);
        uint32_t at = tdf_key_hash(key) & b->mask;
        while (b->keys[at]) at = (at + 1) & b->mask;
        b->keys[at] = key;
        b->fields[at] = (uint16_t)i;
        lua_pop(L, 1);
    }
    c->bindings[s->id] = b; /* from here on context_free knows it; nothing above raises once it is made */
    lua_pop(L, 1);
}
