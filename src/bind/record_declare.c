/* record_declare.c: mu.record, the types of fields, and what a generation's declarations do to the live kinds.
 *
 * A type (mu.u32, mu.string { max = 99 }, mu.ref "player", mu.list(mu.u8, 4)) is an immutable object around a
 * record_field; calling it with a table of options gives another one. A declaration only collects: the live layouts are
 * compared when all scripts have run (check) and changed at the swap (enter). */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/suggest.h"
#include "bind/record_private.h"

#define TYPE_META     "field type"
#define CONVERT_STEPS 1000000 /* Lua instructions that one convert function may take for one value */

/* Pushes a type; `convert` is the stack index of its convert function, or 0. */
static void push_type(lua_State *L, const record_field *f, int convert) {
    record_field *box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = *f;
    if (convert) {
        lua_pushvalue(L, convert);
        lua_setiuservalue(L, -2, 1);
    }
    luaL_setmetatable(L, TYPE_META);
}

static const record_field *type_at(lua_State *L, int index, const char *what) {
    const record_field *f = luaL_testudata(L, index, TYPE_META);
    if (!f)
        luaL_error(L, "%s: expected a type such as mu.u32 or mu.string { max = 20 }, got %s", what,
                   luaL_typename(L, index));
    return f;
}

static lua_Integer option_integer(lua_State *L, const char *name, lua_Integer low, lua_Integer high) {
    int whole;
    lua_Integer n = lua_tointegerx(L, -1, &whole);
    if (lua_type(L, -1) != LUA_TNUMBER || !whole || n < low || n > high) {
        luaL_error(L, "option '%s': expected an integer from %I to %I", name, (LUAI_UACINT)low, (LUAI_UACINT)high);
    }
    return n;
}

static void option_flag(lua_State *L, record_field *f, uint8_t flag, const char *name) {
    if (lua_type(L, -1) != LUA_TBOOLEAN) luaL_error(L, "option '%s': expected true or false", name);
    f->flags = (uint8_t)(lua_toboolean(L, -1) ? f->flags | flag : f->flags & ~flag);
}

static void option_default(lua_State *L, record_field *f) {
    if (f->type >= RECORD_REF) luaL_error(L, "a %s has no default", record_type_name(f->type));
    cell_type cell = {.type = f->type, .max = RECORD_DEFAULT_MAX};
    value v = record_value(L, -1);
    fault why = {0};
    if (cell_check(&cell, &v, "option 'default'", records_kind_name, NULL, &why) < 0) record_raise(L, &why);
    if (v.kind == VALUE_INTEGER) f->default_integer = v.integer;
    if (v.kind == VALUE_BOOLEAN) f->default_integer = v.boolean;
    if (v.kind == VALUE_NUMBER) f->default_number = v.number;
    if (v.kind != VALUE_TEXT) return;
    memcpy(f->default_text, v.text.p, v.text.n);
    f->default_text_n = (uint8_t)v.text.n;
}

/* index = true of a plain field; index = { "key", … } of a map. */
static void option_index(lua_State *L, record_field *f) {
    if (f->type != RECORD_MAP) {
        option_flag(L, f, FIELD_INDEX, "index");
        return;
    }
    if (lua_type(L, -1) != LUA_TTABLE) luaL_error(L, "option 'index' of a map: expected a list of keys");
    lua_Unsigned count = lua_rawlen(L, -1);
    if (count > RECORD_MAP_INDEX_MAX) luaL_error(L, "option 'index': at most %d keys", RECORD_MAP_INDEX_MAX);
    for (lua_Unsigned i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        size_t n = 0;
        const char *key = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
        if (!n || n > RECORD_DEFAULT_MAX || strlen(key) != n) {
            luaL_error(L, "option 'index': a key has 1 to %d bytes", RECORD_DEFAULT_MAX);
        }
        memcpy(f->indexed[i], key, n + 1);
        lua_pop(L, 1);
    }
    f->indexed_count = (uint8_t)count;
}

