/* tdf.c: the constructors of mu.tdf.
 *
 * Each returns a declaration: a userdata that points into the schema_set, of one of two sorts, a type or a field (a
 * type with a tag and options). t.struct collects fields, compiles them and binds the names to the state at once, so
 * that a mistake is reported where it is written, with the field's name. */
#include "bind/tdf.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"
#include "bind/tdf_codec.h"

#define DECLARATION "mu.tdf declaration"

typedef struct declaration {
    schema_set *set;
    const schema_type
        *type;            /* what it is a type of, or the field's type; NULL for a struct as deep as a message may be */
    schema_struct *group; /* t.struct */
    schema_union *members; /* t.variants */
    unsigned flags;
    char tag[5]; /* "" = a type */
} declaration;   /* user value 1: the field's default */

static void no_type(lua_State *L) {
    luaL_error(L, "more than %d containers nested, or out of memory for a declaration", (int)TDF_MAX_DEPTH);
}

static schema_set *set_of(lua_State *L) { return lua_touserdata(L, lua_upvalueindex(1)); }

static declaration *push_declaration(lua_State *L, schema_set *set, const schema_type *type) {
    declaration *d = lua_newuserdatauv(L, sizeof *d, 1);
    *d = (declaration){.set = set, .type = type};
    luaL_setmetatable(L, DECLARATION);
    return d;
}

/* The declaration at `index` if it is a type, else NULL. */
static declaration *type_at(lua_State *L, int index) {
    declaration *d = luaL_testudata(L, index, DECLARATION);
    return d && !d->tag[0] ? d : NULL;
}

static declaration *check_type(lua_State *L, int index, const char *what) {
    declaration *d = luaL_testudata(L, index, DECLARATION);
    if (d && d->tag[0])
        luaL_error(L, "%s: expected a type such as t.int, got the field %s; leave its tag out", what, d->tag);
    if (!d) luaL_error(L, "%s: expected a type such as t.int or a struct, got a %s", what, luaL_typename(L, index));
    if (!d->type) no_type(L); /* a struct that is a whole message already */
    return d;
}

const schema_struct *bind_tdf_struct(lua_State *L, int index) {
    declaration *d = type_at(L, index);
    return d ? d->group : NULL;
}

/* ── fields ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void read_options(lua_State *L, int index, declaration *d) {
    int field = lua_gettop(L);
    if (lua_isnoneornil(L, index)) return;
    if (lua_type(L, index) != LUA_TTABLE)
        luaL_error(L, "field %s: expected a table of options, got a %s", d->tag, luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        unsigned flag = !strcmp(key, "secret") ? SCHEMA_SECRET : !strcmp(key, "always") ? SCHEMA_ALWAYS : 0;
        if (flag && lua_toboolean(L, -1))
            d->flags |= flag;
        else if (!strcmp(key, "default")) {
            lua_pushvalue(L, -1);
            lua_setiuservalue(L, field, 1);
        } else if (!flag) {
            luaL_error(L, "field %s: no option '%s'; there are secret, always and default", d->tag, key);
        }
        lua_pop(L, 1);
    }
}

/* Pushes the field of `type` with the tag at index `tag` and the options at index `options`. */
static int push_field(lua_State *L, schema_set *set, const schema_type *type, int tag, int options) {
    size_t n;
    const char *text = luaL_checklstring(L, tag, &n);
    if (!tdf_tag_pack(text, n))
        return luaL_error(L, "'%s' is no tag: one to four characters of A-Z and 0-9, as in t.int \"STIM\"", text);
    if (!type) no_type(L);
    if (lua_gettop(L) < options) lua_settop(L, options); /* nil where no options are given */
    declaration *d = push_declaration(L, set, type);
    memcpy(d->tag, text, n);
    read_options(L, options, d);
    return 1;
}

static int call_type(lua_State *L) { /* type "TAG", type("TAG", options) */
    declaration *d = luaL_checkudata(L, 1, DECLARATION);
    if (d->tag[0]) return luaL_error(L, "the field %s has its tag already", d->tag);
    if (lua_type(L, 2) != LUA_TSTRING)
        return luaL_error(L, "expected a tag such as \"STIM\" after a type, got a %s", luaL_typename(L, 2));
    return push_field(L, d->set, d->type, 2, 3);
}

/* Pushes `type` itself, or the field of it when the constructor's first argument was a tag. */
static int finish(lua_State *L, const schema_type *type, bool tagged, int options) {
    if (tagged) return push_field(L, set_of(L), type, 1, options);
    if (!type) no_type(L);
    push_declaration(L, set_of(L), type);
    return 1;
}

/* ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int make_group(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1;
    declaration *d = check_type(L, at, "t.group");
    if (d->type->kind != SCHEMA_GROUP) return luaL_error(L, "t.group: expected a struct");
    return finish(L, d->type, tagged, at + 1);
}

static int make_list(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1;
    declaration *item = check_type(L, at, "t.list");
    return finish(L, schema_list(set_of(L), item->type), tagged, at + 1);
}

static int make_map(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1;
    declaration *key = check_type(L, at, "t.map, the key"), *item = check_type(L, at + 1, "t.map, the value");
    if (key->type->kind != SCHEMA_INT && key->type->kind != SCHEMA_STR)
        return luaL_error(L, "t.map: keys are integers or strings");
    return finish(L, schema_map(set_of(L), key->type, item->type), tagged, at + 2);
}

static int make_variable(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1;
    declaration *content = type_at(L, at);
    if (content && !content->group) return luaL_error(L, "t.variable: the content of a variable is a struct");
    const schema_type *type = schema_variable(set_of(L), content ? content->group : NULL);
    return finish(L, type, tagged, content ? at + 1 : at);
}

static void add_member(lua_State *L, schema_union *u, lua_Integer number, const char *name, int type) {
    fault f;
    const char *shown = name ? name : lua_pushfstring(L, "%I", number);
    declaration *d = check_type(L, type, shown);
    if (number < 0 || number > (lua_Integer)TDF_MEMBER_MAX)
        luaL_error(L, "t.variants: member '%s': numbers go from 0 to 63", shown);
    if (schema_union_add(u, (unsigned)number, name, d->type, &f) < 0) luaL_error(L, "t.variants: %s", f.text);
    if (!name) lua_pop(L, 1);
}

/* name = { number, type } with the key at -2 and the table at -1. */
static void add_named(lua_State *L, schema_union *u) {
    const char *name = lua_tostring(L, -2);
    int entry = lua_gettop(L), whole = 0;
    if (lua_type(L, entry) == LUA_TTABLE && lua_rawgeti(L, entry, 1) == LUA_TNUMBER) lua_tointegerx(L, -1, &whole);
    if (!whole) luaL_error(L, "t.variants: member '%s': expected { number, type }", name);
    lua_Integer number = lua_tointeger(L, -1);
    lua_rawgeti(L, entry, 2);
    add_member(L, u, number, name, lua_gettop(L));
    lua_settop(L, entry);
}

/* [number] = { name = type } or [number] = type. */
static void add_numbered(lua_State *L, schema_union *u) {
    int entry = lua_gettop(L);
    lua_Integer number = lua_tointeger(L, -2);
    if (lua_type(L, entry) == LUA_TTABLE) {
        lua_pushnil(L);
        if (!lua_next(L, entry) || lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "t.variants: member %I: expected { name = type }", number);
        add_member(L, u, number, lua_tostring(L, -2), lua_gettop(L));
    } else {
        add_member(L, u, number, NULL, entry);
    }
    lua_settop(L, entry);
}

static schema_union *push_variants(lua_State *L, int index) {
    luaL_checktype(L, index, LUA_TTABLE);
    schema_union *u = schema_union_new(set_of(L), NULL);
    if (!u) luaL_error(L, "out of memory for a declaration");
    lua_pushnil(L);
    while (lua_next(L, index)) {
        if (lua_type(L, -2) == LUA_TSTRING)
            add_named(L, u);
        else if (lua_isinteger(L, -2))
            add_numbered(L, u);
        else
            luaL_error(L, "t.variants: members have names or numbers");
        lua_pop(L, 1);
    }
    const schema_type *type = schema_union_of(u);
    if (!type) no_type(L);
    declaration *d = push_declaration(L, set_of(L), type);
    d->members = u;
    return u;
}

static int make_variants(lua_State *L) {
    push_variants(L, 1);
    return 1;
}

/* The union given at `index`: variants declared before, or a table of members. */
static const schema_union *union_at(lua_State *L, int index, const char *what) {
    if (lua_type(L, index) == LUA_TTABLE) return push_variants(L, index);
    declaration *d = check_type(L, index, what);
    if (!d->members) luaL_error(L, "%s: expected variants", what);
    return d->members;
}

static int make_union(lua_State *L) {
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 3);
    return finish(L, schema_union_of(union_at(L, 2, "t.union")), true, 3);
}

