/* record_handle.c: r.field, r.field = v, tostring(r), r:exists(), r:remove().
 *
 * Reading a plain field: compare the address of the name, find the row by slot and generation, push what lies there. It
 * is what scripts do most, so nothing is looked up on the way: the handle knows its binding, and the table of handles,
 * for fields that lead to other records, is an upvalue.
 * The layout's version tells when the names must be taken anew. Whatever is no field is looked for among the methods.
 */
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "bind/record_private.h"
#include "records/containers.h"

int32_t record_field_of(lua_State *L, binding *b, int key) {
    if (!b->kind || b->version != b->kind->version) record_rebind(L, b);
    const void *name = lua_topointer(L, key); /* NULL for what is no object */
    if (!name || !b->names) return -1;
    uint32_t at = binding_place(name, b->mask);
    for (; b->names[at].name; at = (at + 1) & b->mask) {
        if (b->names[at].name == name) return (int32_t)b->names[at].field;
    }
    return -1;
}

int record_no_field(lua_State *L, binding *b, int key) {
    if (lua_type(L, key) != LUA_TSTRING) {
        return luaL_error(L, "%s: a field has a name, not a %s", b->name, luaL_typename(L, key));
    }
    const char *name = lua_tostring(L, key);
    suggestion s = suggest_begin(name);
    char also[RECORD_NAME_MAX + 40];
    for (uint32_t i = 0; b->kind && i < b->kind->layout.count; i++) suggest_offer(&s, b->kind->layout.fields[i].name);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->methods_ref);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) suggest_offer(&s, lua_tostring(L, -2));
    }
    return luaL_error(L, "%s has no field '%s'%s", b->name, name, suggest_text(&s, also, sizeof also));
}

/* The record that a field leads to, nil when it is gone. */
static void push_ref(lua_State *L, record_state *s, record_ref ref, int handles) {
    const binding *b = ref.kind <= RECORD_KINDS_MAX ? s->by_id[ref.kind] : NULL;
    if (!(b ? record_row(b->kind, ref.at) != NULL : record_alive(s->all, ref)))
        lua_pushnil(L);
    else if (handles)
        record_push_from(L, s, ref, handles);
    else
        record_push_in(L, s, ref);
}

/* Text is the only thing here that has no fixed size; numbers are read where they lie. `handles`: where the table of
 * handles is, or 0. */
static int push_cell(lua_State *L, binding *b, const record_field *f, const uint8_t *cell, record_ref ref,
                     int handles) {
    uint16_t u16;
    uint32_t u32;
    int32_t i32;
    int64_t i64;
    handle at;
    counted_text *text;
    switch ((enum record_type)f->type) {
    case RECORD_U8: lua_pushinteger(L, *cell); return 1;
    case RECORD_U16: memcpy(&u16, cell, 2), lua_pushinteger(L, u16); return 1;
    case RECORD_U32: memcpy(&u32, cell, 4), lua_pushinteger(L, u32); return 1;
    case RECORD_I32: memcpy(&i32, cell, 4), lua_pushinteger(L, i32); return 1;
    case RECORD_I64: memcpy(&i64, cell, 8), lua_pushinteger(L, i64); return 1;
    case RECORD_BOOL: lua_pushboolean(L, *cell); return 1;
    case RECORD_REF:
        memcpy(&at, cell, sizeof at), push_ref(L, b->state, (record_ref){f->cell.ref_kind, at}, handles);
        return 1;
    case RECORD_STRING:
    case RECORD_BLOB:
        memcpy(&text, cell, sizeof text);
        lua_pushlstring(L, (const char *)text_bytes(text).p, text_bytes(text).n);
        return 1;
    case RECORD_LIST:
    case RECORD_MAP: record_push_part(L, b, ref, (uint32_t)(f - b->kind->layout.fields)); return 1;
    default: break;
    }
    value v = cell_load(&f->cell, cell);
    record_push_value(L, b->state->all, &v);
    return 1;
}

static void must_be_live(lua_State *L, const binding *b) {
    if (!b->state->live) luaL_error(L, "%s: records cannot be used while scripts load", b->name);
}

static int handle_read(lua_State *L) {
    const handle_box *box = lua_touserdata(L, 1);
    binding *b = box->of;
    int32_t field = record_field_of(L, b, 2);
    if (field >= 0) {
        const uint8_t *row = record_row(b->kind, box->ref.at);
        if (!row) return record_gone(L, b, 1);
        const record_field *f = &b->kind->layout.fields[field];
        return push_cell(L, b, f, row + f->offset, box->ref, lua_upvalueindex(1));
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(3)) != LUA_TNIL) return 1;
    return record_no_field(L, b, 2);
}

