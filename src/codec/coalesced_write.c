/* coalesced_write.c: the canonical file (reference 06 §2.9): names by (hash, letters), everything in their order, every
 * text once in the order of the index, blocks without holes. What is empty is left out, so that a property whose last
 * value was taken away is not sent as an empty list. */
#include <stdlib.h>
#include <string.h>

#include "codec/coalesced.h"
#include "codec/huffman.h"
#include "codec/little.h"

typedef struct name_entry {
    uint32_t hash;
    bytes name;
} name_entry;

typedef struct sorted_node {
    uint32_t name; /* position of its name */
    const coalesced_node *node;
} sorted_node;

typedef struct writer {
    name_entry *names;
    uint32_t name_count, longest;
    huffman *texts;
    buf index;
    fault *f;
} writer;

static int by_hash(const void *a, const void *b) {
    const name_entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = n ? memcmp(x->name.p, y->name.p, n) : 0;
    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static int by_position(const void *a, const void *b) {
    uint32_t x = ((const sorted_node *)a)->name, y = ((const sorted_node *)b)->name;
    return (x > y) - (x < y);
}

static bool is_empty(const coalesced_node *n) {
    if (n->values) return false;
    for (const coalesced_node *child = n->first; child; child = child->next)
        if (!is_empty(child)) return false;
    return true;
}

static int collect_names(writer *w, const coalesced_node *parent) {
    for (const coalesced_node *n = parent->first; n; n = n->next) {
        if (is_empty(n)) continue;
        if (n->name.n > COALESCED_NAME_MAX)
            return fault_set(w->f, E_LIMIT, "the name '%.40s…' is longer than %u bytes", (const char *)n->name.p,
                             COALESCED_NAME_MAX);
        w->names[w->name_count++] = (name_entry){coalesced_hash(n->name), n->name};
        if (n->name.n > w->longest) w->longest = (uint32_t)n->name.n;
        int code = collect_names(w, n);
        if (code < 0) return code;
    }
    return 0;
}

/* The empty name and every other one once. */
static int find_names(writer *w, const coalesced *c) {
    w->names = calloc((size_t)c->node_count + 1, sizeof *w->names);
    if (!w->names) return fault_set(w->f, E_MEMORY, "out of memory for %u names", c->node_count);
    w->names[w->name_count++] = (name_entry){0, {(const uint8_t *)"", 0}};
    int code = collect_names(w, &c->root);
    if (code < 0) return code;
    qsort(w->names, w->name_count, sizeof *w->names, by_hash);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < w->name_count; i++)
        if (by_hash(&w->names[i], &w->names[kept - 1]) != 0) w->names[kept++] = w->names[i];
    w->name_count = kept;
    if (kept > COALESCED_NAMES + 1) return fault_set(w->f, E_LIMIT, "there are more than 65535 different names");
    return 0;
}

static uint32_t position_of(const writer *w, bytes name) {
    name_entry key = {coalesced_hash(name), name};
    const name_entry *found = bsearch(&key, w->names, w->name_count, sizeof key, by_hash);
    return found ? (uint32_t)(found - w->names) : 0;
}

/* The children that are to be written, in the order of their names. NULL: out of memory, or there is none. */
static sorted_node *sort_children(const writer *w, const coalesced_node *parent, uint32_t *count) {
    sorted_node *list = parent->count ? calloc(parent->count, sizeof *list) : NULL;
    *count = 0;
    for (const coalesced_node *n = parent->first; list && n; n = n->next)
        if (!is_empty(n)) list[(*count)++] = (sorted_node){position_of(w, n->name), n};
    if (list) qsort(list, *count, sizeof *list, by_position);
    return list;
}

/* A value word holds the number of its text until the texts have their places. */
static int write_values(writer *w, const coalesced_node *property) {
    if (property->count > UINT16_MAX)
        return fault_set(w->f, E_LIMIT, "%.60s has more than 65535 values", (const char *)property->name.p);
    little_put_u16(&w->index, (uint16_t)property->count);
    for (const coalesced_value *v = property->values; v; v = v->next) {
        uint32_t number = 0;
        if (v->type != COALESCED_RESET) {
            int code = huffman_add(w->texts, v->text, &number, w->f);
            if (code < 0) return code;
        }
        little_put_u32(&w->index, (uint32_t)v->type << 29 | number);
    }
    return 0;
}

