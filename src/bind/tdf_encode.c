/* tdf_encode.c: a Lua table becomes a body.
 *
 * One pass over the table's own keys puts each value into its field's place on the Lua stack, in tag order; a second
 * over these places writes them. So nothing is sorted, an unknown key is noticed for free, and nothing is allocated but
 * the bytes themselves. Only functions of Lua's C API that cannot raise and run no script are used here.
 *
 * The steps of the path to the current value are kept for the fault. Maps: tdf_encode_map.c. */
#include "bind/tdf_encode.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void render_path(const encoder *e, char *out, size_t room) {
    size_t n = (size_t)snprintf(out, room, "%s", e->root->name);
    for (unsigned i = 0; i < e->steps && n < room; i++) {
        const struct step *s = &e->path[i];
        if (s->kind == STEP_INDEX)
            n += (size_t)snprintf(out + n, room - n, "[%lld]", (long long)s->index);
        else if (s->kind == STEP_KEY)
            n += (size_t)snprintf(out + n, room - n, "[\"%.40s\"]", s->name);
        else
            n += (size_t)snprintf(out + n, room - n, ".%s", s->name);
    }
}

int tdf_encode_fail(encoder *e, int code, const char *format, ...) {
    if (!e->f) return code;
    char path[256], sentence[240];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    render_path(e, path, sizeof path);
    return fault_set(e->f, code, "%s: %s", path, sentence);
}

const char *tdf_encode_type_at(encoder *e, int index) {
    int type = lua_type(e->L, index);
    return type == LUA_TNIL ? "nil" : lua_typename(e->L, type);
}

int tdf_encode_wrong_type(encoder *e, int index, const char *expected) {
    const char *got = tdf_encode_type_at(e, index);
    bool vowel = strchr("aeiou", got[0]) != NULL;
    if (!strcmp(got, "nil")) return tdf_encode_fail(e, E_TYPE, "expected %s, got nil", expected);
    return tdf_encode_fail(e, E_TYPE, "expected %s, got %s %s", expected, vowel ? "an" : "a", got);
}

static void step_name(encoder *e, const char *name) { e->path[e->steps++] = (struct step){STEP_NAME, name, 0}; }
static void step_index(encoder *e, int64_t n) { e->path[e->steps++] = (struct step){STEP_INDEX, NULL, n}; }

