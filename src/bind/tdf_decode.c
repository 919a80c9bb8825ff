/* tdf_decode.c: a body becomes one Lua table.
 *
 * Stack discipline: `slots` (names and metatables) sits below everything; each level leaves exactly its value on top.
 * A field's name is pushed before its value so that one lua_rawset stores both; a value that turns out to count as
 * absent takes its name with it. Nothing is held in C: a memory error of Lua may unwind from anywhere. */
#include "bind/tdf_codec.h"

#include <lauxlib.h>
#include <string.h>

typedef struct decoder {
    tdf_reader r;
    lua_State *L;
    int slots;
} decoder;

enum { ABSENT = 0, PUSHED = 1 }; /* results of reading a value beside the errors */

static int read_value(decoder *d, const schema_type *t, bool element);

static int stack_room(decoder *d) {
    return lua_checkstack(d->L, 10) ? 0 : tdf_fail(&d->r, E_MEMORY, "out of Lua stack");
}

static int skip_absent(decoder *d, unsigned wire) {
    int rc = tdf_skip(&d->r, wire);
    return rc < 0 ? rc : ABSENT;
}

/* Whether the table at `table` has the field already; only asked when tags do not ascend. */
static bool is_set(decoder *d, int table, const schema_field *field) {
    lua_rawgeti(d->L, d->slots, field->slot);
    bool set = lua_rawget(d->L, table) != LUA_TNIL;
    lua_pop(d->L, 1);
    return set;
}

/* Reads fields into the table on top of the stack. */
static int read_fields(decoder *d, const schema_struct *s, enum tdf_scope scope) {
    lua_State *L = d->L;
    int table = lua_gettop(L), rc;
    uint32_t tag, largest = 0, i = 0;
    unsigned wire;
    for (;;) {
        const schema_field *field = i < s->count ? &s->fields[i] : NULL;
        if (field && tdf_take_field(&d->r, field->tag, field->type->wire)) {
            largest = field->tag; /* the usual case: declared fields in order; below i are those that had their turn */
            wire = field->type->wire;
            i++;
        } else if ((rc = tdf_next_field(&d->r, scope, &tag, &wire)) <= 0) {
            return rc;
        } else if (tag > largest) {
            field = NULL;
            while (i < s->count && s->fields[i].tag < tag) i++;
            if (i < s->count && s->fields[i].tag == tag) field = &s->fields[i];
            if (field && field->type->wire == wire) i++;
            largest = tag;
        } else {
            field = schema_find_tag(s, tag);
            if (field && is_set(d, table, field)) field = NULL;
        }
        if (!field || field->type->wire != wire) {
            if ((rc = tdf_skip(&d->r, wire)) < 0) return rc;
            continue;
        }
        lua_rawgeti(L, d->slots, field->slot);
        if ((rc = read_value(d, field->type, false)) < 0) return rc;
        if (rc == PUSHED)
            lua_rawset(L, table);
        else
            lua_settop(L, table);
    }
}

static void push_table(decoder *d, const schema_struct *s, int room) {
    lua_createtable(d->L, 0, room);
    lua_rawgeti(d->L, d->slots, s->slot);
    lua_setmetatable(d->L, -2);
}

static int read_group(decoder *d, const schema_struct *s, bool element) {
    unsigned member;
    int rc = element ? tdf_read_prefix(&d->r, &member) : 1;
    if (rc < 0) return rc;
    /* elements get little room at first, so that a body of tiny elements cannot ask for much memory */
    push_table(d, s, rc == 0 ? 0 : element && s->count > 8 ? 8 : (int)s->count);
    if (rc > 0) rc = read_fields(d, s, TDF_IN_GROUP);
    return rc < 0 ? rc : PUSHED;
}

/* A value of another element type than declared counts as absent: back to the head of it and over. */
static int skip_items(decoder *d, const uint8_t *head, unsigned wire, bool element) {
    d->r.p = head;
    d->r.depth--; /* skipping enters by itself */
    int rc = element ? tdf_skip_element(&d->r, wire) : tdf_skip(&d->r, wire);
    d->r.depth++;
    return rc < 0 ? rc : ABSENT;
}

/* An element always has a place: what counts as absent is false there. */
static int read_item(decoder *d, const schema_type *t) {
    int rc = read_value(d, t, true);
    if (rc == ABSENT) lua_pushboolean(d->L, 0);
    return rc < 0 ? rc : 0;
}