static int make_union_list(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1;
    lua_settop(L, at + 1);
    const schema_union *u = union_at(L, at, "t.union_list");
    for (unsigned i = 0; i <= TDF_MEMBER_MAX; i++)
        if (u->members[i].type && u->members[i].type->kind != SCHEMA_GROUP)
            return luaL_error(L, "t.union_list: member %d is no struct", (int)i);
    return finish(L, schema_union_list(u), tagged, at + 1);
}

static int make_enum(lua_State *L) {
    bool tagged = lua_type(L, 1) == LUA_TSTRING;
    int at = tagged ? 2 : 1, whole;
    schema_name names[256];
    uint32_t count = 0;
    luaL_checktype(L, at, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, at)) {
        if (lua_type(L, -2) != LUA_TSTRING) return luaL_error(L, "t.enum: expected NAME = number");
        lua_Integer value = lua_tointegerx(L, -1, &whole);
        if (!whole) return luaL_error(L, "t.enum: %s: expected a whole number", lua_tostring(L, -2));
        if (count == 256) return luaL_error(L, "t.enum: more than 256 values");
        names[count++] = (schema_name){lua_tostring(L, -2), value};
        lua_pop(L, 1);
    }
    return finish(L, schema_enum(set_of(L), names, count), tagged, at + 1);
}

/* ── structs ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Hands the field's default (on top of the stack) to the schema. */
static int add_default(lua_State *L, schema_struct *s, const schema_type *t, fault *f) {
    size_t n;
    const char *text;
    int whole;
    switch (lua_type(L, -1)) {
    case LUA_TNIL: return 0;
    case LUA_TBOOLEAN:
        if (t->kind != SCHEMA_BOOL) return fault_set(f, E_TYPE, "this default does not fit its type");
        return schema_default_number(s, lua_toboolean(L, -1), f);
    case LUA_TNUMBER:
        if (t->kind == SCHEMA_FLOAT) return schema_default_float(s, lua_tonumber(L, -1), f);
        lua_Integer number = lua_tointegerx(L, -1, &whole);
        if (!whole || t->kind == SCHEMA_BOOL) return fault_set(f, E_TYPE, "this default does not fit its type");
        return schema_default_number(s, number, f);
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &n);
        for (uint32_t i = 0; i < t->names_count; i++)
            if (!strcmp(t->names[i].text, text)) return schema_default_number(s, t->names[i].value, f);
        return schema_default_text(s, (bytes){(const uint8_t *)text, n}, f);
    default: return fault_set(f, E_TYPE, "a default is a number, a boolean or a string");
    }
}

static void add_field(lua_State *L, schema_struct *s) { /* name at -2, field at -1 */
    fault f;
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "t.struct: fields have names: name = t.int \"TAG\"");
    const char *name = lua_tostring(L, -2);
    declaration *d = luaL_testudata(L, -1, DECLARATION);
    if (d && !d->tag[0]) luaL_error(L, "t.struct: field '%s' has a type but no tag; write t.int \"TAG\"", name);
    if (!d)
        luaL_error(L, "t.struct: field '%s': expected a field such as t.int \"TAG\", got a %s", name,
                   luaL_typename(L, -1));
    if (schema_add(s, d->tag, name, d->type, d->flags, &f) < 0) luaL_error(L, "t.struct: %s", f.text);
    lua_getiuservalue(L, -1, 1);
    if (add_default(L, s, d->type, &f) < 0) {
        const char *prefix = strncmp(f.text, "field ", 6) ? lua_pushfstring(L, "field '%s': ", name) : "";
        luaL_error(L, "t.struct: %s%s", prefix, f.text);
    }
    lua_pop(L, 1);
}

static int make_struct(lua_State *L) { /* t.struct { … }, t.struct("Name", { … }) */
    bool named = lua_type(L, 1) == LUA_TSTRING;
    int at = named ? 2 : 1;
    if (lua_type(L, at) != LUA_TTABLE) return luaL_error(L, "t.struct: expected a table of fields");
    schema_struct *s = schema_struct_new(set_of(L), named ? lua_tostring(L, 1) : NULL);
    if (!s) return luaL_error(L, "out of memory for a declaration");
    if (!named) {
        luaL_where(L, 1);
        size_t n = strlen(lua_tostring(L, -1));
        if (n > 2) {
            lua_pushlstring(L, lua_tostring(L, -1), n - 2); /* "file:line: " without ": " */
            schema_set_place(s, lua_pushfstring(L, "the struct of %s", lua_tostring(L, -1)));
        }
    }
    lua_pushnil(L);
    while (lua_next(L, at)) {
        add_field(L, s);
        lua_pop(L, 1);
    }
    fault f;
    if (schema_compile(s, &f) < 0) return luaL_error(L, "t.struct: %s", f.text);
    tdf_codec_bind(L, s);
    declaration *d = push_declaration(L, set_of(L), schema_group(s));
    d->group = s;
    return 1;
}

