/* schema.c: building and freezing declarations.
 *
 * Everything lives in the arena of its set and is never freed singly. A struct collects its fields in a linked draft;
 * compile turns that into one sorted array and encodes each field's default once, so that writing an absent
 * SCHEMA_ALWAYS field is a copy. Groups must be compiled before they are used: that is what keeps recursion out and
 * makes `depth` a plain maximum. */
#include "codec/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/suggest.h"

#define FIELDS_MAX 1024u

struct schema_draft {
    struct schema_draft *next;
    schema_field field;
};

struct schema_set {
    arena a;
    uint32_t slots, structs;
    const schema_type *scalars[SCHEMA_OID + 1];
};

schema_set *schema_set_new(void) {
    schema_set *set = calloc(1, sizeof *set);
    if (set) arena_init(&set->a, 64u << 20);
    return set;
}

void schema_set_free(schema_set *set) {
    if (!set) return;
    arena_free(&set->a);
    free(set);
}

uint32_t schema_set_structs(const schema_set *set) { return set->structs; }

/* ── types ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static schema_type *new_type(schema_set *set, enum schema_kind kind) {
    static const uint8_t wire[] = {
        [SCHEMA_INT] = TDF_INT,         [SCHEMA_BOOL] = TDF_INT,  [SCHEMA_TIME] = TDF_INT,
        [SCHEMA_STR] = TDF_STR,         [SCHEMA_BLOB] = TDF_BLOB, [SCHEMA_FLOAT] = TDF_FLOAT,
        [SCHEMA_OTYPE] = TDF_OTYPE,     [SCHEMA_OID] = TDF_OID,   [SCHEMA_GROUP] = TDF_GROUP,
        [SCHEMA_LIST] = TDF_LIST,       [SCHEMA_MAP] = TDF_MAP,   [SCHEMA_UNION] = TDF_UNION,
        [SCHEMA_UNION_LIST] = TDF_LIST, [SCHEMA_VAR] = TDF_VAR,
    };
    schema_type *t = arena_new(&set->a, sizeof *t);
    if (!t) return NULL;
    t->kind = (uint8_t)kind;
    t->wire = wire[kind];
    t->min = INT64_MIN;
    t->max = INT64_MAX;
    return t;
}

/* A container around something of depth `inside`. */
static schema_type *new_container(schema_set *set, enum schema_kind kind, uint32_t inside) {
    if (inside >= TDF_MAX_DEPTH) return NULL;
    schema_type *t = new_type(set, kind);
    if (t) t->depth = (uint8_t)(inside + 1);
    return t;
}

const schema_type *schema_scalar(schema_set *set, enum schema_kind kind) {
    if (kind > SCHEMA_OID) return NULL;
    if (!set->scalars[kind]) set->scalars[kind] = new_type(set, kind);
    return set->scalars[kind];
}

const schema_type *schema_int(schema_set *set, int64_t min, int64_t max) {
    schema_type *t = new_type(set, SCHEMA_INT);
    if (!t) return NULL;
    t->min = min;
    t->max = max;
    return t;
}

const schema_type *schema_enum(schema_set *set, const schema_name *names, uint32_t count) {
    schema_type *t = new_type(set, SCHEMA_INT);
    schema_name *copy = arena_new(&set->a, (count + 1u) * sizeof *copy);
    if (!t || !copy) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        copy[i].value = names[i].value;
        if (!(copy[i].text = arena_text(&set->a, names[i].text, strlen(names[i].text)))) return NULL;
    }
    t->names = copy;
    t->names_count = count;
    return t;
}

const schema_type *schema_group(const schema_struct *group) {
    if (!group->compiled) return NULL;
    schema_type *t = new_container(group->set, SCHEMA_GROUP, group->depth);
    if (t) t->group = group;
    return t;
}

const schema_type *schema_list(schema_set *set, const schema_type *item) {
    schema_type *t = new_container(set, SCHEMA_LIST, item->depth);
    if (t) t->item = item;
    return t;
}

const schema_type *schema_map(schema_set *set, const schema_type *key, const schema_type *item) {
    if (key->kind != SCHEMA_INT && key->kind != SCHEMA_STR) return NULL;
    schema_type *t = new_container(set, SCHEMA_MAP, item->depth);
    if (!t) return NULL;
    t->key = key;
    t->item = item;
    return t;
}