static void option(lua_State *L, record_field *f, const char *name, int *convert) {
    static const char *const known[] = {"key", "index", "auto", "default", "max", "convert"};
    if (!strcmp(name, "key"))
        option_flag(L, f, FIELD_KEY, name);
    else if (!strcmp(name, "auto"))
        option_flag(L, f, FIELD_AUTO, name);
    else if (!strcmp(name, "index"))
        option_index(L, f);
    else if (!strcmp(name, "default"))
        option_default(L, f);
    else if (!strcmp(name, "max")) {
        bool part = f->type >= RECORD_LIST, has_text = f->type == RECORD_STRING || f->type == RECORD_BLOB;
        if (!part && !has_text) luaL_error(L, "a %s has no max", record_type_name(f->type));
        uint32_t max = (uint32_t)option_integer(L, name, 1, part ? RECORD_COUNT_MAX : RECORD_TEXT_MAX);
        *(part ? &f->count_max : &f->max) = max;
    } else if (!strcmp(name, "convert")) {
        if (lua_type(L, -1) != LUA_TFUNCTION) luaL_error(L, "option 'convert': expected a function");
        *convert = lua_gettop(L);
        f->flags |= FIELD_CONVERT;
    } else {
        suggestion s = suggest_begin(name);
        char also[80];
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) suggest_offer(&s, known[i]);
        luaL_error(L, "no option '%s' of a field%s", name, suggest_text(&s, also, sizeof also));
    }
}

static void options(lua_State *L, int table, record_field *f) {
    int convert = 0;
    luaL_checkstack(L, 8, "records");
    for (lua_pushnil(L); lua_next(L, table);) {
        if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "options of a field have names, e.g. { max = 20 }");
        int had = convert;
        option(L, f, lua_tostring(L, -2), &convert);
        if (convert != had) { /* keep the function below the key, for push_type */
            lua_insert(L, -2);
            convert = lua_gettop(L) - 1;
        } else
            lua_pop(L, 1);
    }
    push_type(L, f, convert);
}

static int type_call(lua_State *L) {
    record_field f = *type_at(L, 1, "type");
    if (lua_type(L, 2) != LUA_TTABLE)
        return luaL_error(L, "mu.%s: expected a table of options", record_type_name(f.type));
    lua_settop(L, 2);
    options(L, 2, &f);
    return 1;
}

static int type_text(lua_State *L) {
    const record_field *f = lua_touserdata(L, 1);
    lua_pushfstring(L, "mu.%s", record_type_name(f->type));
    return 1;
}

static int make_ref(lua_State *L) {
    record_field f = {.type = RECORD_REF};
    size_t n;
    const char *kind = luaL_checklstring(L, 1, &n);
    if (n > RECORD_NAME_MAX || !record_name_good(kind))
        return luaL_error(L, "mu.ref: '%s' is no name for a kind", kind);
    memcpy(f.ref_name, kind, n);
    push_type(L, &f, 0);
    return 1;
}

static void take_element(record_field *f, const record_field *element) {
    f->element = element->type;
    f->max = element->max;
    memcpy(f->ref_name, element->ref_name, sizeof f->ref_name);
}

static int make_list(lua_State *L) {
    const record_field *element = type_at(L, 1, "mu.list");
    record_field f = {.type = RECORD_LIST};
    lua_Integer max = luaL_checkinteger(L, 2);
    if (element->type >= RECORD_LIST) return luaL_error(L, "mu.list: holds single values only");
    if (max < 1 || max > RECORD_COUNT_MAX)
        return luaL_error(L, "mu.list: the maximum goes from 1 to %d", RECORD_COUNT_MAX);
    take_element(&f, element);
    f.count_max = (uint32_t)max;
    push_type(L, &f, 0);
    return 1;
}

