/* record_list.c: lists and maps in a record, as scripts see them.
 *
 * A list: #l, l[i], l[i] = v (v nil takes it out, i = #l + 1 adds), ipairs, l:add(v), l:remove(v), l:has(v), l:clear().
 * A map: m[k], m[k] = v (nil removes), #m, pairs in the order of the keys; it may change while it is walked.
 * Both are small objects of (record, field): reading them always reads the record. */
#include <lauxlib.h>
#include <string.h>

#include "bind/record_private.h"
#include "records/containers.h"

static const char *const metas[] = {"record list", "record map"};

static const record_field *field_at(const part_box *p) { return &p->of->kind->layout.fields[p->field]; }

/* The list or map at 1, NULL when it is none: known by its first word, because looking its metatable up by name costs
 * more than the read. */
static part_box *part_test(lua_State *L) {
    part_box *p = lua_type(L, 1) == LUA_TUSERDATA && lua_rawlen(L, 1) == sizeof *p ? lua_touserdata(L, 1) : NULL;
    return p && (p->mark == &metas[0] || p->mark == &metas[1]) ? p : NULL;
}

static part_box *part_at(lua_State *L, enum record_type type) {
    const char *const *mark = &metas[type == RECORD_MAP];
    part_box *p = part_test(L);
    if (!p || p->mark != mark) p = luaL_checkudata(L, 1, *mark);
    record_state *s = p->of->state;
    if (p->version != p->of->kind->version)
        luaL_error(L, "%s: its layout has changed; read the field again", p->of->name);
    if (!record_alive(s->all, p->ref)) {
        record_push(L, p->ref);
        record_gone(L, p->of, -1);
    }
    return p;
}

/* Raises what a call on a list or map answered, unless it is fine. */
static int answer(lua_State *L, int code, const fault *why) {
    if (code >= 0) return code;
    return why && why->text[0] ? record_raise(L, why) : luaL_error(L, "a record's list or map: %s", fault_name(code));
}

static value value_from(lua_State *L, const part_box *p, int index) {
    value v = record_value(L, index);
    if (v.kind == VALUE_REF && !record_alive(p->of->state->all, v.ref)) {
        record_gone(L, record_binding(L, p->of->state, records_kind_name(p->of->state->all, v.ref.kind)), index);
    }
    return v;
}

static void push_in(lua_State *L, record_state *s, const value *v) {
    if (v->kind == VALUE_REF && record_alive(s->all, v->ref))
        record_push_in(L, s, v->ref);
    else
        record_push_value(L, s->all, v);
}

static int list_add(lua_State *L) {
    part_box *p = part_at(L, RECORD_LIST);
    fault why = {0};
    answer(L, record_list_add(p->of->state->all, p->ref, p->field, value_from(L, p, 2), &why), &why);
    return 0;
}

static int find(lua_State *L, const part_box *p) {
    fault why = {0};
    int at = record_list_find(p->of->state->all, p->ref, p->field, record_value(L, 2), &why);
    if (at == E_TYPE) answer(L, at, &why);
    return at;
}

static int list_has(lua_State *L) {
    lua_pushboolean(L, find(L, part_at(L, RECORD_LIST)) >= 0);
    return 1;
}

static int list_remove(lua_State *L) {
    part_box *p = part_at(L, RECORD_LIST);
    int at = find(L, p);
    if (at >= 0) record_list_remove(p->of->state->all, p->ref, p->field, (uint32_t)at);
    lua_pushboolean(L, at >= 0);
    return 1;
}

static int list_clear(lua_State *L) {
    part_box *p = part_at(L, RECORD_LIST);
    record_list_clear(p->of->state->all, p->ref, p->field);
    return 0;
}

static int list_length(lua_State *L) {
    part_box *p = part_at(L, RECORD_LIST);
    lua_pushinteger(L, record_list_count(p->of->state->all, p->ref, p->field));
    return 1;
}

