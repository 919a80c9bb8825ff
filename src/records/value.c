/* value.c: checking, packing and unpacking of single values. Nothing here knows what a record is. */
#include "records/value.h"

#include <string.h>

#include "records/memory.h"

value value_string(const char *s) { return value_text((bytes){(const uint8_t *)s, strlen(s)}); }

counted_text *text_new(bytes b, bool *failed) {
    if (!b.n) return NULL;
    counted_text *t = b.n < UINT32_MAX / 2 ? memory_get(sizeof *t + b.n) : NULL;
    if (!t) {
        *failed = true;
        return NULL;
    }
    t->refs = 1;
    t->n = (uint32_t)b.n;
    memcpy(t->p, b.p, b.n);
    return t;
}

counted_text *text_hold(counted_text *t) {
    if (t) t->refs++;
    return t;
}

void text_drop(counted_text *t) {
    if (t && !--t->refs) memory_drop(t);
}

int bytes_order(bytes a, bytes b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

const char *record_type_name(enum record_type type) {
    static const char *const names[] = {"none",   "u8",     "u16",  "u32", "i32",  "i64", "bool",
                                        "number", "string", "blob", "ref", "list", "map"};
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "none";
}

uint32_t cell_size(enum record_type type) {
    static const uint8_t sizes[] = {0, 1, 2, 4, 4, 8, 1, 8, 8, 8, 8, 8, 8};
    return (size_t)type < sizeof sizes ? sizes[type] : 0;
}

bool type_is_integer(enum record_type type) { return type >= RECORD_U8 && type <= RECORD_I64; }

void type_range(enum record_type type, int64_t *low, int64_t *high) {
    *low = type == RECORD_I32 ? INT32_MIN : type == RECORD_I64 ? INT64_MIN : 0;
    *high = type == RECORD_U8    ? UINT8_MAX
            : type == RECORD_U16 ? UINT16_MAX
            : type == RECORD_U32 ? UINT32_MAX
            : type == RECORD_I32 ? INT32_MAX
                                 : INT64_MAX;
}

static const char *value_name(const value *v, kind_namer names, const void *context) {
    switch (v->kind) {
    case VALUE_NIL: return "nil";
    case VALUE_BOOLEAN: return "a boolean";
    case VALUE_INTEGER: return "an integer";
    case VALUE_NUMBER: return "a number";
    case VALUE_TEXT: return "a string";
    case VALUE_REF: return names(context, v->ref.kind);
    case VALUE_OTHER: break;
    }
    return (const char *)v->text.p;
}

static int wrong(const char *where, const char *wanted, const value *v, kind_namer names, const void *context,
                 fault *f) {
    return fault_set(f, E_TYPE, "%s: expected %s, got %s", where, wanted, value_name(v, names, context));
}

static int check_integer(const cell_type *t, value *v, const char *where, kind_namer names, const void *context,
                         fault *f) {
    if (v->kind == VALUE_NUMBER) {
        if (!(v->number >= -9223372036854775808.0 && v->number < 9223372036854775808.0) ||
            (double)(int64_t)v->number != v->number) {
            return fault_set(f, E_TYPE, "%s: expected an integer, got %.14g", where, v->number);
        }
        *v = value_integer((int64_t)v->number);
    }
    if (v->kind != VALUE_INTEGER) return wrong(where, "an integer", v, names, context, f);
    int64_t low, high;
    type_range(t->type, &low, &high);
    if (v->integer < low || v->integer > high) {
        return fault_set(f, E_LIMIT, "%s: %lld does not fit %s (%lld to %lld)", where, (long long)v->integer,
                         record_type_name(t->type), (long long)low, (long long)high);
    }
    return 0;
}

int cell_check(const cell_type *t, value *v, const char *where, kind_namer names, const void *context, fault *f) {
    switch ((enum record_type)t->type) {
    case RECORD_BOOL: return v->kind == VALUE_BOOLEAN ? 0 : wrong(where, "a boolean", v, names, context, f);
    case RECORD_NUMBER:
        if (v->kind == VALUE_INTEGER) *v = value_number((double)v->integer);
        return v->kind == VALUE_NUMBER ? 0 : wrong(where, "a number", v, names, context, f);
    case RECORD_STRING:
    case RECORD_BLOB:
        if (v->kind != VALUE_TEXT) return wrong(where, "a string", v, names, context, f);
        if (v->text.n <= t->max) return 0;
        return fault_set(f, E_LIMIT, "%s: %zu bytes are too many, it holds %u (its max)", where, v->text.n, t->max);
    case RECORD_REF:
        if (v->kind == VALUE_NIL) return 0;
        if (v->kind == VALUE_REF && v->ref.kind == t->ref_kind) return 0;
        {
            char wanted[RECORD_NAME_MAX + 16] = "a ";
            strncat(wanted, names(context, t->ref_kind), RECORD_NAME_MAX);
            return wrong(where, wanted, v, names, context, f);
        }
    default: return check_integer(t, v, where, names, context, f);
    }
}

bool cell_fits(const cell_type *t, const value *v) {
    int64_t low, high;
    switch (v->kind) {
    case VALUE_INTEGER:
        if (!type_is_integer(t->type)) return false;
        type_range(t->type, &low, &high);
        return v->integer >= low && v->integer <= high;
    case VALUE_BOOLEAN: return t->type == RECORD_BOOL;
    case VALUE_NUMBER: return t->type == RECORD_NUMBER;
    case VALUE_TEXT: return (t->type == RECORD_STRING || t->type == RECORD_BLOB) && v->text.n <= t->max;
    case VALUE_REF: return t->type == RECORD_REF && v->ref.kind == t->ref_kind;
    default: return false;
    }
}

value cell_load(const cell_type *t, const void *cell) {
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        int32_t i32;
        int64_t i64;
        double number;
        counted_text *text;
        handle at;
    } u;
    memcpy(&u, cell, cell_size(t->type));
    switch ((enum record_type)t->type) {
    case RECORD_U8: return value_integer(u.u8);
    case RECORD_U16: return value_integer(u.u16);
    case RECORD_U32: return value_integer(u.u32);
    case RECORD_I32: return value_integer(u.i32);
    case RECORD_I64: return value_integer(u.i64);
    case RECORD_BOOL: return value_boolean(u.u8 != 0);
    case RECORD_NUMBER: return value_number(u.number);
    case RECORD_STRING:
    case RECORD_BLOB: return value_text(text_bytes(u.text));
    case RECORD_REF: return u.at.generation ? value_ref((record_ref){t->ref_kind, u.at}) : value_nil();
    default: return value_nil();
    }
}