static int make_map(lua_State *L) {
    const record_field *key = type_at(L, 1, "mu.map"), *element = type_at(L, 2, "mu.map");
    record_field f = {.type = RECORD_MAP};
    if (!type_is_integer(key->type) && key->type != RECORD_STRING)
        return luaL_error(L, "mu.map: keys are mu.string or an integer type");
    if (element->type >= RECORD_LIST) return luaL_error(L, "mu.map: holds single values only");
    f.key_type = key->type == RECORD_STRING ? RECORD_STRING : RECORD_I64;
    take_element(&f, element);
    f.count_max = 64;
    if (lua_isnoneornil(L, 3)) {
        push_type(L, &f, 0);
        return 1;
    }
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    options(L, 3, &f);
    return 1;
}

void record_open_types(lua_State *L, record_state *s) {
    static const luaL_Reg functions[] = {{"__call", type_call}, {"__tostring", type_text}, {NULL, NULL}};
    luaL_newmetatable(L, TYPE_META);
    luaL_setfuncs(L, functions, 0);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    for (int type = RECORD_U8; type <= RECORD_BLOB; type++) {
        record_field f = {.type = (uint8_t)type};
        lua_pushstring(L, record_type_name(type));
        push_type(L, &f, 0);
        lua_rawset(L, -3);
    }
}

/* One field of a declaration: stack key, type on top. */
static void declare_field(lua_State *L, record_state *s, declared *d) {
    fault why = {0};
    if (lua_type(L, -2) != LUA_TSTRING) {
        s->complain(L, lua_pushfstring(L, "%s: a field has a name, e.g. { id = mu.u32 }", d->decl.name));
        lua_pop(L, 1);
        return;
    }
    const char *name = lua_tostring(L, -2);
    const record_field *type = luaL_testudata(L, -1, TYPE_META);
    if (!type) {
        s->complain(L, lua_pushfstring(L, "%s.%s: expected a type such as mu.u32, got %s", d->decl.name, name,
                                       luaL_typename(L, -1)));
        lua_pop(L, 1);
        return;
    }
    record_field f = *type;
    f.name[0] = 0;
    strncat(f.name, strlen(name) > RECORD_NAME_MAX ? "" : name, RECORD_NAME_MAX);
    if (record_declare_field(&d->decl, &f, &why) < 0) {
        s->complain(L, strlen(name) > RECORD_NAME_MAX ? "the name of a field is too long" : why.text);
        return;
    }
    if (f.flags & FIELD_CONVERT) {
        lua_getiuservalue(L, -1, 1);
        d->convert[d->decl.count - 1] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
}

/* Fields come in the order of their names, so that the same text always makes the same layout. */
static int sorted_names(lua_State *L, int table, const char **names, int most) {
    int count = 0;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || count == most) return -1;
        const char *name = lua_tostring(L, -2);
        int at = count++;
        for (; at && strcmp(names[at - 1], name) > 0; at--) names[at] = names[at - 1];
        names[at] = name;
    }
    return count;
}

static int declare_fields(lua_State *L) {
    record_state *s = record_state_of(L);
    declared *d = lua_touserdata(L, lua_upvalueindex(1));
    const char *names[RECORD_FIELDS_MAX];
    luaL_argcheck(L, lua_type(L, 1) == LUA_TTABLE, 1, "expected a table of fields");
    if (d->complete || s->live) return luaL_error(L, "%s is declared already", d->decl.name);
    d->complete = true;
    lua_settop(L, 1);
    int count = sorted_names(L, 1, names, RECORD_FIELDS_MAX);
    if (count < 0)
        return luaL_error(L, "%s: expected at most %d fields, each with a name", d->decl.name, RECORD_FIELDS_MAX);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, names[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, 1);
        declare_field(L, s, d);
        lua_settop(L, 1);
    }
    record_push_kind(L, record_binding(L, s, d->decl.name));
    return 1;
}

