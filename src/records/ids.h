/* ids.h: a hash table that holds nothing but numbers.
 *
 * Each entry is (hash, id); what an id stands for, and whether it is the one looked for, only the caller knows. So the
 * same thirty lines serve the unique key of a kind (id = row), the values of an index (id = posting) and the names of
 * timers (id = slot). Open addressing, linear probing, removal by moving back what follows: no tombstones, so the cost
 * does not rise with age.
 *
 *     uint32_t at = 0, id;
 *     while ((id = ids_next(&t, hash, &at)) != IDS_NONE) if (the one I mean(id)) return id; */
#ifndef RECORDS_IDS_H
#define RECORDS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IDS_NONE UINT32_MAX

typedef struct ids {
    struct ids_entry {
        uint32_t hash, id;
    } * entries;
    uint32_t mask, count; /* slots - 1 (0 = nothing allocated yet); entries in use */
    uint64_t steps;       /* entries looked at since the start: what tests count instead of time */
} ids;

/* The next id with this hash; *at starts at 0 and is the walk's own business. IDS_NONE when there is no further one. */
uint32_t ids_next(ids *t, uint32_t hash, uint32_t *at);
int ids_add(ids *t, uint32_t hash, uint32_t id);     /* 0 or E_MEMORY; does not look for doubles */
bool ids_remove(ids *t, uint32_t hash, uint32_t id); /* false when there was none */
void ids_free(ids *t);                               /* empty and usable again */

uint32_t ids_hash_bytes(const void *p, size_t n, uint32_t seed);
uint32_t ids_hash_integer(uint64_t v);

#endif
