/* map.h: numbers to pointers, in one array: found with one look in nearly every case.
 *
 *     map m = {0};  map_put(&m, id, tunnel);  tunnel = map_get(&m, id);  map_drop(&m, id);  map_free(&m);
 *
 * A zeroed map is an empty one. Keys are mixed, so that they need not be random. One thread. */
#ifndef RELAY_MAP_H
#define RELAY_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct map_entry {
    uint64_t key;
    void *value; /* NULL = an empty place */
} map_entry;

typedef struct map {
    map_entry *entries;
    size_t room, used; /* room: a power of two, or 0 */
} map;

bool map_put(map *m, uint64_t key, void *value); /* replaces; value not NULL. false: out of memory, nothing changed */
void map_drop(map *m, uint64_t key);
void map_free(map *m);

static inline size_t map_place(const map *m, uint64_t key) {
    key ^= key >> 32;
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (m->room - 1);
}

static inline void *map_get(const map *m, uint64_t key) {
    if (!m->room) return NULL;
    for (size_t i = map_place(m, key);; i = (i + 1) & (m->room - 1)) {
        if (!m->entries[i].value) return NULL;
        if (m->entries[i].key == key) return m->entries[i].value;
    }
}

#endif
