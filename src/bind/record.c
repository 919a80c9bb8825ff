/* record.c: the part of one lua_State: its bindings to kinds, handles and values in and out.
 *
 * Handles are remembered in a table with weak values, by kind and slot: the same record is the same object as long as
 * somebody holds it, and a read of a ref costs a table look-up instead of a new object. The generation of the slot is
 * in the handle and compared: the handle of a record that is gone gives its place to the one that has the slot now. */
#include "bind/record.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/record_private.h"

static const char state_key, handle_mark;

static void plain_complain(lua_State *L, const char *sentence) { luaL_error(L, "%s", sentence); }

static void plain_methods(lua_State *L, const char *kind) {
    luaL_getsubtable(L, LUA_REGISTRYINDEX, "record methods");
    luaL_getsubtable(L, -1, kind);
    lua_remove(L, -2);
}

static int plain_where(lua_State *L, char *file, size_t size) {
    lua_Debug at;
    if (size) file[0] = 0;
    if (!lua_getstack(L, 1, &at) || !lua_getinfo(L, "Sl", &at)) return 0;
    strncat(file, at.short_src, size - 1);
    return at.currentline > 0 ? at.currentline : 0;
}

record_state *record_state_new(lua_State *L, records *all) {
    record_state *s = calloc(1, sizeof *s);
    if (!s) luaL_error(L, "records: out of memory");
    s->all = all;
    s->L = L;
    s->complain = plain_complain;
    s->methods = plain_methods;
    s->where = plain_where;
    lua_pushlightuserdata(L, s);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    s->handles_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return s;
}

void record_state_free(record_state *s) {
    if (!s) return;
    for (uint32_t i = 0; i < s->binding_count; i++) {
        free(s->bindings[i]->names);
        free(s->bindings[i]);
    }
    for (uint32_t i = 0; i < s->decl_count; i++) {
        record_decl_free(&s->decls[i]->decl);
        free(s->decls[i]);
    }
    free(s->decls);
    free(s);
}

record_state *record_state_of(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
    record_state *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!s) luaL_error(L, "records are not open in this Lua state");
    return s;
}

static int keep(lua_State *L) { return luaL_ref(L, LUA_REGISTRYINDEX); }

binding *record_binding(lua_State *L, record_state *s, const char *kind) {
    for (uint32_t i = 0; i < s->binding_count; i++) {
        if (!strcmp(s->bindings[i]->name, kind)) return s->bindings[i];
    }
    luaL_checkstack(L, 8, "records");
    if (s->binding_count == RECORD_KINDS_MAX) luaL_error(L, "more than %d kinds of record", RECORD_KINDS_MAX);
    binding *b = calloc(1, sizeof *b);
    if (!b) luaL_error(L, "records: out of memory");
    b->state = s;
    strncat(b->name, kind, RECORD_NAME_MAX);
    b->names_ref = b->meta_ref = b->methods_ref = LUA_NOREF;
    s->bindings[s->binding_count++] = b; /* from here on the state owns it */
    s->methods(L, b->name);
    b->methods_ref = keep(L);
    record_make_meta(L, b);
    b->meta_ref = keep(L);
    if (records_kind(s->all, kind)) record_rebind(L, b);
    return b;
}

void record_rebind(lua_State *L, binding *b) {
    if (!b->kind) b->kind = records_kind(b->state->all, b->name);
    if (!b->kind || b->version == b->kind->version) return;
    const layout *l = &b->kind->layout;
    uint32_t size = 4;
    while (size < 2 * (l->count + 1)) size *= 2;
    luaL_checkstack(L, 4, "records");
    lua_createtable(L, (int)l->count, 0);
    for (uint32_t i = 0; i < l->count; i++) {
        lua_pushstring(L, l->fields[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    int names_ref = keep(L);
    struct binding_name *names = calloc(size, sizeof *names);
    if (!names) {
        luaL_unref(L, LUA_REGISTRYINDEX, names_ref);
        luaL_error(L, "records: out of memory");
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, names_ref);
    for (uint32_t i = 0; i < l->count; i++) {
        lua_rawgeti(L, -1, i + 1);
        const void *name = lua_topointer(L, -1);
        lua_pop(L, 1);
        uint32_t at = binding_place(name, size - 1);
        while (names[at].name) at = (at + 1) & (size - 1);
        names[at] = (struct binding_name){name, i};
    }
    lua_pop(L, 1);
    luaL_unref(L, LUA_REGISTRYINDEX, b->names_ref);
    free(b->names);
    b->names = names;
    b->names_ref = names_ref;
    b->mask = size - 1;
    b->version = b->kind->version;
    b->state->by_id[b->kind->id] = b;
}

static binding *binding_of_id(lua_State *L, record_state *s, uint32_t id) {
    binding *b = id <= RECORD_KINDS_MAX ? s->by_id[id] : NULL;
    if (b) return b;
    const record_kind *k = records_kind_at(s->all, id);
    if (!k) luaL_error(L, "no such kind of record");
    b = record_binding(L, s, k->name);
    record_rebind(L, b);
    s->by_id[id] = b;
    return b;
}

static int64_t label_of(const record_kind *k, record_ref ref) {
    if (k->layout.key < 0) return INT64_MIN;
    value v = record_get(k->all, ref, (uint32_t)k->layout.key);
    return v.kind == VALUE_INTEGER ? v.integer : INT64_MIN;
}

void record_push(lua_State *L, record_ref ref) {
    if (ref.kind)
        record_push_in(L, record_state_of(L), ref);
    else
        lua_pushnil(L);
}

void record_push_in(lua_State *L, record_state *s, record_ref ref) {
    luaL_checkstack(L, 5, "records");
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->handles_ref);
    record_push_from(L, s, ref, lua_gettop(L));
    lua_replace(L, -2);
}

void record_push_from(lua_State *L, record_state *s, record_ref ref, int handles) {
    lua_Integer key = (lua_Integer)((uint64_t)ref.kind << 24) + ref.at.slot;
    bool known = lua_rawgeti(L, handles, key) == LUA_TUSERDATA;
    const handle_box *have = known ? lua_touserdata(L, -1) : NULL;
    if (known && handle_same(have->ref.at, ref.at) && have->ref.kind == ref.kind) return;
    lua_pop(L, 1);
    binding *b = binding_of_id(L, s, ref.kind);
    handle_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (handle_box){&handle_mark, b, ref, label_of(b->kind, ref)};
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->meta_ref);
    lua_setmetatable(L, -2);
    if (known && !record_row(b->kind, ref.at)) return; /* one that is gone drives none away */
    lua_pushvalue(L, -1);
    lua_rawseti(L, handles, key);
}

static const handle_box *box_at(lua_State *L, int index) {
    const handle_box *box = lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index) : NULL;
    return box && lua_rawlen(L, index) == sizeof *box && box->mark == &handle_mark ? box : NULL;
}