typedef struct named_struct {
    const char *name;
    schema_struct *group;
} named_struct;

/* Inner structs before those around them, so that a struct with a key of its own is not called after a field; then by
 * name: the same file always gives the same names. */
static int inner_first(const void *a, const void *b) {
    const named_struct *x = a, *y = b;
    if (x->group->depth != y->group->depth) return x->group->depth < y->group->depth ? -1 : 1;
    return strcmp(x->name, y->name);
}

void bind_tdf_name(lua_State *L, int index) {
    size_t count = 0, room = 0;
    index = lua_absindex(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) room++;
    named_struct *list = lua_newuserdatauv(L, (room + 1) * sizeof *list, 0);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        declaration *d = type_at(L, -1);
        if (!d || !d->group || lua_type(L, -2) != LUA_TSTRING) continue;
        list[count++] = (named_struct){lua_tostring(L, -2), d->group};
    }
    qsort(list, count, sizeof *list, inner_first);
    for (size_t i = 0; i < count; i++) {
        if (schema_set_name(list[i].group, list[i].name) < 0) luaL_error(L, "out of memory for a name");
    }
    lua_pop(L, 1);
}

static int name_all(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    bind_tdf_name(L, 1);
    lua_settop(L, 1);
    return 1;
}

/* ── the table ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int describe(lua_State *L) {
    declaration *d = luaL_checkudata(L, 1, DECLARATION);
    if (d->group)
        lua_pushfstring(L, "struct %s", d->group->name);
    else if (d->tag[0])
        lua_pushfstring(L, "field %s (%s)", d->tag, tdf_type_name(d->type->wire));
    else
        lua_pushfstring(L, "type %s", tdf_type_name(d->type->wire));
    return 1;
}

static int no_constructor(lua_State *L) {
    const char *name = luaL_tolstring(L, 2, NULL);
    suggestion near = suggest_begin(name);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_type(L, -2) == LUA_TSTRING) suggest_offer(&near, lua_tostring(L, -2));
        lua_pop(L, 1);
    }
    char did_you[96];
    return luaL_error(L, "mu.tdf has no '%s'%s", name, suggest_text(&near, did_you, sizeof did_you));
}

static void push_metatable(lua_State *L) {
    if (luaL_newmetatable(L, DECLARATION)) {
        static const luaL_Reg methods[] = {{"__call", call_type}, {"__tostring", describe}, {NULL, NULL}};
        luaL_setfuncs(L, methods, 0);
        lua_pushliteral(L, "tdf");
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
}

static void add_scalars(lua_State *L, schema_set *set) {
    static const struct {
        const char *name;
        enum schema_kind kind;
    } scalars[] = {{"int", SCHEMA_INT},      {"i64", SCHEMA_INT},     {"u64", SCHEMA_INT},
                   {"bool", SCHEMA_BOOL},    {"time", SCHEMA_TIME},   {"string", SCHEMA_STR},
                   {"blob", SCHEMA_BLOB},    {"float", SCHEMA_FLOAT}, {"object_type", SCHEMA_OTYPE},
                   {"object_id", SCHEMA_OID}};
    static const struct {
        const char *name;
        int64_t min, max;
    } widths[] = {{"i8", INT8_MIN, INT8_MAX}, {"i16", INT16_MIN, INT16_MAX}, {"i32", INT32_MIN, INT32_MAX},
                  {"u8", 0, UINT8_MAX},       {"u16", 0, UINT16_MAX},        {"u32", 0, UINT32_MAX}};
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        push_declaration(L, set, schema_scalar(set, scalars[i].kind));
        lua_setfield(L, -2, scalars[i].name);
    }
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        push_declaration(L, set, schema_int(set, widths[i].min, widths[i].max));
        lua_setfield(L, -2, widths[i].name);
    }
}

void bind_tdf_open(lua_State *L, schema_set *set) {
    static const luaL_Reg constructors[] = {{"struct", make_struct},       {"group", make_group},
                                            {"list", make_list},           {"map", make_map},
                                            {"union", make_union},         {"variants", make_variants},
                                            {"union_type", make_variants}, {"union_list", make_union_list},
                                            {"variable", make_variable},   {"enum", make_enum},
                                            {"named", name_all},           {NULL, NULL}};
    push_metatable(L);
    lua_createtable(L, 0, 32);
    lua_pushlightuserdata(L, set);
    luaL_setfuncs(L, constructors, 1);
    add_scalars(L, set);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, no_constructor);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}
