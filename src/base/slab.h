/* slab.h: a growing array of equal-sized slots with handles that notice reuse.
 *
 * A handle is (slot, generation). Freeing a slot raises its generation, so that an old handle finds nothing instead of
 * somebody else's data. Slots never move while the slab grows (it grows by whole pages), so a pointer stays good until
 * its slot is freed. One thread only.
 *
 *     slab s;  slab_init(&s, sizeof(struct conn));
 *     handle h = slab_add(&s);  struct conn *c = slab_get(&s, h);  slab_remove(&s, h);  slab_get(&s, h) == NULL */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct handle {
    uint32_t slot;
    uint32_t generation; /* odd while the slot is in use; 0 = the handle of nothing */
} handle;

typedef struct slab {
    size_t size;           /* bytes of one slot's data */
    uint8_t **pages;       /* SLAB_PAGE slots each */
    uint32_t *generations; /* one a slot */
    uint32_t *next_free;
    uint32_t slots, used, first_free;
} slab;

#define SLAB_PAGE 256u

void slab_init(slab *s, size_t size);
void slab_free(slab *s);
handle slab_add(slab *s);                               /* data zeroed; generation 0 when out of memory */
static inline void *slab_get(const slab *s, handle h) { /* NULL when stale */
    if (h.slot >= s->slots || !(h.generation & 1) || s->generations[h.slot] != h.generation) return NULL;
    return s->pages[h.slot / SLAB_PAGE] + h.slot % SLAB_PAGE * s->size;
}
bool slab_remove(slab *s, handle h);          /* false when stale */
handle slab_at(const slab *s, uint32_t slot); /* handle of a slot in use, or generation 0; for walking 0 … s->slots-1 */
static inline bool handle_same(handle a, handle b) { return a.slot == b.slot && a.generation == b.generation; }

#endif