const schema_type *schema_union_of(const schema_union *members) {
    schema_type *t = new_container(members->set, SCHEMA_UNION, members->depth);
    if (t) t->members = members;
    return t;
}

const schema_type *schema_union_list(const schema_union *members) {
    for (unsigned i = 0; i <= TDF_MEMBER_MAX; i++)
        if (members->members[i].type && members->members[i].type->kind != SCHEMA_GROUP) return NULL;
    /* the member's group is the element: the union itself adds no level */
    schema_type *t = new_container(members->set, SCHEMA_UNION_LIST, members->depth);
    if (t) t->members = members;
    return t;
}

const schema_type *schema_variable(schema_set *set, const schema_struct *content) {
    if (content && !content->compiled) return NULL;
    schema_type *t = new_container(set, SCHEMA_VAR, 1u + (content ? content->depth : 0));
    if (t) t->group = content;
    return t;
}

schema_union *schema_union_new(schema_set *set, const char *name) {
    schema_union *u = arena_new(&set->a, sizeof *u);
    if (!u) return NULL;
    u->set = set;
    u->name = arena_text(&set->a, name ? name : "a union", strlen(name ? name : "a union"));
    u->slot = ++set->slots;
    return u->name ? u : NULL;
}

int schema_union_add(schema_union *u, unsigned number, const char *name, const schema_type *type, fault *f) {
    if (number > TDF_MEMBER_MAX) return fault_set(f, E_ARGUMENT, "member numbers go from 0 to 63, not %u", number);
    schema_member *m = &u->members[number];
    if (m->type) return fault_set(f, E_EXISTS, "member %u is declared twice", number);
    if (type->kind == SCHEMA_UNION)
        return fault_set(f, E_TYPE, "member %u: a union cannot be the member of a union", number);
    if (name) {
        if (schema_union_find(u, name, strlen(name)) >= 0)
            return fault_set(f, E_EXISTS, "the member name '%s' is declared twice", name);
        if (!(m->name = arena_text(&u->set->a, name, strlen(name)))) return fault_set(f, E_MEMORY, "out of memory");
        m->name_length = (uint32_t)strlen(name);
    }
    m->slot = ++u->set->slots;
    m->type = type;
    if (type->depth > u->depth) u->depth = type->depth;
    return 0;
}

int schema_union_find(const schema_union *u, const char *name, size_t length) {
    for (int i = 0; i <= (int)TDF_MEMBER_MAX; i++) {
        const schema_member *m = &u->members[i];
        if (m->name && m->name_length == length && memcmp(m->name, name, length) == 0) return i;
    }
    return -1;
}

