/* declared_schema.c: the messages as scripts see them: struct by struct, field by field, with the types of Lua.
 *
 * Structs are found from the routes and notifications that use them, so what nobody uses is not listed. A type is
 * written as the Lua language server writes it; a struct's name is made unique with a number where two have the same.
 */
#include "bind/declared.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/blaze_tables.h"

/* ---- names: table light userdata of the struct → unique name; each name → true; [n] → light userdata ---- */

static void visit_type(lua_State *L, int names, const schema_type *t);

static void visit(lua_State *L, int names, const schema_struct *s) {
    if (!s) return;
    luaL_checkstack(L, 8, "declarations nested too deeply");
    bool known = lua_rawgetp(L, names, s) != LUA_TNIL;
    lua_pop(L, 1);
    if (known) return;
    const char *name = lua_pushstring(L, s->named ? s->name : "Struct");
    for (int n = 2; lua_pushvalue(L, -1), lua_rawget(L, names) != LUA_TNIL; n++) {
        lua_pop(L, 2);
        lua_pushfstring(L, "%s_%d", s->named ? s->name : "Struct", n);
    }
    lua_pop(L, 1);
    (void)name;
    lua_pushvalue(L, -1);
    lua_pushboolean(L, 1);
    lua_rawset(L, names);
    lua_rawsetp(L, names, s);
    lua_pushlightuserdata(L, (void *)s);
    lua_rawseti(L, names, (lua_Integer)lua_rawlen(L, names) + 1);
    for (uint32_t i = 0; i < s->count; i++) visit_type(L, names, s->fields[i].type);
}

static void visit_type(lua_State *L, int names, const schema_type *t) {
    if (!t) return;
    visit(L, names, t->group);
    visit_type(L, names, t->item);
    if (!t->members) return;
    for (unsigned i = 0; i <= TDF_MEMBER_MAX; i++) visit_type(L, names, t->members->members[i].type);
}

static int by_name(const void *a, const void *b) {
    const blaze_route *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

void declared_push_names(lua_State *L) {
    const blaze_tables *t = blaze_tables_of(generation_of(L));
    lua_newtable(L);
    int names = lua_gettop(L);
    size_t count = 0;
    for (unsigned i = 0; i < BLAZE_BUCKETS; i++) {
        for (const blaze_route *r = t->routes[i]; r; r = r->next) count++;
    }
    const blaze_route **routes = lua_newuserdatauv(L, (count + 1) * sizeof *routes, 0);
    count = 0;
    for (unsigned i = 0; i < BLAZE_BUCKETS; i++) {
        for (const blaze_route *r = t->routes[i]; r; r = r->next) routes[count++] = r;
    }
    qsort(routes, count, sizeof *routes, by_name); /* the same scripts always give the same names */
    for (size_t i = 0; i < count; i++) {
        visit(L, names, routes[i]->request);
        visit(L, names, routes[i]->response);
        visit(L, names, routes[i]->error);
    }
    for (const blaze_notification *n = t->notifications; n; n = n->next) visit(L, names, n->body);
    lua_settop(L, names);
}

void declared_push_struct_name(lua_State *L, int names, const schema_struct *s) {
    if (!s)
        lua_pushnil(L);
    else
        lua_rawgetp(L, names, s);
}

/* ---- types ---- */

/* Pushes the text of a type. */
static void push_type(lua_State *L, int names, const schema_type *t) {
    luaL_checkstack(L, 8, "declarations nested too deeply");
    switch ((enum schema_kind)t->kind) {
    case SCHEMA_INT: lua_pushstring(L, t->names_count ? "integer|string" : "integer"); return;
    case SCHEMA_TIME: lua_pushliteral(L, "integer"); return;
    case SCHEMA_BOOL: lua_pushliteral(L, "boolean"); return;
    case SCHEMA_STR:
    case SCHEMA_BLOB: lua_pushliteral(L, "string"); return;
    case SCHEMA_FLOAT: lua_pushliteral(L, "number"); return;
    case SCHEMA_OTYPE:
    case SCHEMA_OID: lua_pushliteral(L, "integer[]"); return;
    case SCHEMA_GROUP:
        lua_pushliteral(L, "schema.");
        declared_push_struct_name(L, names, t->group);
        lua_concat(L, 2);
        return;
    case SCHEMA_LIST:
        push_type(L, names, t->item);
        if (strchr(lua_tostring(L, -1), '|')) {
            lua_pushfstring(L, "(%s)[]", lua_tostring(L, -1));
            return;
        }
        lua_pushliteral(L, "[]");
        lua_concat(L, 2);
        return;
    case SCHEMA_MAP:
        lua_pushfstring(L, "table<%s, ", t->key->kind == SCHEMA_STR ? "string" : "integer");
        push_type(L, names, t->item);
        lua_pushliteral(L, ">");
        lua_concat(L, 3);
        return;
    case SCHEMA_UNION_LIST: lua_pushliteral(L, "table[]"); return;
    default:
        lua_pushliteral(L, "table|false");
        return; /* unions and variables: { member = value }, { id =, value = }; an empty one is false */
    }
}

static void push_fields(lua_State *L, int names, const schema_struct *s) {
    lua_createtable(L, (int)s->count, 0);
    for (uint32_t i = 0; i < s->count; i++) {
        const schema_field *f = &s->fields[i];
        char tag[5];
        lua_createtable(L, 0, 4);
        lua_pushstring(L, f->name);
        lua_setfield(L, -2, "name");
        tdf_tag_text(f->tag, tag);
        lua_pushstring(L, tag);
        lua_setfield(L, -2, "tag");
        int top = lua_gettop(L);
        push_type(L, names, f->type);
        lua_setfield(L, top, "type");
        lua_settop(L, top);
        lua_pushboolean(L, (f->flags & SCHEMA_SECRET) != 0);
        lua_setfield(L, -2, "secret");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void declared_push_structs(lua_State *L) {
    declared_push_names(L);
    int names = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, names);
    lua_createtable(L, (int)count, 0);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, names, i);
        const schema_struct *s = lua_touserdata(L, -1);
        lua_pop(L, 1);
        lua_createtable(L, 0, 2);
        declared_push_struct_name(L, names, s);
        lua_setfield(L, -2, "name");
        push_fields(L, names, s);
        lua_setfield(L, -2, "fields");
        lua_rawseti(L, -2, i);
    }
    lua_remove(L, names);
}