/* ── scalars ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int put_enum_name(encoder *e, int index, const schema_type *t) {
    const char *name = lua_tostring(e->L, index);
    for (uint32_t i = 0; i < t->names_count; i++) {
        if (strcmp(t->names[i].text, name)) continue;
        tdf_put_int(e->out, t->names[i].value);
        return 0;
    }
    return tdf_encode_fail(e, E_LIMIT, "'%.60s' is none of its values", name);
}

int tdf_encode_int(encoder *e, int index, int lua, const schema_type *t) {
    int whole;
    if (lua == LUA_TSTRING && t->names) return put_enum_name(e, index, t);
    if (lua != LUA_TNUMBER) return tdf_encode_wrong_type(e, index, "an integer");
    lua_Integer n = lua_tointegerx(e->L, index, &whole);
    if (!whole) return tdf_encode_fail(e, E_TYPE, "expected an integer, got %g", lua_tonumber(e->L, index));
    if (n < t->min || n > t->max)
        return tdf_encode_fail(e, E_LIMIT, "%lld is out of range (%lld to %lld)", (long long)n, (long long)t->min,
                               (long long)t->max);
    tdf_put_int(e->out, n);
    return 0;
}

int tdf_encode_text(encoder *e, int index, int lua, bool blob) {
    if (lua != LUA_TSTRING) return tdf_encode_wrong_type(e, index, "a string");
    size_t n;
    const char *p = lua_tolstring(e->L, index, &n);
    bytes text = {(const uint8_t *)p, n};
    if (blob) {
        tdf_put_blob(e->out, text);
        return 0;
    }
    if (tdf_has_nul(text)) return tdf_encode_fail(e, E_EMBEDDED_NUL, "a string with a NUL inside cannot be sent");
    tdf_put_str(e->out, text);
    return 0;
}

static int put_float(encoder *e, int index, int lua) {
    if (lua != LUA_TNUMBER) return tdf_encode_wrong_type(e, index, "a number");
    lua_Number n = lua_tonumber(e->L, index);
    if (isfinite(n) && fabs(n) > (lua_Number)FLT_MAX)
        return tdf_encode_fail(e, E_LIMIT, "%g is too large for a float", n);
    float single = (float)n;
    uint32_t bits;
    memcpy(&bits, &single, 4);
    tdf_put_float_bits(e->out, bits);
    return 0;
}

static int put_numbers(encoder *e, int index, unsigned n) {
    lua_State *L = e->L;
    const char *expected = n == 3 ? "an object id {component, type, id}" : "an object type {component, type}";
    if (lua_type(L, index) != LUA_TTABLE) return tdf_encode_wrong_type(e, index, expected);
    bool zero = lua_topointer(L, index) == e->c->zero[n]; /* the shared default, whose numbers are not its own */
    if (!zero && lua_rawlen(L, index) != n) return tdf_encode_fail(e, E_TYPE, "expected %s", expected);
    for (unsigned i = 1; i <= n; i++) {
        int whole = 1;
        lua_Integer value = 0;
        if (!zero) {
            whole = lua_rawgeti(L, index, i) == LUA_TNUMBER;
            if (whole) value = lua_tointegerx(L, -1, &whole);
            lua_pop(L, 1);
        }
        if (!whole) return tdf_encode_fail(e, E_TYPE, "expected %s", expected);
        tdf_put_int(e->out, value);
    }
    return 0;
}

/* ── structs ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int unknown_key(encoder *e, int key, const schema_struct *s) {
    char path[256] = "";
    size_t n;
    if (e->steps) {
        render_path(e, path, sizeof path - 2);
        strcat(path, ": ");
    }
    if (lua_type(e->L, key) != LUA_TSTRING)
        return fault_set(e->f, E_NOT_FOUND, "%s%s has no field of a key that is a %s; its fields have names", path,
                         s->name, tdf_encode_type_at(e, key));
    const char *name = lua_tolstring(e->L, key, &n);
    const schema_field *near = schema_suggest(s, name, n);
    if (near)
        return fault_set(e->f, E_NOT_FOUND, "%s%s has no field '%.80s'; did you mean '%s'?", path, s->name, name,
                         near->name);
    return fault_set(e->f, E_NOT_FOUND, "%s%s has no field '%.80s'", path, s->name, name);
}

/* The field a key names, or -1. Short strings are found by address, long ones (of more than 40 bytes) by content. */
static int field_of(encoder *e, const schema_struct *s, const tdf_binding *b, int key) {
    const void *address = lua_topointer(e->L, key);
    for (uint32_t at = tdf_key_hash(address) & b->mask; b->keys[at]; at = (at + 1) & b->mask)
        if (b->keys[at] == address) return b->fields[at];
    if (lua_type(e->L, key) != LUA_TSTRING) return -1;
    size_t n;
    const char *p = lua_tolstring(e->L, key, &n);
    const schema_field *field = schema_find_name(s, p, n);
    return field ? (int)(field - s->fields) : -1;
}

static int put_field(encoder *e, int index, const schema_field *field) {
    int lua = lua_type(e->L, index);
    if (lua == LUA_TNIL) {
        if (!(field->flags & SCHEMA_ALWAYS)) return 0;
        tdf_put_header(e->out, field->tag, field->type->wire);
        buf_put(e->out, field->default_encoded.p, field->default_encoded.n);
        return 0;
    }
    tdf_put_header(e->out, field->tag, field->type->wire);
    step_name(e, field->name);
    e->tag = field->tag;
    int rc = tdf_encode_value(e, index, lua, field->type);
    if (rc == 0) e->steps--; /* after an error the steps stay for nobody: the sentence is made */
    return rc;
}