static counted_text *cell_text(const void *cell) {
    counted_text *t;
    memcpy(&t, cell, sizeof t);
    return t;
}

static bool type_is_text(uint8_t type) { return type == RECORD_STRING || type == RECORD_BLOB; }

int cell_store(const cell_type *t, void *cell, const value *v) {
    if (type_is_text(t->type)) {
        bool failed = false;
        counted_text *fresh = text_new(v->text, &failed);
        if (failed) return E_MEMORY;
        text_drop(cell_text(cell));
        memcpy(cell, &fresh, sizeof fresh);
        return 0;
    }
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        int64_t i64;
        double number;
        handle at;
    } u = {.i64 = 0};
    switch ((enum record_type)t->type) {
    case RECORD_U8: u.u8 = (uint8_t)v->integer; break;
    case RECORD_U16: u.u16 = (uint16_t)v->integer; break;
    case RECORD_U32:
    case RECORD_I32: u.u32 = (uint32_t)v->integer; break;
    case RECORD_BOOL: u.u8 = v->boolean; break;
    case RECORD_NUMBER: u.number = v->number; break;
    case RECORD_REF: u.at = v->kind == VALUE_REF ? v->ref.at : (handle){0, 0}; break;
    default: u.i64 = v->integer; break;
    }
    memcpy(cell, &u, cell_size(t->type));
    return 0;
}

void cell_clear(const cell_type *t, void *cell) {
    if (type_is_text(t->type)) text_drop(cell_text(cell));
    memset(cell, 0, cell_size(t->type));
}

bool cell_equal(const cell_type *t, const void *cell, const value *v) {
    value have = cell_load(t, cell);
    if (have.kind != v->kind) return false;
    switch (have.kind) {
    case VALUE_BOOLEAN: return have.boolean == v->boolean;
    case VALUE_INTEGER: return have.integer == v->integer;
    case VALUE_NUMBER: return have.number == v->number;
    case VALUE_TEXT: return bytes_order(have.text, v->text) == 0;
    case VALUE_REF: return handle_same(have.ref.at, v->ref.at);
    default: return true;
    }
}
