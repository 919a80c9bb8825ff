/* ids.c: open addressing over (hash, id). A slot is free when its id is IDS_NONE. At most three quarters are in use.
 *
 * The seed of the byte hash is drawn once a process, because keys come from outside (names, addresses): nobody who does
 * not know it can choose names that all fall into one place. */
#include "records/ids.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "records/memory.h"

#include <sys/random.h>

uint32_t ids_next(ids *t, uint32_t hash, uint32_t *at) {
    if (!t->count) return IDS_NONE;
    for (uint32_t step = *at; step <= t->mask; step++) {
        const struct ids_entry *e = &t->entries[(hash + step) & t->mask];
        t->steps++;
        if (e->id == IDS_NONE) return IDS_NONE;
        if (e->hash == hash) {
            *at = step + 1;
            return e->id;
        }
    }
    return IDS_NONE;
}

static void place(ids *t, uint32_t hash, uint32_t id) {
    uint32_t i = hash & t->mask;
    while (t->entries[i].id != IDS_NONE) i = (i + 1) & t->mask, t->steps++;
    t->entries[i] = (struct ids_entry){hash, id};
}

static int grow(ids *t) {
    uint32_t slots = t->mask ? (t->mask + 1) * 2 : 8;
    if (t->mask >= UINT32_MAX / 4) return E_MEMORY;
    ids bigger = {.entries = memory_get(slots * sizeof *t->entries), .mask = slots - 1, .count = t->count};
    if (!bigger.entries) return E_MEMORY;
    memset(bigger.entries, 0xff, slots * sizeof *t->entries);
    for (uint32_t i = 0; t->mask && i <= t->mask; i++) {
        if (t->entries[i].id != IDS_NONE) place(&bigger, t->entries[i].hash, t->entries[i].id);
    }
    bigger.steps += t->steps + slots;
    memory_drop(t->entries);
    *t = bigger;
    return 0;
}

int ids_add(ids *t, uint32_t hash, uint32_t id) {
    if (!t->mask || t->count >= (t->mask + 1) / 4 * 3) {
        int code = grow(t);
        if (code < 0) return code;
    }
    place(t, hash, id);
    t->count++;
    return 0;
}

bool ids_remove(ids *t, uint32_t hash, uint32_t id) {
    if (!t->count) return false;
    uint32_t hole = hash & t->mask;
    while (t->entries[hole].id != id || t->entries[hole].hash != hash) {
        if (t->entries[hole].id == IDS_NONE) return false;
        hole = (hole + 1) & t->mask;
        t->steps++;
    }
    /* Move back every follower that may stand at the hole: one whose home is not between the hole and itself. */
    for (uint32_t i = (hole + 1) & t->mask; t->entries[i].id != IDS_NONE; i = (i + 1) & t->mask) {
        t->steps++;
        uint32_t home = t->entries[i].hash & t->mask;
        if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
            t->entries[hole] = t->entries[i];
            hole = i;
        }
    }
    t->entries[hole].id = IDS_NONE;
    t->count--;
    return true;
}

void ids_free(ids *t) {
    memory_drop(t->entries);
    *t = (ids){0};
}

static uint32_t mix(uint64_t v) {
    v ^= v >> 32;
    v *= 0x9e3779b97f4a7c15u;
    v ^= v >> 29;
    v *= 0xbf58476d1ce4e5b9u;
    return (uint32_t)(v >> 32);
}

static uint64_t process_seed(void) {
    static uint64_t seed; /* drawn by the first caller; records are used by one thread at a time */
    if (!seed) {
        if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) seed = (uint64_t)clock_unix_us();
        seed |= 1;
    }
    return seed;
}

uint32_t ids_hash_bytes(const void *p, size_t n, uint32_t more) {
    const uint8_t *at = p;
    uint64_t h = process_seed() ^ (uint64_t)more << 32 ^ n;
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t piece;
        memcpy(&piece, at, 8);
        h = (h ^ piece) * 0x9e3779b97f4a7c15u;
        h ^= h >> 31;
    }
    uint64_t rest = 0;
    if (n) memcpy(&rest, at, n);
    return mix((h ^ rest) * 0x94d049bb133111ebu);
}

uint32_t ids_hash_integer(uint64_t v) { return mix(v ^ process_seed()); }
