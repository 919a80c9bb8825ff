/* slab.c: slots, generations and the free list. */
#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

void slab_init(slab *s, size_t size) { *s = (slab){.size = size, .first_free = NONE}; }

void slab_free(slab *s) {
    for (uint32_t i = 0; i < s->slots / SLAB_PAGE; i++) free(s->pages[i]);
    free(s->pages);
    free(s->generations);
    free(s->next_free);
    slab_init(s, s->size);
}

static bool grow(slab *s) {
    uint32_t count = s->slots / SLAB_PAGE;
    if (s->slots > NONE - 2 * SLAB_PAGE) return false;
    uint8_t **pages = realloc(s->pages, (count + 1) * sizeof *pages);
    if (pages) s->pages = pages;
    uint32_t *generations = realloc(s->generations, (s->slots + SLAB_PAGE) * sizeof *generations);
    if (generations) s->generations = generations;
    uint32_t *next = realloc(s->next_free, (s->slots + SLAB_PAGE) * sizeof *next);
    if (next) s->next_free = next;
    uint8_t *page = pages && generations && next ? malloc(SLAB_PAGE * s->size) : NULL;
    if (!page) return false;
    s->pages[count] = page;
    for (uint32_t i = SLAB_PAGE; i-- > 0;) {
        s->generations[s->slots + i] = 0;
        s->next_free[s->slots + i] = s->first_free;
        s->first_free = s->slots + i;
    }
    s->slots += SLAB_PAGE;
    return true;
}

static void *slot_data(const slab *s, uint32_t slot) { return s->pages[slot / SLAB_PAGE] + slot % SLAB_PAGE * s->size; }

handle slab_add(slab *s) {
    if (s->first_free == NONE && !grow(s)) return (handle){0, 0};
    uint32_t slot = s->first_free;
    s->first_free = s->next_free[slot];
    s->generations[slot]++;
    s->used++;
    memset(slot_data(s, slot), 0, s->size);
    return (handle){slot, s->generations[slot]};
}

bool slab_remove(slab *s, handle h) {
    if (!slab_get(s, h)) return false;
    s->generations[h.slot]++; /* even: free. Wraps to 0 after 2^31 uses of one slot, which stays "free" */
    s->next_free[h.slot] = s->first_free;
    s->first_free = h.slot;
    s->used--;
    return true;
}

handle slab_at(const slab *s, uint32_t slot) {
    if (slot >= s->slots || !(s->generations[slot] & 1)) return (handle){0, 0};
    return (handle){slot, s->generations[slot]};
}