static int read_list(decoder *d, const schema_type *t, bool element) {
    const uint8_t *head = d->r.p;
    unsigned wire;
    uint32_t count = 0;
    int rc = tdf_read_list(&d->r, &wire, &count);
    if (rc < 0) return rc;
    if (wire != t->item->wire) return skip_items(d, head, TDF_LIST, element);
    lua_createtable(d->L, (int)count, 0);
    for (uint32_t i = 0; i < count; i++) {
        if ((rc = tdf_element(&d->r, i)) < 0 || (rc = read_item(d, t->item)) < 0) return rc;
        lua_rawseti(d->L, -2, (lua_Integer)i + 1);
    }
    return PUSHED;
}

static int read_map(decoder *d, const schema_type *t, bool element) {
    const uint8_t *head = d->r.p;
    unsigned key, wire;
    uint32_t count = 0;
    int64_t number;
    bytes text;
    int rc = tdf_read_map(&d->r, &key, &wire, &count);
    if (rc < 0) return rc;
    if (key != t->key->wire || wire != t->item->wire) return skip_items(d, head, TDF_MAP, element);
    lua_createtable(d->L, 0, (int)count);
    for (uint32_t i = 0; i < count; i++) {
        if ((rc = tdf_element(&d->r, i)) < 0) return rc;
        if (key == TDF_INT) {
            if ((rc = tdf_read_int(&d->r, &number)) < 0) return rc;
            lua_pushinteger(d->L, number);
        } else {
            if ((rc = tdf_read_str(&d->r, &text)) < 0) return rc;
            lua_pushlstring(d->L, (const char *)text.p, text.n);
        }
        if ((rc = read_item(d, t->item)) < 0) return rc;
        lua_rawset(d->L, -3);
    }
    return PUSHED;
}

static void push_union(decoder *d, const schema_union *u, const schema_member *m) {
    lua_createtable(d->L, 0, 1);
    lua_rawgeti(d->L, d->slots, u->slot);
    lua_setmetatable(d->L, -2);
    lua_rawgeti(d->L, d->slots, m->slot);
}

static int read_union(decoder *d, const schema_union *u) {
    unsigned member, wire;
    uint32_t tag;
    int rc = tdf_read_union(&d->r, &member, &tag, &wire);
    if (rc < 0) return rc;
    if (rc == 0) {
        lua_pushboolean(d->L, 0);
        return PUSHED;
    }
    const schema_member *m = &u->members[member];
    if (!m->type || m->type->wire != wire) return skip_absent(d, wire);
    push_union(d, u, m);
    if ((rc = read_value(d, m->type, false)) < 0) return rc;
    if (rc == ABSENT) {
        lua_pop(d->L, 2);
        return ABSENT;
    }
    lua_rawset(d->L, -3);
    return PUSHED;
}

/* One element of a list like HNET: a member number and the fields of that member's group. */
static int read_union_item(decoder *d, const schema_union *u) {
    unsigned member;
    int rc = tdf_enter(&d->r);
    if (rc == 0) rc = tdf_read_prefix(&d->r, &member);
    if (rc < 0) return rc;
    const schema_member *m = member == TDF_UNSET ? NULL : &u->members[member];
    if (rc == 0 && (!m || member == 0)) {
        lua_pushboolean(d->L, 0); /* empty or unset */
    } else if (!m->type || member == 0) {
        uint32_t tag;
        unsigned wire;
        while ((rc = tdf_next_field(&d->r, TDF_IN_GROUP, &tag, &wire)) > 0)
            if ((rc = tdf_skip(&d->r, wire)) < 0) return rc;
        if (rc < 0) return rc;
        lua_pushboolean(d->L, 0);
    } else {
        push_union(d, u, m);
        push_table(d, m->type->group, m->type->group->count > 8 ? 8 : (int)m->type->group->count);
        if ((rc = read_fields(d, m->type->group, TDF_IN_GROUP)) < 0) return rc;
        lua_rawset(d->L, -3);
    }
    tdf_leave(&d->r);
    return 0;
}

static int read_union_list(decoder *d, const schema_type *t, bool element) {
    const uint8_t *head = d->r.p;
    unsigned wire;
    uint32_t count = 0;
    int rc = tdf_read_list(&d->r, &wire, &count);
    if (rc < 0) return rc;
    if (wire != TDF_GROUP) return skip_items(d, head, TDF_LIST, element);
    lua_createtable(d->L, (int)count, 0);
    for (uint32_t i = 0; i < count; i++) {
        if ((rc = tdf_element(&d->r, i)) < 0 || (rc = read_union_item(d, t->members)) < 0) return rc;
        lua_rawseti(d->L, -2, (lua_Integer)i + 1);
    }
    return PUSHED;
}