static int write_level(writer *w, const coalesced_node *parent, int level) {
    if (level == 3) return write_values(w, parent);
    uint32_t count;
    size_t start = w->index.n;
    sorted_node *list = sort_children(w, parent, &count);
    int code = 0;
    if (!list && parent->count) return fault_set(w->f, E_MEMORY, "out of memory for the index");
    if (count > UINT16_MAX)
        code = fault_set(w->f, E_LIMIT, "'%.60s' has more than 65535 entries", (const char *)parent->name.p);
    little_put_u16(&w->index, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        little_put_u16(&w->index, (uint16_t)list[i].name);
        little_put_u32(&w->index, 0);
    }
    for (uint32_t i = 0; code == 0 && i < count && !w->index.failed; i++) {
        little_save_u32(w->index.p + start + 2 + 6 * (size_t)i + 2, (uint32_t)(w->index.n - start));
        code = write_level(w, list[i].node, level + 1);
    }
    free(list);
    return code;
}

/* Puts the texts' places into the value words, in the order in which they were written. */
static void place_texts(writer *w, size_t at, int level) {
    unsigned count = little_u16(w->index.p + at);
    for (unsigned i = 0; i < count; i++) {
        if (level < 3) {
            place_texts(w, at + little_u32(w->index.p + at + 2 + 6 * (size_t)i + 2), level + 1);
            continue;
        }
        uint8_t *p = w->index.p + at + 2 + 4 * (size_t)i;
        uint32_t word = little_u32(p);
        if (word >> 29 == COALESCED_RESET) continue;
        little_save_u32(p, (word & 0xe0000000u) | huffman_start(w->texts, word & 0x1fffffffu));
    }
}

static void put_names(const writer *w, buf *out, uint32_t size) {
    uint32_t offset = 8 * w->name_count;
    little_put_u32(out, size);
    little_put_u32(out, w->name_count);
    for (uint32_t i = 0; i < w->name_count; i++) {
        little_put_u32(out, w->names[i].hash);
        little_put_u32(out, offset);
        offset += 2 + (uint32_t)w->names[i].name.n;
    }
    for (uint32_t i = 0; i < w->name_count; i++) {
        little_put_u16(out, (uint16_t)w->names[i].name.n);
        buf_put(out, w->names[i].name.p, w->names[i].name.n);
    }
}

static int put_file(const writer *w, buf *out) {
    uint32_t names = 8 + 8 * w->name_count;
    for (uint32_t i = 0; i < w->name_count; i++) names += 2 + (uint32_t)w->names[i].name.n;
    const huffman *h = w->texts;
    const uint32_t header[] = {
        0x666d726du,        1, w->longest, h->longest, names, 2 + 8 * h->node_count, (uint32_t)w->index.n,
        (uint32_t)h->data.n};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) little_put_u32(out, header[i]);
    put_names(w, out, names);
    little_put_u16(out, (uint16_t)h->node_count);
    for (uint32_t i = 0; i < h->node_count; i++) {
        little_put_u32(out, (uint32_t)h->nodes[i].child[0]);
        little_put_u32(out, (uint32_t)h->nodes[i].child[1]);
    }
    buf_put(out, w->index.p, w->index.n);
    little_put_u32(out, h->total_bits);
    buf_put(out, h->data.p, h->data.n);
    return out->failed ? fault_set(w->f, E_MEMORY, "out of memory for the file") : 0;
}

int coalesced_write(const coalesced *c, buf *out, fault *f) {
    writer w = {.f = f, .texts = huffman_new()};
    int code = w.texts ? find_names(&w, c) : fault_set(f, E_MEMORY, "out of memory");
    if (code == 0) code = write_level(&w, &c->root, 0);
    if (code == 0 && w.index.failed) code = fault_set(f, E_MEMORY, "out of memory for the index");
    if (code == 0) code = huffman_build(w.texts, f);
    if (code == 0) {
        place_texts(&w, 0, 0);
        code = put_file(&w, out);
    }
    huffman_free(w.texts);
    free(w.names);
    buf_free(&w.index);
    return code;
}