bool record_test(lua_State *L, int index, record_ref *ref) {
    const handle_box *box = box_at(L, index);
    if (box) *ref = box->ref;
    return box;
}

int record_gone(lua_State *L, const binding *b, int index) {
    const handle_box *box = box_at(L, index);
    const char *how = strcmp(b->name, "session") ? "is gone" : "has disconnected";
    if (!box || box->label == INT64_MIN) return luaL_error(L, "this %s %s", b->name, how);
    return luaL_error(L, "%s %I %s", b->name, (LUAI_UACINT)box->label, how);
}

record_ref record_check(lua_State *L, int index, const record_kind *kind) {
    const handle_box *box = box_at(L, index);
    if (!box || (kind && box->ref.kind != kind->id)) {
        record_ref other;
        const char *got = record_test(L, index, &other) ? records_kind_name(record_state_of(L)->all, other.kind)
                                                        : luaL_typename(L, index);
        luaL_error(L, "expected a %s, got %s", kind ? kind->name : "record", got);
    }
    if (!record_alive(box->of->state->all, box->ref)) record_gone(L, box->of, index);
    return box->ref;
}

int record_raise(lua_State *L, const fault *f) { return luaL_error(L, "%s", f->text); }

void record_assign(lua_State *L, record_ref ref, int fields) {
    record_state *s = record_state_of(L);
    binding *b = binding_of_id(L, s, ref.kind);
    fields = lua_absindex(L, fields);
    luaL_checkstack(L, 4, "records");
    record_push(L, ref);
    for (lua_pushnil(L); lua_next(L, fields); lua_pop(L, 1)) {
        if (!record_alive(s->all, ref)) record_gone(L, b, -3);
        record_set_field(L, b, ref, lua_gettop(L) - 1, lua_gettop(L));
    }
    lua_pop(L, 1);
}

value record_value(lua_State *L, int index) {
    size_t n;
    const char *p;
    record_ref ref;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TNONE: return value_nil();
    case LUA_TBOOLEAN: return value_boolean(lua_toboolean(L, index));
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) return value_integer(lua_tointeger(L, index));
        return value_number(lua_tonumber(L, index));
    case LUA_TSTRING: p = lua_tolstring(L, index, &n); return value_text((bytes){(const uint8_t *)p, n});
    default: break;
    }
    if (record_test(L, index, &ref)) return value_ref(ref);
    value other = value_string(lua_type(L, index) == LUA_TTABLE      ? "a table"
                               : lua_type(L, index) == LUA_TFUNCTION ? "a function"
                               : lua_type(L, index) == LUA_TTHREAD   ? "a coroutine"
                                                                     : "a userdata");
    other.kind = VALUE_OTHER;
    return other;
}

void record_push_value(lua_State *L, const records *all, const value *v) {
    switch (v->kind) {
    case VALUE_BOOLEAN: lua_pushboolean(L, v->boolean); break;
    case VALUE_INTEGER: lua_pushinteger(L, v->integer); break;
    case VALUE_NUMBER: lua_pushnumber(L, v->number); break;
    case VALUE_TEXT: lua_pushlstring(L, (const char *)v->text.p, v->text.n); break;
    case VALUE_REF:
        if (record_alive(all, v->ref)) {
            record_push(L, v->ref);
            break;
        } /* a ref to a gone record is nil */
        /* fall through */
    default: lua_pushnil(L);
    }
}
