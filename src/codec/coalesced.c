/* coalesced.c: the content in memory: a tree of nodes, found by (parent, name) in one hash table, all of it in one
 * arena with a limit, because the files come from wherever the operator found them. */
#include "codec/coalesced.h"

#include <stdlib.h>
#include <string.h>

void coalesced_init(coalesced *c) {
    *c = (coalesced){0};
    arena_init(&c->memory, COALESCED_MEMORY);
}

void coalesced_free(coalesced *c) {
    arena_free(&c->memory);
    free(c->buckets);
    *c = (coalesced){0};
}

const char *coalesced_type_name(unsigned type) {
    static const char *const names[] = {"New", "RemoveProperty", "Add", "AddUnique", "Remove"};
    return type < COALESCED_TYPES ? names[type] : "unknown";
}

/* CRC-32/BZIP2: not the one of zlib. */
uint32_t coalesced_hash(bytes name) {
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < name.n; i++) {
        crc ^= (uint32_t)name.p[i] << 24;
        for (int b = 0; b < 8; b++) crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
    }
    return ~crc;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 32) : c; }

static uint32_t place_of(const coalesced_node *parent, bytes name) {
    uint64_t v = (uintptr_t)parent * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < name.n; i++) v = (v ^ lower(name.p[i])) * 0x100000001b3u;
    return (uint32_t)(v >> 32 ^ v);
}

static bool is_named(const coalesced_node *n, const coalesced_node *parent, bytes name) {
    if (n->parent != parent || n->name.n != name.n) return false;
    for (size_t i = 0; i < name.n; i++)
        if (n->name.p[i] != lower(name.p[i])) return false;
    return true;
}

static bool grow(coalesced *c) {
    if (c->node_count * 2 < c->bucket_count) return true;
    uint32_t count = c->bucket_count ? c->bucket_count * 2 : 1024;
    coalesced_node **buckets = calloc(count, sizeof *buckets);
    if (!buckets) return false;
    for (uint32_t i = 0; i < c->bucket_count; i++) {
        coalesced_node *n = c->buckets[i];
        if (!n) continue;
        uint32_t at = place_of(n->parent, n->name) & (count - 1);
        while (buckets[at]) at = (at + 1) & (count - 1);
        buckets[at] = n;
    }
    free(c->buckets);
    c->buckets = buckets, c->bucket_count = count;
    return true;
}

coalesced_node *coalesced_child(coalesced *c, coalesced_node *parent, bytes name, bool make) {
    if (make && !grow(c)) return NULL;
    if (!c->bucket_count) return NULL;
    uint32_t at = place_of(parent, name) & (c->bucket_count - 1);
    for (; c->buckets[at]; at = (at + 1) & (c->bucket_count - 1))
        if (is_named(c->buckets[at], parent, name)) return c->buckets[at];
    coalesced_node *n = make ? arena_new(&c->memory, sizeof *n) : NULL;
    char *own = n ? arena_text(&c->memory, name.n ? (const char *)name.p : "", name.n) : NULL;
    if (!own) return NULL;
    for (size_t i = 0; i < name.n; i++) own[i] = (char)lower((uint8_t)own[i]);
    *n = (coalesced_node){.name = {(const uint8_t *)own, name.n}, .parent = parent};
    *(parent->last ? &parent->last->next : &parent->first) = n;
    parent->last = n;
    parent->count++;
    c->node_count++;
    return c->buckets[at] = n;
}

int coalesced_add(coalesced *c, coalesced_node *property, unsigned type, bytes text, fault *f) {
    coalesced_value *v = arena_new(&c->memory, sizeof *v);
    char *own =
        v && type != COALESCED_RESET ? arena_text(&c->memory, text.n ? (const char *)text.p : "", text.n) : NULL;
    if (!v || (type != COALESCED_RESET && !own))
        return fault_set(f, E_LIMIT, "the configuration is larger than %zu MiB", COALESCED_MEMORY >> 20);
    *v = (coalesced_value){.type = (uint8_t)type, .text = {(const uint8_t *)own, own ? text.n : 0}};
    *(property->last_value ? &property->last_value->next : &property->values) = v;
    property->last_value = v;
    property->count++;
    return 0;
}

void coalesced_clear(coalesced_node *property) {
    property->values = property->last_value = NULL;
    property->count = 0;
}