static int list_read(lua_State *L) {
    if (lua_isinteger(L, 2)) {
        part_box *p = part_at(L, RECORD_LIST);
        lua_Integer at = lua_tointeger(L, 2);
        value v = value_nil();
        if (at >= 1 && at <= RECORD_COUNT_MAX) {
            record_list_get(p->of->state->all, p->ref, p->field, (uint32_t)(at - 1), &v);
        }
        push_in(L, p->of->state, &v);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    return luaL_error(L, "a list has positions and the methods add, remove, has, clear; not '%s'",
                      luaL_tolstring(L, 2, NULL));
}

static int list_write(lua_State *L) {
    part_box *p = part_at(L, RECORD_LIST);
    records *all = p->of->state->all;
    fault why = {0};
    lua_Integer at = lua_isinteger(L, 2) ? lua_tointeger(L, 2) : 0, count = record_list_count(all, p->ref, p->field);
    if (at < 1 || at > count + 1) {
        return luaL_error(L, "%s.%s: positions 1 to %I can be written", p->of->name, field_at(p)->name,
                          (LUAI_UACINT)(count + 1));
    }
    if (lua_isnil(L, 3))
        record_list_remove(all, p->ref, p->field, (uint32_t)(at - 1));
    else if (at == count + 1)
        answer(L, record_list_add(all, p->ref, p->field, value_from(L, p, 3), &why), &why);
    else
        answer(L, record_list_set(all, p->ref, p->field, (uint32_t)(at - 1), value_from(L, p, 3), &why), &why);
    return 0;
}

static int list_step(lua_State *L) {
    lua_Integer at = lua_tointeger(L, 2) + 1;
    lua_settop(L, 1);
    lua_pushinteger(L, at);
    lua_pushvalue(L, -1);
    lua_gettable(L, 1);
    return lua_isnil(L, -1) ? 1 : 2;
}

static int list_pairs(lua_State *L) {
    lua_pushcfunction(L, list_step);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
}

static int part_text(lua_State *L) {
    const part_box *p = lua_touserdata(L, 1);
    record_push(L, p->ref);
    const char *of = luaL_tolstring(L, -1, NULL);
    bool same = p->version == p->of->kind->version;
    lua_pushfstring(L, "%s of %s", same ? field_at(p)->name : "a field", of);
    return 1;
}

static int map_read(lua_State *L) {
    part_box *p = part_at(L, RECORD_MAP);
    fault why = {0};
    value v;
    answer(L, record_map_get(p->of->state->all, p->ref, p->field, record_value(L, 2), &v, &why), &why);
    push_in(L, p->of->state, &v);
    return 1;
}

static int map_write(lua_State *L) {
    part_box *p = part_at(L, RECORD_MAP);
    fault why = {0};
    answer(L, record_map_set(p->of->state->all, p->ref, p->field, record_value(L, 2), value_from(L, p, 3), &why), &why);
    return 0;
}

static int map_length(lua_State *L) {
    part_box *p = part_at(L, RECORD_MAP);
    lua_pushinteger(L, record_map_count(p->of->state->all, p->ref, p->field));
    return 1;
}

static int map_step(lua_State *L) {
    part_box *p = part_at(L, RECORD_MAP);
    value after = record_value(L, 2), key, v;
    int more = record_map_next(p->of->state->all, p->ref, p->field, after.kind == VALUE_NIL ? NULL : &after, &key, &v);
    if (answer(L, more, NULL) == 0) {
        lua_pushnil(L);
        return 1;
    }
    push_in(L, p->of->state, &key);
    push_in(L, p->of->state, &v);
    return 2;
}

static int map_pairs(lua_State *L) {
    lua_pushcfunction(L, map_step);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* Entries whose record is gone are left out, so that a list stays one. */
static void push_plain_list(lua_State *L, const part_box *p) {
    records *all = p->of->state->all;
    value v;
    lua_createtable(L, record_list_count(all, p->ref, p->field), 0);
    lua_Integer count = 0;
    for (uint32_t i = 0; record_list_get(all, p->ref, p->field, i, &v) >= 0; i++) {
        push_in(L, p->of->state, &v);
        if (lua_isnil(L, -1))
            lua_pop(L, 1);
        else
            lua_rawseti(L, -2, ++count);
    }
}

static void push_plain_map(lua_State *L, const part_box *p) {
    records *all = p->of->state->all;
    value key, v;
    lua_createtable(L, 0, record_map_count(all, p->ref, p->field));
    for (uint32_t i = 0; record_map_get_at(all, p->ref, p->field, i, &key, &v) > 0; i++) {
        push_in(L, p->of->state, &key);
        push_in(L, p->of->state, &v);
        lua_rawset(L, -3);
    }
}

/* mu.plain(list or map) */
int record_plain(lua_State *L) {
    const part_box *box = part_test(L);
    if (!box) return luaL_error(L, "mu.plain: expected a list or a map of a record, got %s", luaL_typename(L, 1));
    bool map = box->mark == &metas[1];
    const part_box *p = part_at(L, map ? RECORD_MAP : RECORD_LIST);
    luaL_checkstack(L, 6, "records");
    if (map)
        push_plain_map(L, p);
    else
        push_plain_list(L, p);
    return 1;
}

static void make_list_meta(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"add", list_add}, {"remove", list_remove}, {"has", list_has}, {"clear", list_clear}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"__newindex", list_write},
                                         {"__len", list_length},
                                         {"__pairs", list_pairs},
                                         {"__tostring", part_text},
                                         {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
    luaL_newlib(L, methods);
    lua_pushcclosure(L, list_read, 1);
    lua_setfield(L, -2, "__index");
}

static void make_map_meta(lua_State *L) {
    static const luaL_Reg functions[] = {{"__index", map_read},  {"__newindex", map_write}, {"__len", map_length},
                                         {"__pairs", map_pairs}, {"__tostring", part_text}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}

static int make_part_meta(lua_State *L, bool map) {
    if (luaL_newmetatable(L, metas[map])) {
        if (map)
            make_map_meta(L);
        else
            make_list_meta(L);
        lua_pushboolean(L, false);
        lua_setfield(L, -2, "__metatable");
    }
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

void record_push_part(lua_State *L, binding *b, record_ref ref, uint32_t field) {
    bool map = b->kind->layout.fields[field].type == RECORD_MAP;
    luaL_checkstack(L, 6, "records");
    if (!b->state->part_refs[map]) b->state->part_refs[map] = make_part_meta(L, map);
    part_box *p = lua_newuserdatauv(L, sizeof *p, 0);
    *p = (part_box){&metas[map], ref, field, b->kind->version, b};
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->state->part_refs[map]);
    lua_setmetatable(L, -2);
}

/* Puts what the table holds in the place of what is there. Where an entry is refused the earlier ones stay. */
void record_fill_part(lua_State *L, binding *b, record_ref ref, uint32_t field, int table) {
    const record_field *f = &b->kind->layout.fields[field];
    records *all = b->state->all;
    part_box p = {NULL, ref, field, b->kind->version, b};
    fault why = {0};
    table = lua_absindex(L, table);
    if (lua_type(L, table) != LUA_TTABLE) {
        luaL_error(L, "%s.%s: expected a table, got %s", b->name, f->name, luaL_typename(L, table));
    }
    luaL_checkstack(L, 4, "records");
    if (f->type == RECORD_LIST)
        record_list_clear(all, ref, field);
    else
        record_map_clear(all, ref, field);
    if (f->type == RECORD_LIST) {
        lua_Unsigned count = lua_rawlen(L, table);
        for (lua_Unsigned i = 1; i <= count; i++, lua_pop(L, 1)) {
            lua_rawgeti(L, table, (lua_Integer)i);
            answer(L, record_list_add(all, ref, field, value_from(L, &p, -1), &why), &why);
        }
        return;
    }
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        answer(L, record_map_set(all, ref, field, record_value(L, -2), value_from(L, &p, -1), &why), &why);
    }
}