void record_set_field(lua_State *L, binding *b, record_ref ref, int key, int from) {
    int32_t field = record_field_of(L, b, key);
    if (field < 0) record_no_field(L, b, key);
    const record_field *f = &b->kind->layout.fields[field];
    if (f->flags & FIELD_BUILTIN) luaL_error(L, "%s.%s is the server's: scripts only read it", b->name, f->name);
    if (f->type >= RECORD_LIST) {
        record_fill_part(L, b, ref, (uint32_t)field, from);
        return;
    }
    fault why;
    value v = record_value(L, from);
    if (v.kind == VALUE_REF && !record_alive(b->state->all, v.ref)) {
        const record_kind *k = records_kind_at(b->state->all, v.ref.kind);
        record_gone(L, record_binding(L, b->state, k->name), from);
    }
    if (record_set(b->state->all, ref, (uint32_t)field, v, &why) < 0) record_raise(L, &why);
}

static int handle_write(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    const handle_box *box = lua_touserdata(L, 1);
    must_be_live(L, b);
    if (!b->kind || !record_row(b->kind, box->ref.at)) return record_gone(L, b, 1);
    record_set_field(L, b, box->ref, 2, 3);
    return 0;
}

static int handle_text(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    const handle_box *box = lua_touserdata(L, 1);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    luaL_addstring(&out, b->name);
    bool alive = record_alive(b->state->all, box->ref);
    value key = alive && b->kind->layout.key >= 0 ? record_get(b->state->all, box->ref, (uint32_t)b->kind->layout.key)
                                                  : value_nil();
    if (box->label != INT64_MIN) {
        lua_pushfstring(L, " %I", (LUAI_UACINT)box->label);
        luaL_addvalue(&out);
    } else if (key.kind == VALUE_TEXT) {
        luaL_addchar(&out, ' ');
        luaL_addlstring(&out, (const char *)key.text.p, key.text.n);
    } else {
        lua_pushfstring(L, " #%I", (LUAI_UACINT)box->ref.at.slot);
        luaL_addvalue(&out);
    }
    int32_t name = alive ? record_field_named(b->kind, "name") : -1;
    value v =
        name >= 0 && name != b->kind->layout.key ? record_get(b->state->all, box->ref, (uint32_t)name) : value_nil();
    if (v.kind == VALUE_TEXT && v.text.n) {
        luaL_addstring(&out, " (");
        luaL_addlstring(&out, (const char *)v.text.p, v.text.n);
        luaL_addchar(&out, ')');
    } else if (!alive)
        luaL_addstring(&out, " (gone)");
    luaL_pushresult(&out);
    return 1;
}

static int handle_exists(lua_State *L) {
    record_ref ref;
    if (!record_test(L, 1, &ref)) return luaL_error(L, "exists: expected a record, got %s", luaL_typename(L, 1));
    lua_pushboolean(L, record_alive(((const handle_box *)lua_touserdata(L, 1))->of->state->all, ref));
    return 1;
}

static int handle_remove(lua_State *L) {
    record_ref ref = record_check(L, 1, NULL);
    const record_state *s = ((const handle_box *)lua_touserdata(L, 1))->of->state;
    const record_kind *k = records_kind_at(s->all, ref.kind);
    if (!s->live) return luaL_error(L, "%s: records cannot be used while scripts load", k->name);
    if (k->builtin) return luaL_error(L, "a %s is the server's: scripts cannot remove it", k->name);
    record_remove(s->all, ref);
    return 0;
}

/* pairs(r): the fields in the order of the layout; for consoles and logs. */
static int handle_step(lua_State *L) {
    binding *b = lua_touserdata(L, lua_upvalueindex(1));
    const handle_box *box = lua_touserdata(L, lua_upvalueindex(2));
    int32_t field = lua_isnil(L, 2) ? 0 : record_field_of(L, b, 2) + 1;
    const uint8_t *row = b->kind ? record_row(b->kind, box->ref.at) : NULL;
    if (!row) return record_gone(L, b, lua_upvalueindex(2));
    if ((uint32_t)field >= b->kind->layout.count) {
        lua_pushnil(L);
        return 1;
    }
    const record_field *f = &b->kind->layout.fields[field];
    lua_pushstring(L, f->name);
    return 1 + push_cell(L, b, f, row + f->offset, box->ref, 0);
}

static int handle_pairs(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, handle_step, 2);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

void record_make_meta(lua_State *L, binding *b) {
    static const luaL_Reg own[] = {{"exists", handle_exists}, {"remove", handle_remove}, {NULL, NULL}};
    static const luaL_Reg ways[] = {
        {"__newindex", handle_write}, {"__tostring", handle_text}, {"__pairs", handle_pairs}, {NULL, NULL}};
    luaL_checkstack(L, 6, "records");
    lua_createtable(L, 0, 6);
    lua_pushlightuserdata(L, b);
    luaL_setfuncs(L, ways, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->state->handles_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->methods_ref);
    luaL_newlib(L, own);
    lua_pushcclosure(L, handle_read, 3);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, b->name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
}