/* ── structs ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

schema_struct *schema_struct_new(schema_set *set, const char *name) {
    schema_struct *s = arena_new(&set->a, sizeof *s);
    if (!s) return NULL;
    s->set = set;
    s->named = name != NULL;
    s->name = name ? arena_text(&set->a, name, strlen(name)) : "a struct";
    s->slot = set->slots + 1;
    set->slots += 2;
    s->id = set->structs++;
    return s->name ? s : NULL;
}

int schema_set_place(schema_struct *s, const char *place) {
    if (s->named) return 0;
    const char *copy = arena_text(&s->set->a, place, strlen(place));
    if (!copy) return E_MEMORY;
    s->name = copy;
    return 0;
}

int schema_add(schema_struct *s, const char *tag, const char *name, const schema_type *type, unsigned flags, fault *f) {
    if (s->compiled) return fault_set(f, E_ARGUMENT, "field '%s': the struct is compiled already", name);
    if (s->count == FIELDS_MAX) return fault_set(f, E_LIMIT, "field '%s': more than %u fields", name, FIELDS_MAX);
    if (!type) return fault_set(f, E_ARGUMENT, "field '%s': impossible type", name);
    uint32_t packed = tdf_tag_pack(tag, strlen(tag));
    if (!packed) return fault_set(f, E_BAD_TAG, "field '%s': '%.16s' is no tag (1 to 4 of A-Z 0-9)", name, tag);
    struct schema_draft *d = arena_new(&s->set->a, sizeof *d);
    char *copy = arena_text(&s->set->a, name, strlen(name));
    if (!d || !copy) return fault_set(f, E_MEMORY, "out of memory for field '%s'", name);
    d->field = (schema_field){.tag = packed, .flags = flags, .name = copy, .type = type};
    d->field.name_length = (uint32_t)strlen(name);
    d->field.slot = ++s->set->slots;
    d->next = s->draft;
    s->draft = d;
    s->count++;
    return 0;
}

static schema_field *last_field(schema_struct *s) { return s->draft && !s->compiled ? &s->draft->field : NULL; }

static int no_default(const schema_field *field, fault *f) {
    return fault_set(f, E_TYPE, "field '%s': this default does not fit its type", field ? field->name : "?");
}

int schema_default_number(schema_struct *s, int64_t number, fault *f) {
    schema_field *field = last_field(s);
    if (!field || field->type->kind > SCHEMA_TIME) return no_default(field, f);
    if (number < field->type->min || number > field->type->max)
        return fault_set(f, E_LIMIT, "field '%s': the default %lld is out of range", field->name, (long long)number);
    field->default_number = number;
    field->has_default = true;
    return 0;
}

int schema_default_float(schema_struct *s, double number, fault *f) {
    schema_field *field = last_field(s);
    if (!field || field->type->kind != SCHEMA_FLOAT) return no_default(field, f);
    field->default_float = number;
    field->has_default = true;
    return 0;
}

int schema_default_text(schema_struct *s, bytes text, fault *f) {
    schema_field *field = last_field(s);
    if (!field || (field->type->kind != SCHEMA_STR && field->type->kind != SCHEMA_BLOB)) return no_default(field, f);
    if (field->type->kind == SCHEMA_STR && tdf_has_nul(text))
        return fault_set(f, E_EMBEDDED_NUL, "field '%s': the default has a NUL inside", field->name);
    char *copy = arena_text(&s->set->a, (const char *)text.p, text.n);
    if (!copy) return fault_set(f, E_MEMORY, "out of memory for field '%s'", field->name);
    field->default_text = (bytes){(const uint8_t *)copy, text.n};
    field->has_default = true;
    return 0;
}

/* What an absent field is on the wire (01 §3.9), with declared defaults and the always-present fields of groups. */
static void put_default(buf *b, const schema_field *field) {
    const schema_type *t = field->type;
    float single = (float)field->default_float;
    uint32_t bits;
    switch (t->kind) {
    case SCHEMA_INT:
    case SCHEMA_BOOL:
    case SCHEMA_TIME: tdf_put_int(b, field->default_number); break;
    case SCHEMA_STR: tdf_put_str(b, field->default_text); break;
    case SCHEMA_BLOB: tdf_put_blob(b, field->default_text); break;
    case SCHEMA_FLOAT:
        memcpy(&bits, &single, 4);
        tdf_put_float_bits(b, bits);
        break;
    case SCHEMA_OTYPE: buf_u16(b, 0); break;
    case SCHEMA_OID: buf_u24(b, 0); break;
    case SCHEMA_GROUP:
        for (uint32_t i = 0; i < t->group->count; i++) {
            const schema_field *inner = &t->group->fields[i];
            if (!(inner->flags & SCHEMA_ALWAYS)) continue;
            tdf_put_header(b, inner->tag, inner->type->wire);
            buf_put(b, inner->default_encoded.p, inner->default_encoded.n);
        }
        buf_u8(b, 0);
        break;
    case SCHEMA_LIST: buf_u8(b, t->item->wire), buf_u8(b, 0); break;
    case SCHEMA_UNION_LIST: buf_u8(b, TDF_GROUP), buf_u8(b, 0); break;
    case SCHEMA_MAP: buf_u8(b, t->key->wire), buf_u8(b, t->item->wire), buf_u8(b, 0); break;
    case SCHEMA_UNION: buf_u8(b, TDF_UNSET); break;
    default: buf_u8(b, 0); break; /* SCHEMA_VAR */
    }
}