static int put_fields(encoder *e, int index, const schema_struct *s) {
    lua_State *L = e->L;
    int base = lua_gettop(L);
    if (!lua_checkstack(L, (int)s->count + 8)) return tdf_encode_fail(e, E_MEMORY, "out of Lua stack");
    const tdf_binding *b = s->id < e->c->capacity ? e->c->bindings[s->id] : NULL;
    if (!b) return tdf_encode_fail(e, E_ARGUMENT, "%s was not declared in this Lua state", s->name);
    lua_settop(L, base + (int)s->count);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        int i = field_of(e, s, b, -2);
        if (i < 0) return unknown_key(e, lua_gettop(L) - 1, s);
        lua_replace(L, base + 1 + i);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        int rc = put_field(e, base + 1 + (int)i, &s->fields[i]);
        if (rc < 0) return rc;
    }
    lua_settop(L, base);
    return 0;
}

/* ── lists ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* A sequence of n has the keys 1 … n and no others. */
static int only_a_sequence(encoder *e, int index, lua_Unsigned n) {
    lua_State *L = e->L;
    if (n)
        lua_pushinteger(L, (lua_Integer)n);
    else
        lua_pushnil(L);
    if (!lua_next(L, index)) return 0; /* nothing comes after the last one */
    lua_pop(L, 2);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 || (lua_Unsigned)lua_tointeger(L, -1) > n) {
            if (lua_type(L, -1) == LUA_TSTRING)
                return tdf_encode_fail(e, E_TYPE, "expected a list, got a table with the key '%.60s'",
                                       lua_tostring(L, -1));
            return tdf_encode_fail(e, E_TYPE, "expected a list, got a table with other keys than 1 to %llu",
                                   (unsigned long long)n);
        }
    }
    return 0;
}

/* The element of a list like HNET. */
static int put_union_item(encoder *e, int index, const schema_union *u);

static int put_list(encoder *e, int index, const schema_type *t) {
    lua_State *L = e->L;
    if (lua_type(L, index) != LUA_TTABLE) return tdf_encode_wrong_type(e, index, "a list");
    lua_Unsigned n = lua_rawlen(L, index);
    int rc = only_a_sequence(e, index, n);
    if (rc < 0) return rc;
    int item = lua_gettop(L) + 1;
    tdf_put_u8(e->out, t->kind == SCHEMA_LIST ? t->item->wire : (uint8_t)TDF_GROUP);
    tdf_put_int(e->out, (int64_t)n);
    for (lua_Unsigned i = 1; i <= n && rc == 0; i++) {
        int lua = lua_rawgeti(L, index, (lua_Integer)i);
        step_index(e, (int64_t)i);
        rc = t->kind == SCHEMA_LIST ? tdf_encode_value(e, item, lua, t->item) : put_union_item(e, item, t->members);
        e->steps--;
        lua_pop(L, 1);
    }
    return rc;
}

/* ── unions, variables ───────────────────────────────────────────────────────────────────────────────────────────── */

/* Leaves the one member's value of the union table at `index` on top of the stack; its number, or an error. */
static int push_member(encoder *e, int index, const schema_union *u) {
    lua_State *L = e->L;
    if (lua_type(L, index) != LUA_TTABLE)
        return tdf_encode_wrong_type(e, index, "a table with one member of the union");
    lua_pushnil(L);
    if (!lua_next(L, index))
        return tdf_encode_fail(e, E_BAD_UNION, "expected one member of the union, got an empty table");
    int number = -1;
    size_t n;
    if (lua_type(L, -2) == LUA_TSTRING) {
        const char *name = lua_tolstring(L, -2, &n);
        number = schema_union_find(u, name, n);
        if (number < 0) return tdf_encode_fail(e, E_NOT_FOUND, "the union has no member '%.60s'", name);
        step_name(e, u->members[number].name);
    } else if (lua_isinteger(L, -2)) {
        lua_Integer wanted = lua_tointeger(L, -2);
        if (wanted < 0 || wanted > (int)TDF_MEMBER_MAX || !u->members[wanted].type)
            return tdf_encode_fail(e, E_NOT_FOUND, "the union has no member %lld", (long long)wanted);
        number = (int)wanted;
        step_index(e, number);
    } else {
        return tdf_encode_fail(e, E_BAD_UNION, "members of a union have names, not a key that is a %s",
                               tdf_encode_type_at(e, -2));
    }
    lua_pushvalue(L, -2);
    bool more = lua_next(L, index);
    if (!more) return number;
    e->steps--;
    return tdf_encode_fail(e, E_BAD_UNION, "expected one member of the union, got several");
}