static int declare_kind(lua_State *L) {
    record_state *s = record_state_of(L);
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    if (s->live) return luaL_error(L, "mu.record: kinds are declared while scripts load");
    if (n > RECORD_NAME_MAX || !record_name_good(name))
        return luaL_error(L, "mu.record: '%s' is no name for a kind of record", name);
    declared **more = realloc(s->decls, (s->decl_count + 1) * sizeof *more);
    if (more) s->decls = more;
    declared *d = more ? calloc(1, sizeof *d) : NULL;
    if (!d) return luaL_error(L, "mu.record: out of memory");
    s->decls[s->decl_count++] = d;
    memcpy(d->decl.name, name, n);
    d->line = s->where(L, d->file, sizeof d->file);
    lua_pushlightuserdata(L, d);
    lua_pushcclosure(L, declare_fields, 1);
    return 1;
}

const script_function record_functions[] = {
    {.name = "mu.record",
     .params = "name: string",
     .returns = "fun(fields: table): kind",
     .text =
         "declares a kind of record: mu.record \"game\" { id = mu.u32 { key = true }, … } returns the kind, with "
         "create { field = value, … }, get(key), the iterators where { field = value, … } (indexed fields) and all(), "
         "first { … }, count { … }, and the table methods; a record has its fields, exists() and remove(). Types: "
         "mu.u8 "
         "u16 u32 i32 i64 bool number string blob, mu.ref, mu.list, mu.map; options of a type: key, index, auto, "
         "default, max, convert",
     .errors = "no name for a kind",
     .example =
         "local pet = mu.record \"example_dog\" { name = mu.string { key = true }, legs = mu.u8 { index = true } }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = declare_kind},
    {.name = "mu.ref",
     .params = "kind: string",
     .returns = "field_type",
     .text = "the type of a field that points to a record of another kind; nil when that is gone",
     .errors = "no name for a kind",
     .example = "mu.record \"example_pet_of\" { owner = mu.ref \"session\" }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = make_ref},
    {.name = "mu.list",
     .params = "element: userdata, max: integer",
     .returns = "field_type",
     .text =
         "the type of a field that holds up to max values in order: l[i], #l, ipairs, l:add(v), l:remove(v), l:has(v), "
         "l:clear()",
     .errors = "max out of 1 … 8192",
     .example = "mu.record \"example_row\" { seats = mu.list(mu.u8, 4) }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = make_list},
    {.name = "mu.map",
     .params = "key: userdata, element: userdata, options: table?",
     .returns = "field_type",
     .text = "the type of a field that holds values by key; options max (64) and index = { keys to look for }",
     .errors = "keys that are neither strings nor integers",
     .example = "mu.record \"example_room\" { marks = mu.map(mu.string, mu.u32, { max = 8 }) }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = make_map},
    {.name = "mu.plain",
     .params = "part: userdata",
     .returns = "table",
     .text = "a table with what is in a list or a map of a record; cheaper than walking it where all of it is wanted, "
             "and it stays what it is while the record changes",
     .errors = "something else than a list or a map of a record",
     .example = "mu.plain(pet.create { name = \"Copied\", owners = { \"Ann\" } }.owners)[1] == \"Ann\"",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = record_plain},
};
const size_t record_function_count = sizeof record_functions / sizeof *record_functions;

static record_decl *flat(const record_state *s) {
    record_decl *all = malloc((s->decl_count + 1) * sizeof *all);
    for (uint32_t i = 0; all && i < s->decl_count; i++) all[i] = s->decls[i]->decl; /* borrows the fields */
    return all;
}

/* A method may not hide a field: fields are found first, so it could never be called. */
static void check_methods(record_state *s, const declared *d, void (*tell)(void *, const declared *, const char *),
                          void *context) {
    lua_State *L = s->L;
    if (!d->complete) tell(context, d, "mu.record needs a table of fields: mu.record \"name\" { … }");
    binding *b = record_binding(L, s, d->decl.name);
    lua_rawgeti(L, LUA_REGISTRYINDEX, b->methods_ref);
    for (uint32_t i = 0; i < d->decl.count; i++) {
        if (lua_getfield(L, -1, d->decl.fields[i].name) != LUA_TNIL) {
            fault f;
            fault_set(&f, E_EXISTS, "%s.%s is a field and a method", d->decl.name, d->decl.fields[i].name);
            tell(context, d, f.text);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

int record_check_declared(record_state *s, void (*tell)(void *context, const declared *d, const char *sentence),
                          void *context) {
    record_decl *all = flat(s);
    fault f = {0};
    int code = 0;
    if (!all) return E_MEMORY;
    if (records_plan(s->all, all, s->decl_count, &f) == LAYOUT_REFUSED) {
        /* The sentence begins with the name of the kind: that tells the place. */
        const declared *at = NULL;
        for (uint32_t i = 0; i < s->decl_count; i++) {
            size_t n = strlen(all[i].name);
            if (!strncmp(f.text, all[i].name, n) && (f.text[n] == ':' || f.text[n] == '.')) at = s->decls[i];
        }
        tell(context, at, f.text);
        code = E_LOAD;
    }
    free(all);
    for (uint32_t i = 0; i < s->decl_count; i++) check_methods(s, s->decls[i], tell, context);
    return code;
}

static void too_long(lua_State *L, lua_Debug *at) { luaL_error(L, "convert took too long"); }

typedef struct conversion {
    record_state *s;
    int function;
    value old, *fresh;
    char text[RECORD_DEFAULT_MAX * 64]; /* a converted text is copied here: the Lua string may go */
} conversion;

static int run_convert(lua_State *L) {
    conversion *c = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->function);
    record_push_value(L, c->s->all, &c->old);
    lua_call(L, 1, 1);
    *c->fresh = record_value(L, -1);
    if (c->fresh->kind != VALUE_TEXT) return 0;
    if (c->fresh->text.n > sizeof c->text) return luaL_error(L, "the text is too long");
    memcpy(c->text, c->fresh->text.p, c->fresh->text.n);
    c->fresh->text.p = (const uint8_t *)c->text;
    return 0;
}

/* Called for each old value, at the swap. A convert function that raises or takes too long yields the default. */
static int convert_one(void *context, const char *kind, const char *field, value old, value *fresh) {
    conversion *c = context;
    lua_State *L = c->s->L;
    c->function = 0;
    for (uint32_t i = 0; i < c->s->decl_count; i++) {
        const declared *d = c->s->decls[i];
        for (uint32_t f = 0; f < d->decl.count && !strcmp(d->decl.name, kind); f++) {
            if (!strcmp(d->decl.fields[f].name, field)) c->function = d->convert[f];
        }
    }
    if (!c->function) return E_NOT_FOUND;
    c->old = old;
    c->fresh = fresh;
    lua_Hook hook = lua_gethook(L);
    int mask = lua_gethookmask(L), count = lua_gethookcount(L);
    lua_sethook(L, too_long, LUA_MASKCOUNT, CONVERT_STEPS);
    lua_pushcfunction(L, run_convert);
    lua_pushlightuserdata(L, c);
    int code = lua_pcall(L, 1, 0, 0);
    lua_sethook(L, hook, mask, count);
    if (code == LUA_OK) return 0;
    log_warn("records", "convert of %s.%s: %s; the default is taken", kind, field,
             lua_tostring(L, -1) ? lua_tostring(L, -1) : "an error");
    lua_pop(L, 1);
    return E_SCRIPT;
}

int record_apply_declared(record_state *s, fault *f) {
    record_decl *all = flat(s);
    conversion *c = calloc(1, sizeof *c);
    int code = all && c ? 0 : fault_set(f, E_MEMORY, "records: out of memory");
    s->live = true;
    if (c) c->s = s;
    if (code == 0) code = records_apply(s->all, all, s->decl_count, convert_one, c, f);
    free(all);
    free(c);
    return code;
}