static int read_variable(decoder *d, const schema_type *t) {
    int64_t id = 0;
    uint32_t tag;
    unsigned wire;
    int rc = tdf_read_variable(&d->r, &id, &tag);
    if (rc < 0) return rc;
    if (rc == 0) {
        lua_pushboolean(d->L, 0);
        return PUSHED;
    }
    if ((rc = tdf_enter(&d->r)) < 0) return rc;
    lua_createtable(d->L, 0, 2);
    lua_pushinteger(d->L, id);
    lua_setfield(d->L, -2, "id");
    if (t->group) {
        push_table(d, t->group, (int)t->group->count);
        if ((rc = read_fields(d, t->group, TDF_IN_GROUP)) < 0) return rc;
        lua_setfield(d->L, -2, "value");
    } else {
        const uint8_t *start = d->r.p;
        while ((rc = tdf_next_field(&d->r, TDF_IN_GROUP, &tag, &wire)) > 0)
            if ((rc = tdf_skip(&d->r, wire)) < 0) return rc;
        if (rc < 0) return rc;
        lua_pushlstring(d->L, (const char *)start, (size_t)(d->r.p - start) - 1); /* without its terminator */
        lua_setfield(d->L, -2, "body");
    }
    tdf_leave(&d->r);
    tdf_end_variable(&d->r);
    return PUSHED;
}

static int read_container(decoder *d, const schema_type *t, bool element) {
    switch (t->kind) {
    case SCHEMA_GROUP: return read_group(d, t->group, element);
    case SCHEMA_LIST: return read_list(d, t, element);
    case SCHEMA_MAP: return read_map(d, t, element);
    case SCHEMA_UNION: return read_union(d, t->members);
    case SCHEMA_UNION_LIST: return read_union_list(d, t, element);
    default: return read_variable(d, t);
    }
}

static int read_text(decoder *d, bool blob) {
    bytes text;
    int rc = blob ? tdf_read_blob(&d->r, &text) : tdf_read_str(&d->r, &text);
    if (rc < 0) return rc;
    lua_pushlstring(d->L, (const char *)text.p, text.n);
    return PUSHED;
}

static int read_numbers(decoder *d, unsigned n) {
    int64_t numbers[3];
    int rc = tdf_read_numbers(&d->r, numbers, n);
    if (rc < 0) return rc;
    lua_createtable(d->L, (int)n, 0);
    for (unsigned i = 0; i < n; i++) {
        lua_pushinteger(d->L, numbers[i]);
        lua_rawseti(d->L, -2, (lua_Integer)i + 1);
    }
    return PUSHED;
}

static int read_value(decoder *d, const schema_type *t, bool element) {
    int64_t number = 0;
    uint32_t bits = 0;
    float single;
    int rc;
    switch (t->kind) {
    case SCHEMA_INT:
    case SCHEMA_TIME:
        if ((rc = tdf_read_int(&d->r, &number)) < 0) return rc;
        lua_pushinteger(d->L, number);
        return PUSHED;
    case SCHEMA_BOOL:
        if ((rc = tdf_read_int(&d->r, &number)) < 0) return rc;
        lua_pushboolean(d->L, number != 0);
        return PUSHED;
    case SCHEMA_STR: return read_text(d, false);
    case SCHEMA_BLOB: return read_text(d, true);
    case SCHEMA_OTYPE: return read_numbers(d, 2);
    case SCHEMA_OID: return read_numbers(d, 3);
    case SCHEMA_FLOAT:
        if ((rc = tdf_read_float_bits(&d->r, &bits)) < 0) return rc;
        memcpy(&single, &bits, 4);
        lua_pushnumber(d->L, (lua_Number)single);
        return PUSHED;
    default: break;
    }
    if ((rc = stack_room(d)) < 0 || (rc = tdf_enter(&d->r)) < 0) return rc;
    rc = read_container(d, t, element);
    if (rc >= 0) tdf_leave(&d->r);
    return rc;
}

int tdf_codec_push(lua_State *L, const schema_struct *s, bytes body, fault *f) {
    int top = lua_gettop(L);
    if (!lua_checkstack(L, 10)) return fault_set(f, E_MEMORY, "out of Lua stack");
    tdf_context *c = tdf_context_of(L, true);
    if (!c || s->id >= c->capacity || !c->bindings[s->id]) {
        lua_settop(L, top);
        return fault_set(f, E_ARGUMENT, "%s was not declared in this Lua state", s->name);
    }
    decoder d = {.L = L, .slots = top + 1};
    tdf_reader_init(&d.r, body, f);
    push_table(&d, s, (int)s->count);
    int rc = read_fields(&d, s, TDF_BODY);
    if (rc < 0) {
        lua_settop(L, top);
        return rc;
    }
    lua_remove(L, top + 1);
    return 0;
}