static int put_union(encoder *e, int index, const schema_union *u) {
    lua_State *L = e->L;
    if (lua_type(L, index) == LUA_TBOOLEAN && !lua_toboolean(L, index)) {
        tdf_put_u8(e->out, TDF_UNSET);
        return 0;
    }
    int top = lua_gettop(L), number = push_member(e, index, u);
    if (number < 0) return number;
    const schema_type *t = u->members[number].type;
    tdf_put_u8(e->out, (uint8_t)number);
    e->tag = TDF_TAG('V', 'A', 'L', 'U');
    tdf_put_header(e->out, e->tag, t->wire);
    int value = lua_gettop(L), rc = tdf_encode_value(e, value, lua_type(L, value), t);
    e->steps--;
    lua_settop(L, top);
    return rc;
}

static int put_union_item(encoder *e, int index, const schema_union *u) {
    lua_State *L = e->L;
    if (!lua_checkstack(L, 8)) return tdf_encode_fail(e, E_MEMORY, "out of Lua stack");
    int top = lua_gettop(L), number = push_member(e, index, u);
    if (number < 0) return number;
    if (number == 0)
        return tdf_encode_fail(e, E_BAD_UNION, "member 0 cannot be told from an empty element in this kind of list");
    int value = lua_gettop(L);
    if (lua_type(L, value) != LUA_TTABLE) return tdf_encode_wrong_type(e, value, "a table");
    tdf_put_u8(e->out, (uint8_t)number);
    int rc = put_fields(e, value, u->members[number].type->group);
    tdf_put_u8(e->out, 0);
    e->steps--;
    lua_settop(L, top);
    return rc;
}

/* Bytes that a script hands back as the content of a variable: whole fields, or they would break everything behind. */
static int put_raw_fields(encoder *e, int index) {
    size_t n;
    const char *p = lua_tolstring(e->L, index, &n);
    tdf_reader r;
    uint32_t tag;
    unsigned wire;
    int rc;
    tdf_reader_init(&r, (bytes){(const uint8_t *)p, n}, NULL);
    r.depth = e->steps < TDF_MAX_DEPTH ? e->steps + 1 : TDF_MAX_DEPTH;
    r.path[r.depth] = 0;
    while ((rc = tdf_next_field(&r, TDF_BODY, &tag, &wire)) > 0)
        if ((rc = tdf_skip(&r, wire)) < 0) break;
    if (rc < 0 || r.tolerated)
        return tdf_encode_fail(e, rc < 0 ? rc : E_TRAILING_DATA, "the body of the variable is no valid TDF");
    buf_put(e->out, p, n);
    return 0;
}

