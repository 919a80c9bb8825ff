/* index.h: which rows have this value? A hash from a value to the list of rows that have it, oldest first.
 *
 * The list of one value is a posting: an array that only grows at its end, with holes where rows have left, made tight
 * when the holes outnumber the rows. Each entry carries a number that rises with every addition, so that a walk is only
 * a number (what it has seen) and a limit (what was there when it began): rows may come and go while it stands, it owns
 * nothing, it needs no closing, it gives each row that stays exactly once and none that came later, and it ends.
 *
 * Where a row stands in each index is kept in the row itself (index_place, at `place_offset`), so leaving costs no
 * search. Adding and removing cost O(1), amortised over the tightening. */
#ifndef RECORDS_INDEX_H
#define RECORDS_INDEX_H

#include "records/ids.h"
#include "records/value.h"

typedef struct index_place {
    uint32_t posting; /* number of the posting + 1; 0 = this row is not in the index */
    uint32_t at;
} index_place;

typedef struct index_entry {
    uint32_t slot, number;
} index_entry;

typedef struct posting {
    uint32_t hash, live, head, used, cap, next_number, epoch; /* rows; first entry that may be live; entries; … */
    enum value_kind kind;
    union {
        int64_t integer; /* booleans too */
        counted_text *text;
        record_ref ref;
    };
    union {
        index_entry one; /* while cap is 1: values that only one row has need no array */
        index_entry *many;
    };
} posting;

typedef struct record_index {
    slab *rows;            /* the rows of the kind, to keep their places right when a posting is made tight */
    uint32_t place_offset; /* of this index's index_place in a row */
    slab postings;
    ids values;
    uint64_t steps; /* entries looked at since the start: what tests count instead of time */
} record_index;

typedef struct index_walk {
    handle posting;
    uint32_t at, epoch, seen,
        limit; /* the next entry; its number at least `seen`; entries from `limit` on are too young */
} index_walk;

void index_init(record_index *x, slab *rows, uint32_t place_offset);
void index_free(record_index *x);

/* Adds the row and tells its place, which the caller puts into the row. 0 or E_MEMORY: nothing has changed then. */
int index_add(record_index *x, const value *v, uint32_t slot, index_place *place);
void index_remove(record_index *x, index_place place);

handle index_find(record_index *x, const value *v);         /* the posting of a value, or generation 0 */
uint32_t index_live(const record_index *x, handle posting); /* rows in it; 0 when it is gone */
void index_begin(const record_index *x, handle posting, index_walk *w);
bool index_next(record_index *x, index_walk *w, uint32_t *slot); /* false at the end */

/* The row's own index_place of the index at place_offset. */
index_place *index_place_of(const slab *rows, uint32_t slot, uint32_t place_offset);

#endif
