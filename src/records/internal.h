/* internal.h: what the files of this room share and nobody else needs. */
#ifndef RECORDS_INTERNAL_H
#define RECORDS_INTERNAL_H

#include "records/records.h"

struct records {
    record_kind *kinds[RECORD_KINDS_MAX]; /* by id - 1 */
    uint32_t count;
    struct {
        record_removed fn;
        void *context;
    } removed[8];
    uint32_t removed_count;
};

static inline uint8_t *row_at(const slab *rows, uint32_t slot) {
    return rows->pages[slot / SLAB_PAGE] + slot % SLAB_PAGE * rows->size;
}

static inline index_place *row_place(const record_kind *k, uint8_t *row, uint32_t index) {
    return (index_place *)(void *)(row + k->layout.places_offset + index * sizeof(index_place));
}

/* "game.state" for sentences. */
typedef struct field_words {
    char text[2 * RECORD_NAME_MAX + 4];
} field_words;
field_words words_of(const record_kind *kind, const record_field *f);

/* cell_check of a value for a field's cell (or its keys); the words of the sentence are made only when it is needed. */
int field_check(const record_kind *kind, const record_field *f, const cell_type *t, value *v, fault *why);

value field_default(const record_field *f);

int kind_new(records *all, const char *name, record_kind **kind, fault *f);
void kind_clear(record_kind *kind); /* removes all records, telling everyone */
int kind_make_indexes(record_kind *kind, const layout *l, record_index **made, fault *f);
void kind_free_indexes(record_index *indexes, uint32_t count);
int row_join_indexes(record_kind *kind, uint32_t slot); /* 0 or E_MEMORY, then it is in none */
void row_leave_indexes(record_kind *kind, uint32_t slot);
void row_release(const layout *l, uint8_t *row); /* texts and containers of a row */
uint32_t key_hash(const value *v);

/* One index's value of one row changes: joins the new before it leaves the old. `fresh` NULL = none. 0 or E_MEMORY. */
int row_reindex(record_kind *kind, uint32_t slot, uint32_t index, const value *fresh);

#endif