static int encode_defaults(schema_struct *s, schema_field *fields, fault *f) {
    buf b = {0};
    int rc = 0;
    for (uint32_t i = 0; i < s->count && rc == 0; i++) {
        buf_clear(&b);
        put_default(&b, &fields[i]);
        char *copy = b.failed ? NULL : arena_text(&s->set->a, (const char *)b.p, b.n);
        if (!copy)
            rc = fault_set(f, E_MEMORY, "out of memory for field '%s'", fields[i].name);
        else
            fields[i].default_encoded = (bytes){(const uint8_t *)copy, b.n};
    }
    buf_free(&b);
    return rc;
}

static int by_tag(const void *a, const void *b) {
    const schema_field *x = a, *y = b;
    if (x->tag != y->tag) return x->tag < y->tag ? -1 : 1;
    return strcmp(x->name, y->name); /* so that the fault does not depend on the order of declaration */
}

int schema_compile(schema_struct *s, fault *f) {
    if (s->compiled) return 0;
    schema_field *fields = arena_new(&s->set->a, (s->count + 1u) * sizeof *fields);
    if (!fields) return fault_set(f, E_MEMORY, "out of memory for a struct");
    uint32_t n = 0;
    for (struct schema_draft *d = s->draft; d; d = d->next) fields[n++] = d->field;
    qsort(fields, n, sizeof *fields, by_tag);
    char tag[5];
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n && fields[i].tag == fields[i + 1].tag)
            return fault_set(f, E_DUPLICATE_TAG, "field '%s': the tag %s is already that of '%s'", fields[i + 1].name,
                             tdf_tag_text(fields[i].tag, tag), fields[i].name);
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(fields[j].name, fields[i].name))
                return fault_set(f, E_EXISTS, "field '%s' is declared twice", fields[i].name);
        if (fields[i].type->depth > s->depth) s->depth = fields[i].type->depth;
    }
    int rc = encode_defaults(s, fields, f);
    if (rc < 0) return rc;
    s->fields = fields;
    s->draft = NULL;
    s->compiled = true;
    return 0;
}

/* ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* The struct a type holds somewhere inside, or NULL. */
static const schema_struct *struct_inside(const schema_type *t) {
    while (t && (t->kind == SCHEMA_LIST || t->kind == SCHEMA_MAP)) t = t->item;
    return t ? t->group : NULL;
}

int schema_set_name(schema_struct *s, const char *name) {
    if (s->named) return 0;
    const char *copy = arena_text(&s->set->a, name, strlen(name));
    if (!copy) return E_MEMORY;
    s->name = copy;
    s->named = true;
    for (uint32_t i = 0; i < s->count && s->compiled; i++) {
        /* nothing else writes to a struct after compile: naming happens while its generation loads, in one thread */
        schema_struct *inner = (schema_struct *)struct_inside(s->fields[i].type);
        if (!inner || inner->named) continue;
        char *joined = arena_new(&s->set->a, strlen(name) + s->fields[i].name_length + 2);
        if (!joined) return E_MEMORY;
        strcat(strcat(strcpy(joined, name), "."), s->fields[i].name);
        int rc = schema_set_name(inner, joined);
        if (rc < 0) return rc;
    }
    return 0;
}

const schema_field *schema_find_tag(const schema_struct *s, uint32_t tag) {
    uint32_t low = 0, high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (s->fields[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->count && s->fields[low].tag == tag ? &s->fields[low] : NULL;
}

const schema_field *schema_find_name(const schema_struct *s, const char *name, size_t length) {
    for (uint32_t i = 0; i < s->count; i++)
        if (s->fields[i].name_length == length && memcmp(s->fields[i].name, name, length) == 0) return &s->fields[i];
    return NULL;
}

const schema_field *schema_suggest(const schema_struct *s, const char *name, size_t length) {
    uint32_t tag = tdf_tag_pack(name, length);
    const schema_field *field = tag ? schema_find_tag(s, tag) : NULL; /* somebody wrote the tag */
    if (field) return field;
    suggestion nearest = suggest_begin(name);
    for (uint32_t i = 0; i < s->count; i++) suggest_offer(&nearest, s->fields[i].name);
    return nearest.best ? schema_find_name(s, nearest.best, strlen(nearest.best)) : NULL;
}

const char *schema_value_name(const schema_type *type, int64_t value) {
    for (uint32_t i = 0; i < type->names_count; i++)
        if (type->names[i].value == value) return type->names[i].text;
    return NULL;
}
