/* value.h: one value on its way into or out of a record, and the cells that keep it there.
 *
 * `value` is what callers see: a small tagged union; its text is borrowed (good until the record changes or goes).
 * A cell is what lies in the row: 1, 2, 4 or 8 bytes by type. Text is one small counted allocation, NULL for "".
 *
 *     value v = value_text(BYTES("alice"));  cell_check(&type, &v, …);  cell_store(&type, row + offset, &v); */
#ifndef RECORDS_VALUE_H
#define RECORDS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "base/slab.h"

#define RECORD_NAME_MAX 40 /* bytes of a kind's or field's name: Lua interns strings up to this length */

enum record_type {
    RECORD_NONE,
    RECORD_U8,
    RECORD_U16,
    RECORD_U32,
    RECORD_I32,
    RECORD_I64,
    RECORD_BOOL,
    RECORD_NUMBER,
    RECORD_STRING,
    RECORD_BLOB,
    RECORD_REF,
    RECORD_LIST, /* only as the type of a field */
    RECORD_MAP,  /* only as the type of a field */
};

/* Which record of which kind; kind 0 is no kind, so a zeroed ref is the ref of nothing. */
typedef struct record_ref {
    uint32_t kind;
    handle at;
} record_ref;

enum value_kind { VALUE_NIL, VALUE_BOOLEAN, VALUE_INTEGER, VALUE_NUMBER, VALUE_TEXT, VALUE_REF, VALUE_OTHER };

typedef struct value {
    enum value_kind kind; /* VALUE_OTHER: a thing no record can hold (a table, a function); `text` is its name */
    union {
        bool boolean;
        int64_t integer;
        double number;
        bytes text;
        record_ref ref;
    };
} value;

static inline value value_nil(void) { return (value){.kind = VALUE_NIL}; }
static inline value value_boolean(bool b) { return (value){.kind = VALUE_BOOLEAN, .boolean = b}; }
static inline value value_integer(int64_t i) { return (value){.kind = VALUE_INTEGER, .integer = i}; }
static inline value value_number(double n) { return (value){.kind = VALUE_NUMBER, .number = n}; }
static inline value value_text(bytes b) { return (value){.kind = VALUE_TEXT, .text = b}; }
static inline value value_ref(record_ref r) { return (value){.kind = VALUE_REF, .ref = r}; }
value value_string(const char *text); /* of a NUL-terminated string */

/* Counted text. */
typedef struct counted_text {
    uint32_t refs, n;
    uint8_t p[];
} counted_text;

counted_text *text_new(bytes b, bool *failed); /* NULL for no bytes; NULL and *failed when out of memory */
counted_text *text_hold(counted_text *t);      /* NULL is fine */
void text_drop(counted_text *t);               /* NULL is fine */
static inline bytes text_bytes(const counted_text *t) {
    return t ? (bytes){t->p, t->n} : (bytes){(const uint8_t *)"", 0};
}
int bytes_order(bytes a, bytes b); /* <0, 0, >0: byte by byte, then the shorter first */

/* What one cell may hold. */
typedef struct cell_type {
    uint8_t type;      /* enum record_type, not LIST or MAP */
    uint32_t max;      /* bytes of a text */
    uint32_t ref_kind; /* id of the kind a ref points to */
} cell_type;

const char *record_type_name(enum record_type type); /* "u32", "string", … */
uint32_t cell_size(enum record_type type);           /* 1, 2, 4 or 8 */
bool type_is_integer(enum record_type type);
void type_range(enum record_type type, int64_t *low, int64_t *high); /* of an integer type */

/* May v go into a cell of this type? Brings v into the type's own form (3.0 becomes 3). `where` is what a sentence
 * begins with, e.g. "player.name"; `names` turns kind ids into words. 0, E_TYPE or E_LIMIT. */
typedef const char *(*kind_namer)(const void *context, uint32_t kind);
int cell_check(const cell_type *t, value *v, const char *where, kind_namer names, const void *context, fault *f);

/* The same without a sentence, for the usual case; false may also mean that cell_check would bring v into form. */
bool cell_fits(const cell_type *t, const value *v);

value cell_load(const cell_type *t, const void *cell);          /* text borrowed; refs as stored, stale or not */
int cell_store(const cell_type *t, void *cell, const value *v); /* v is checked; what was there goes. 0 or E_MEMORY */
void cell_clear(const cell_type *t, void *cell);                /* releases text; the cell is zero */
bool cell_equal(const cell_type *t, const void *cell, const value *v); /* v is checked */

#endif
