/* records.h: what outlives a request. Kinds of typed records, kept in C, shared by all script generations.
 *
 *     records *all = records_new(&f);
 *     record_kind *game = records_kind_builtin(all, "game", fields, 3, &f);
 *     record_create(game, &(record_init){id_field, value_integer(7)}, 1, &ref, &f);
 *     record_set(all, ref, state_field, value_integer(130), &f);   record_get(all, ref, state_field) → 130
 *     record_remove(all, ref);                                     record_get(…) → nil, record_alive(…) → false
 *
 * Names: a record is a record_ref (kind id, slot, generation of the slot): a number, never a pointer. Kind ids and
 * kinds stay for the life of `records`; field numbers are good while record_kind.version stays the same. One thread
 * (the loop's) reads and writes records. records_plan only reads layouts, which change in records_apply alone, so it
 * may run on a worker thread while no records_apply can run. Errors: 0 or an E_ code: E_STALE (the record is gone),
 * E_TYPE, E_LIMIT, E_EXISTS (key in use), E_NOT_FOUND, E_MEMORY. Lists and maps in a field: containers.h. Timers:
 * timers.h. The Lua side: bind/record.h. */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include "records/layout.h"

#define RECORD_KINDS_MAX   256
#define RECORD_RECORDS_MAX 1000000 /* records of one kind, unless records_limit says otherwise */
#define RECORD_WHERE_MAX   8       /* conditions of one walk */

typedef struct records records;

typedef struct record_kind {
    records *all;
    char name[RECORD_NAME_MAX + 1];
    uint32_t id;      /* 1, 2, … */
    uint32_t version; /* rises when the layout changes */
    bool builtin;     /* declared from C: scripts cannot create or remove such records */
    bool declared;    /* by C or by the running generation */
    uint32_t builtin_count, limit, next_serial;
    uint64_t removals;
    layout layout;
    slab rows;
    ids keys;
    record_index *indexes;               /* layout.index_count of them */
    int64_t counters[RECORD_FIELDS_MAX]; /* last number given, by field, of `auto` fields */
} record_kind;

typedef struct record_init {
    uint32_t field;
    value v;
} record_init;

records *records_new(fault *f);
void records_free(records *all);

/* Kinds. The name is copied. */
record_kind *records_kind_builtin(records *all, const char *name, const record_field *fields, uint32_t count, fault *f);
record_kind *records_kind(const records *all, const char *name); /* NULL when there is none */
record_kind *records_kind_at(const records *all, uint32_t id);   /* NULL for 0 and unknown ids */
uint32_t records_kinds(const records *all);                      /* ids are 1 … this */
void records_limit(record_kind *kind, uint32_t records);
int32_t record_field_named(const record_kind *kind, const char *name); /* field number, or -1 */

/* Life. on_remove callbacks run while the record can still be read; they must not remove it again. */
int record_create(record_kind *kind, const record_init *init, uint32_t count, record_ref *ref, fault *f);
int record_remove(records *all, record_ref ref); /* 0 or E_STALE */
bool record_alive(const records *all, record_ref ref);
typedef void (*record_removed)(void *context, record_ref ref);
int records_on_remove(records *all, record_removed fn, void *context); /* for every kind; at most 8 */

/* Fields. record_get of a gone record, or of a ref to one, is nil; text is borrowed until the record changes. */
value record_get(const records *all, record_ref ref, uint32_t field);
int record_set(records *all, record_ref ref, uint32_t field, value v, fault *f);
static inline void *record_row(const record_kind *kind, handle at) { /* for readers that resolved the field before */
    return slab_get(&kind->rows, at);                                /* NULL when stale */
}

/* Finding. */
int record_find(record_kind *kind, value key, record_ref *ref); /* by key: 0 or E_NOT_FOUND */
typedef struct record_condition {
    const char *name; /* of an indexed field, an indexed map key, or the key */
    value v;
} record_condition;
typedef struct record_walk {
    record_kind *kind;
    uint32_t version, index, count, slot, until, serial;
    handle only;
    enum { WALK_END, WALK_ONE, WALK_INDEX, WALK_ALL } how;
    index_walk at;
    struct {
        uint32_t index;
        handle posting;
    } also[RECORD_WHERE_MAX];
} record_walk;

/* Walks the records that meet all conditions (none: all records). Where a list of values has few rows it is walked, and
 * the other conditions are checked by number, so the cost is that of the rarest condition. Records may be created,
 * changed and removed while a walk stands; it gives each record that meets the conditions all the time exactly once,
 * and none that is newer than itself. It owns nothing. E_NOT_FOUND with a sentence naming the indexed fields where one
 * is not indexed. */
int record_walk_begin(record_kind *kind, const record_condition *where, uint32_t count, record_walk *w, fault *f);
int record_walk_next(record_walk *w,
                     record_ref *ref);           /* 1 = one more, 0 = end, E_STALE = the layout changed meanwhile */
uint32_t record_walk_most(const record_walk *w); /* no more than this many will come */
uint64_t records_steps(const record_kind *kind); /* work of keys and indexes so far, in entries looked at */
void record_indexed_names(const record_kind *kind, char *out, size_t size); /* "id, state, ME3map", for sentences */

/* Changing layouts: a whole generation's declarations at once. Kinds that are not among them lose their script fields,
 * and their records unless they are builtin. */
enum layout_change records_plan(const records *all, const record_decl *decls, uint32_t count, fault *f);

/* convert gives the new value for an old one, or non-zero: the default is taken then. NULL: always the default. */
typedef int (*record_convert)(void *context, const char *kind, const char *field, value old, value *fresh);
int records_apply(records *all, const record_decl *decls, uint32_t count, record_convert convert, void *context,
                  fault *f);

const char *records_kind_name(const void *all, uint32_t kind); /* a kind_namer */

#endif
