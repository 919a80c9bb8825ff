/* tdf_encode_map.c: maps, whose entries must leave in the client's order (reference 01 §4).
 *
 * Entries are written in the order Lua gives, and where each starts is kept in a scratch; then the bytes of the entries
 * are put in order. So a value is encoded once, wherever it ends up, and its Lua value need not be found again. */
#include "bind/tdf_encode.h"

#include <stdlib.h>
#include <string.h>

typedef struct map_entry {
    bytes key; /* string keys; the bytes belong to Lua */
    int64_t number;
    size_t start, length; /* in out */
} map_entry;

static int compare_strings(const void *a, const void *b) {
    return tdf_key_compare(((const map_entry *)a)->key, ((const map_entry *)b)->key);
}

static int compare_numbers(const void *a, const void *b) {
    int64_t x = ((const map_entry *)a)->number, y = ((const map_entry *)b)->number;
    return x < y ? -1 : x > y;
}

/* Writes the key at stack index `key` and fills the entry. */
static int put_key(encoder *e, int key, const schema_type *t, map_entry *entry) {
    lua_State *L = e->L;
    struct step *step = &e->path[e->steps++];
    if (t->kind == SCHEMA_STR) {
        *step = (struct step){STEP_KEY, "?", 0};
        if (lua_type(L, key) != LUA_TSTRING) {
            e->steps--;
            return tdf_encode_fail(e, E_TYPE, "expected keys that are strings, got a %s", tdf_encode_type_at(e, key));
        }
        size_t n;
        step->name = lua_tolstring(L, key, &n);
        entry->key = (bytes){(const uint8_t *)step->name, n};
        return tdf_encode_text(e, key, LUA_TSTRING, false);
    }
    *step = (struct step){STEP_INDEX, NULL, lua_tointeger(L, key)};
    entry->number = step->index;
    if (lua_type(L, key) == LUA_TNUMBER) return tdf_encode_int(e, key, LUA_TNUMBER, t);
    e->steps--;
    return tdf_encode_fail(e, E_TYPE, "expected keys that are integers, got a %s", tdf_encode_type_at(e, key));
}

/* Writes all entries in Lua's order and appends a map_entry for each to the scratch. */
static int put_entries(encoder *e, int index, const schema_type *t, size_t *count) {
    lua_State *L = e->L;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        int top = lua_gettop(L);
        map_entry entry = {.start = e->out->n};
        int rc = put_key(e, top - 1, t->key, &entry);
        if (rc == 0) rc = tdf_encode_value(e, top, lua_type(L, top), t->item);
        if (rc < 0) return rc;
        e->steps--;
        entry.length = e->out->n - entry.start;
        buf_put(&e->c->entries, &entry, sizeof entry);
        lua_pop(L, 1);
        ++*count;
    }
    return e->c->entries.failed ? tdf_encode_fail(e, E_MEMORY, "out of memory") : 0;
}

static void sort_few(map_entry *entries, size_t count, int (*compare)(const void *, const void *)) {
    for (size_t i = 1; i < count; i++) {
        map_entry entry = entries[i];
        size_t j = i;
        for (; j > 0 && compare(&entries[j - 1], &entry) > 0; j--) entries[j] = entries[j - 1];
        entries[j] = entry;
    }
}

static int order_entries(encoder *e, map_entry *entries, size_t count, bool strings) {
    int (*compare)(const void *, const void *) = strings ? compare_strings : compare_numbers;
    if (count > 16)
        qsort(entries, count, sizeof *entries, compare);
    else
        sort_few(entries, count, compare);
    for (size_t i = 1; i < count; i++) {
        if (compare(&entries[i - 1], &entries[i])) continue;
        const char *a = (const char *)entries[i - 1].key.p, *b = (const char *)entries[i].key.p;
        return strcmp(a, b) < 0
                   ? tdf_encode_fail(e, E_DUPLICATE_KEY, "the keys '%.60s' and '%.60s' are the same to the game", a, b)
                   : tdf_encode_fail(e, E_DUPLICATE_KEY, "the keys '%.60s' and '%.60s' are the same to the game", b, a);
    }
    return 0;
}

int tdf_encode_map(encoder *e, int index, const schema_type *t) {
    lua_State *L = e->L;
    if (lua_type(L, index) != LUA_TTABLE) return tdf_encode_wrong_type(e, index, "a map");
    size_t mark = e->c->entries.n, count = 0; /* maps inside maps use the scratch as a stack */
    tdf_put_u8(e->out, t->key->wire);
    tdf_put_u8(e->out, t->item->wire);
    size_t start = e->out->n;
    int rc = put_entries(e, index, t, &count);
    if (rc < 0) return rc;
    if (count == 0 || e->out->failed) { /* offsets mean nothing after a failure; the caller reports it */
        e->c->entries.n = mark;
        tdf_put_int(e->out, 0);
        return 0;
    }
    map_entry *entries = (map_entry *)(e->c->entries.p + mark);
    rc = order_entries(e, entries, count, t->key->kind == SCHEMA_STR);
    e->c->entries.n = mark;
    if (rc < 0) return rc;

    buf *sorted = &e->c->sorted;
    buf_clear(sorted);
    buf_put(sorted, e->out->p + start, e->out->n - start);
    if (sorted->failed) return tdf_encode_fail(e, E_MEMORY, "out of memory");
    e->out->n = start;
    tdf_put_int(e->out, (int64_t)count);
    for (size_t i = 0; i < count; i++) buf_put(e->out, sorted->p + (entries[i].start - start), entries[i].length);
    return 0;
}
