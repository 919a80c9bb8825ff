/* layout.h: what a kind of record is made of, and how one shape becomes another while the records live.
 *
 * A record_field is plain data (no ownership), so a declaration can be built on any thread, compared with the live
 * layout and thrown away. A declaration becomes a layout by layout_build(), which gives each field its place in the
 * row.
 *
 *     record_field f[] = {{.name = "id", .type = RECORD_U32, .flags = FIELD_KEY}, {.name = "state", .type =
 * RECORD_U16}};
 *
 * layout_compare() says what a new declaration would do to a live kind: the same, a migration, or no, with a sentence.
 */
#ifndef RECORDS_LAYOUT_H
#define RECORDS_LAYOUT_H

#include "records/index.h"
#include "records/value.h"

#define RECORD_FIELDS_MAX    128       /* fields of a kind */
#define RECORD_INDEXES_MAX   16        /* equality indexes of a kind, map keys included */
#define RECORD_MAP_INDEX_MAX 8         /* indexed keys of one map */
#define RECORD_TEXT_MAX      (1 << 20) /* the largest max a text may declare */
#define RECORD_STRING_MAX    255       /* bytes of a string that declares no max */
#define RECORD_BLOB_MAX      4096      /* bytes of a blob that declares no max */
#define RECORD_COUNT_MAX     8192      /* the largest max a list or map may declare: entries are moved, not linked */
#define RECORD_DEFAULT_MAX   64        /* bytes of a default text */

enum {
    FIELD_KEY = 1,      /* unique; found by record_find; set at creation only */
    FIELD_INDEX = 2,    /* equality index */
    FIELD_AUTO = 4,     /* an integer that counts up by itself from 1 where creation gives none */
    FIELD_BUILTIN = 8,  /* declared from C: scripts read it, only C writes it */
    FIELD_CONVERT = 16, /* the declaration has a function that turns old values of another type into new ones */
};

typedef struct record_field {
    char name[RECORD_NAME_MAX + 1];
    uint8_t type;     /* enum record_type */
    uint8_t element;  /* of LIST and MAP: the type of what is in it */
    uint8_t key_type; /* of MAP: RECORD_STRING or RECORD_I64 */
    uint8_t flags;
    uint32_t max;       /* bytes of a text (of a list's or map's texts, and of its keys); 0 = the usual */
    uint32_t count_max; /* of LIST and MAP: how many */
    char ref_name[RECORD_NAME_MAX + 1]; /* of REF (or of such elements): the kind pointed to */
    int64_t default_integer;            /* integers and BOOL */
    double default_number;
    uint8_t default_text_n;
    uint8_t default_text[RECORD_DEFAULT_MAX];
    uint8_t indexed_count; /* of MAP: keys with an equality index on their value */
    char indexed[RECORD_MAP_INDEX_MAX][RECORD_DEFAULT_MAX + 1];
    /* filled by layout_build */
    cell_type cell, key_cell; /* of the value (or element), of a map's keys */
    uint32_t offset;          /* in the row */
    int16_t first_index;      /* number of its (first) index, or -1 */
} record_field;

typedef struct layout_index {
    uint16_t field;
    int16_t map_key; /* number in `indexed`, or -1: the field itself */
} layout_index;

typedef struct layout {
    record_field *fields;
    uint32_t count, row_size, places_offset, serial_offset;
    int32_t key; /* field number, or -1 */
    uint32_t index_count;
    layout_index indexes[RECORD_INDEXES_MAX];
} layout;

/* A declaration under way: grows by record_declare_field, released by record_decl_free. */
typedef struct record_decl {
    char name[RECORD_NAME_MAX + 1];
    record_field *fields;
    uint32_t count;
} record_decl;

enum layout_change { LAYOUT_SAME, LAYOUT_MIGRATE, LAYOUT_REFUSED };

bool record_name_good(const char *name); /* a Lua name of at most RECORD_NAME_MAX bytes */
int record_declare_field(record_decl *d, const record_field *f,
                         fault *why); /* copies; checks what one field can get wrong */
void record_decl_free(record_decl *d);

/* Checks fields against each other and places them. `kind` begins sentences. `ref_kind` (may be NULL: all 0) turns a
 * kind's name into its id. On failure *l is empty. */
typedef uint32_t (*ref_finder)(void *context, const char *kind);
int layout_build(layout *l, const char *kind, const record_field *fields, uint32_t count, ref_finder find,
                 void *context, fault *f);
void layout_free(layout *l);
int32_t layout_field(const layout *l, const char *name); /* number, or -1 */

/* Index of that name (a field's, or an indexed map key's): number, or -1. */
int32_t layout_index_named(const layout *l, const char *name);

/* Would `fresh` in place of `live` be the same, a migration, or refused (with a sentence)? */
enum layout_change layout_compare(const char *kind, const layout *live, const layout *fresh, fault *f);

/* How one field's values get from old to new. */
enum field_move { MOVE_DEFAULT, MOVE_AS_IS, MOVE_CONVERT };
enum field_move layout_move(const record_field *old, const record_field *fresh);

#endif
