/* map.c: open addressing with linear probing, at most half full; a dropped entry is filled from behind, so there are no
 * tombstones. */
#include "relay/map.h"

#include <stdlib.h>

static bool grow(map *m) {
    map bigger = {.room = m->room ? m->room * 2 : 64};
    bigger.entries = calloc(bigger.room, sizeof *bigger.entries);
    if (!bigger.entries) return false;
    for (size_t i = 0; i < m->room; i++)
        if (m->entries[i].value) map_put(&bigger, m->entries[i].key, m->entries[i].value);
    free(m->entries);
    *m = bigger;
    return true;
}

bool map_put(map *m, uint64_t key, void *value) {
    if (m->used * 2 >= m->room && !grow(m)) return false;
    size_t i = map_place(m, key);
    while (m->entries[i].value && m->entries[i].key != key) i = (i + 1) & (m->room - 1);
    m->used += m->entries[i].value == NULL;
    m->entries[i] = (map_entry){key, value};
    return true;
}

void map_drop(map *m, uint64_t key) {
    if (!m->room) return;
    size_t mask = m->room - 1, hole = map_place(m, key);
    while (m->entries[hole].value && m->entries[hole].key != key) hole = (hole + 1) & mask;
    if (!m->entries[hole].value) return;
    for (size_t i = (hole + 1) & mask; m->entries[i].value; i = (i + 1) & mask) {
        size_t home = map_place(m, m->entries[i].key);
        if (((i - home) & mask) < ((i - hole) & mask)) continue; /* it stands between its home and the hole's end */
        m->entries[hole] = m->entries[i];
        hole = i;
    }
    m->entries[hole].value = NULL;
    m->used--;
}

void map_free(map *m) {
    free(m->entries);
    *m = (map){0};
}