static int put_variable(encoder *e, int index, const schema_type *t) {
    lua_State *L = e->L;
    if (lua_type(L, index) == LUA_TBOOLEAN && !lua_toboolean(L, index)) {
        tdf_put_u8(e->out, 0);
        return 0;
    }
    const char *content = t->group ? "value" : "body";
    if (lua_type(L, index) != LUA_TTABLE) return tdf_encode_wrong_type(e, index, "a table { id, value or body }");
    int top = lua_gettop(L), id = 0, value = 0;
    lua_settop(L, top + 2);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        if (!strcmp(key, "id"))
            lua_replace(L, id = top + 1);
        else if (!strcmp(key, content))
            lua_replace(L, value = top + 2);
        else
            return tdf_encode_fail(e, E_NOT_FOUND, "a variable has 'id' and '%s', nothing else", content);
    }
    int whole = 0;
    lua_Integer number = id && lua_type(L, id) == LUA_TNUMBER ? lua_tointegerx(L, id, &whole) : 0;
    if (!whole) return tdf_encode_fail(e, E_TYPE, "expected an integer as the 'id' of a variable");
    if (!value || lua_type(L, value) != (t->group ? LUA_TTABLE : LUA_TSTRING))
        return tdf_encode_fail(e, E_TYPE, "expected a %s as the '%s' of a variable", t->group ? "table" : "string",
                               content);
    tdf_put_u8(e->out, 1);
    tdf_put_int(e->out, number);
    tdf_put_header(e->out, e->tag, TDF_GROUP);
    int rc = t->group ? put_fields(e, value, t->group) : put_raw_fields(e, value);
    buf_u16(e->out, 0); /* ends the group, ends the variable */
    lua_settop(L, top);
    return rc;
}

/* ── all of it ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int put_group(encoder *e, int index, const schema_struct *s) {
    if (lua_type(e->L, index) != LUA_TTABLE) return tdf_encode_wrong_type(e, index, "a table");
    int rc = put_fields(e, index, s);
    tdf_put_u8(e->out, 0);
    return rc;
}

int tdf_encode_value(encoder *e, int index, int lua, const schema_type *t) {
    switch (t->kind) {
    case SCHEMA_INT:
    case SCHEMA_TIME: return tdf_encode_int(e, index, lua, t);
    case SCHEMA_BOOL:
        if (lua != LUA_TBOOLEAN) return tdf_encode_wrong_type(e, index, "a boolean");
        tdf_put_u8(e->out, lua_toboolean(e->L, index) ? 1 : 0);
        return 0;
    case SCHEMA_STR: return tdf_encode_text(e, index, lua, false);
    case SCHEMA_BLOB: return tdf_encode_text(e, index, lua, true);
    case SCHEMA_FLOAT: return put_float(e, index, lua);
    case SCHEMA_OTYPE: return put_numbers(e, index, 2);
    case SCHEMA_OID: return put_numbers(e, index, 3);
    default: break;
    }
    if (!lua_checkstack(e->L, 8)) return tdf_encode_fail(e, E_MEMORY, "out of Lua stack");
    switch (t->kind) {
    case SCHEMA_GROUP: return put_group(e, index, t->group);
    case SCHEMA_LIST:
    case SCHEMA_UNION_LIST: return put_list(e, index, t);
    case SCHEMA_MAP: return tdf_encode_map(e, index, t);
    case SCHEMA_UNION: return put_union(e, index, t->members);
    default: return put_variable(e, index, t);
    }
}

int tdf_codec_encode(lua_State *L, int index, const schema_struct *s, buf *out, fault *f) {
    int top = lua_gettop(L);
    size_t before = out->n;
    index = lua_absindex(L, index);
    if (!lua_checkstack(L, 10)) return fault_set(f, E_MEMORY, "out of Lua stack");
    encoder e;
    e.L = L, e.c = tdf_context_of(L, false), e.out = out, e.f = f, e.root = s, e.steps = 0, e.tag = 0;
    int rc;
    if (!e.c)
        rc = tdf_encode_fail(&e, E_ARGUMENT, "%s was not declared in this Lua state", s->name);
    else if (lua_type(L, index) != LUA_TTABLE)
        rc = tdf_encode_wrong_type(&e, index, "a table");
    else {
        buf_clear(&e.c->entries);
        rc = put_fields(&e, index, s);
    }
    if (rc == 0 && out->failed) {
        rc = out->max ? tdf_encode_fail(&e, E_LIMIT, "longer than %zu bytes", out->max)
                      : tdf_encode_fail(&e, E_MEMORY, "out of memory");
    }
    if (rc < 0) out->n = before;
    lua_settop(L, top);
    return rc;
}
