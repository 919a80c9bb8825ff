/* huffman.c: the tree both ways.
 *
 * Writing keeps each distinct text once, found again by a hash of its symbols, then counts, joins the two lightest
 * until one is left, and puts the bits. Reading walks node by node: files are a few hundred kilobytes and read once. */
#include "codec/huffman.h"

#include <stdlib.h>
#include <string.h>

#include "codec/huffman_units.h"
#include "codec/little.h"

#define SYMBOLS 65536u

/* ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

huffman *huffman_new(void) { return calloc(1, sizeof(huffman)); }

void huffman_free(huffman *h) {
    if (!h) return;
    free(h->nodes), free(h->texts), free(h->buckets);
    buf_free(&h->units), buf_free(&h->data);
    free(h);
}

static uint64_t hash_of(const uint8_t *p, size_t n) {
    uint64_t v = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) v = (v ^ p[i]) * 0x100000001b3u;
    return v ^ v >> 29;
}

static bool grow(huffman *h) {
    if (h->text_count == h->text_room) {
        uint32_t room = h->text_room ? h->text_room * 2 : 256;
        huffman_text *texts = realloc(h->texts, room * sizeof *texts);
        if (!texts) return false;
        h->texts = texts, h->text_room = room;
    }
    if (h->text_count * 2 < h->bucket_count) return true;
    uint32_t count = h->bucket_count ? h->bucket_count * 2 : 512;
    uint32_t *buckets = calloc(count, sizeof *buckets);
    if (!buckets) return false;
    for (uint32_t i = 0; i < h->text_count; i++) {
        uint32_t at = (uint32_t)h->texts[i].hash & (count - 1);
        while (buckets[at]) at = (at + 1) & (count - 1);
        buckets[at] = i + 1;
    }
    free(h->buckets);
    h->buckets = buckets, h->bucket_count = count;
    return true;
}

int huffman_add(huffman *h, bytes text, uint32_t *number, fault *f) {
    size_t start = h->units.n;
    int code = huffman_units_of(text, &h->units);
    size_t n = h->units.n - start;
    if (code == 0 && n / 2 > HUFFMAN_TEXT_MAX) code = E_LIMIT;
    if (code == 0 && !grow(h)) code = E_MEMORY;
    if (code < 0) {
        h->units.n = start;
        return fault_set(f, code, "the text '%.*s' %s", text.n < 60 ? (int)text.n : 60, (const char *)text.p,
                         code == E_MEMORY         ? "does not fit into memory"
                         : code == E_LIMIT        ? "is longer than 65535 characters"
                         : code == E_EMBEDDED_NUL ? "has a NUL in it"
                                                  : "is no UTF-8");
    }
    const uint8_t *p = h->units.p + start;
    uint64_t hash = hash_of(p, n);
    uint32_t at = (uint32_t)hash & (h->bucket_count - 1);
    for (; h->buckets[at]; at = (at + 1) & (h->bucket_count - 1)) {
        const huffman_text *t = &h->texts[h->buckets[at] - 1];
        if (t->hash != hash || t->units * 2 != n || (n && memcmp(h->units.p + (size_t)t->unit * 2, p, n))) continue;
        h->units.n = start;
        *number = h->buckets[at] - 1;
        return 0;
    }
    buf_put(&h->units, "\0", 2);
    if (h->units.failed || h->units.n / 2 > UINT32_MAX) return fault_set(f, E_MEMORY, "out of memory for texts");
    h->texts[h->text_count] = (huffman_text){(uint32_t)(start / 2), (uint32_t)(n / 2), 0, hash};
    if (n / 2 > h->longest) h->longest = (uint32_t)(n / 2);
    *number = h->text_count++;
    h->buckets[at] = h->text_count;
    return 0;
}

/* ── the tree ────────────────────────────────────────────────────────────────────────────────────────────────────── */

typedef struct item {
    uint32_t weight, sequence;
    int32_t child; /* as in a node */
} item;

static bool lighter(const item *a, const item *b) {
    return a->weight != b->weight ? a->weight < b->weight : a->sequence < b->sequence;
}

static void heap_push(item *heap, uint32_t *n, item it) {
    uint32_t i = (*n)++;
    for (; i && lighter(&it, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = it;
}

static item heap_pop(item *heap, uint32_t *n) {
    item top = heap[0], last = heap[--*n];
    uint32_t i = 0, kid;
    for (; (kid = 2 * i + 1) < *n; i = kid) {
        if (kid + 1 < *n && lighter(&heap[kid + 1], &heap[kid])) kid++;
        if (!lighter(&heap[kid], &last)) break;
        heap[i] = heap[kid];
    }
    heap[i] = last;
    return top;
}

/* The heap has the leaves, by ascending symbol. */
static void join(huffman *h, item *heap, uint32_t n) {
    uint32_t sequence = n;
    if (n == 1) h->nodes[h->node_count++] = (huffman_node){{heap[0].child, heap[0].child}};
    while (n > 1) {
        item a = heap_pop(heap, &n), b = heap_pop(heap, &n);
        h->nodes[h->node_count] = (huffman_node){{a.child, b.child}};
        heap_push(heap, &n, (item){a.weight + b.weight, sequence++, (int32_t)h->node_count++});
    }
}

typedef struct code {
    uint64_t bits; /* the first one lowest */
    uint8_t length;
} code;

/* Codes of all symbols. No code is longer than 64 bits: weights sum up to less than 2^32. */
static void find_codes(const huffman *h, code *codes, code *of_node) {
    for (uint32_t i = h->node_count; i-- > 0;) /* parents come after their children */
        for (unsigned bit = 0; bit < 2; bit++) {
            int32_t child = h->nodes[i].child[bit];
            code c = {of_node[i].bits | (uint64_t)bit << of_node[i].length, (uint8_t)(of_node[i].length + 1)};
            if (child >= 0)
                of_node[child] = c;
            else if (bit == 0 || child != h->nodes[i].child[0]) /* a lone symbol is the bit 0 */
                codes[-1 - child] = c;
        }
}

static int put_bits(huffman *h, const code *codes, fault *f) {
    const uint16_t *units = (const uint16_t *)(const void *)h->units.p;
    uint64_t at = 0;
    for (size_t i = 0; i < h->units.n / 2; i++) at += codes[units[i]].length;
    if (at >= HUFFMAN_BITS_MAX) return fault_set(f, E_LIMIT, "the texts need more than 2^29 bits");
    h->total_bits = (uint32_t)at;
    size_t n = (size_t)(at + 7) / 8;
    if (n == 0) return 0;
    if (!buf_reserve(&h->data, n)) return fault_set(f, E_MEMORY, "out of memory for %zu bytes of texts", n);
    memset(h->data.p, 0, n);
    h->data.n = n;
    at = 0;
    for (uint32_t t = 0; t < h->text_count; t++) {
        h->texts[t].bit = (uint32_t)at;
        for (uint32_t i = 0; i <= h->texts[t].units; i++) {
            const code *c = &codes[units[h->texts[t].unit + i]];
            for (unsigned b = 0; b < c->length; b++, at++)
                h->data.p[at >> 3] |= (uint8_t)((c->bits >> b & 1) << (at & 7));
        }
    }
    return 0;
}

int huffman_build(huffman *h, fault *f) {
    uint32_t *weight = calloc(SYMBOLS, sizeof *weight), leaves = 0;
    item *heap = calloc(SYMBOLS, sizeof *heap);
    code *codes = calloc(SYMBOLS, sizeof *codes), *of_node = calloc(SYMBOLS, sizeof *of_node);
    h->nodes = calloc(SYMBOLS, sizeof *h->nodes);
    int rc = fault_set(f, E_MEMORY, "out of memory for a tree");
    if (!weight || !heap || !codes || !of_node || !h->nodes) goto out;
    rc = fault_set(f, E_LIMIT, "the texts have more than 2^32 characters");
    if (h->units.n / 2 > UINT32_MAX) goto out;
    const uint16_t *units = (const uint16_t *)(const void *)h->units.p;
    for (size_t i = 0; i < h->units.n / 2; i++) weight[units[i]]++;
    if (h->text_count == 0) weight[0] = 1; /* a tree of NUL alone */
    for (uint32_t s = 0; s < SYMBOLS; s++)
        if (weight[s]) {
            item leaf = {weight[s], leaves, -1 - (int32_t)s};
            heap_push(heap, &leaves, leaf);
        }
    join(h, heap, leaves);
    find_codes(h, codes, of_node);
    rc = put_bits(h, codes, f);
    if (rc == 0) fault_set(f, 0, "%s", "");
out:
    free(weight), free(heap), free(codes), free(of_node);
    return rc;
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

int huffman_check(const huffman_reader *r, fault *f) {
    if (r->count == 0) return fault_set(f, E_PROTOCOL, "the tree of texts is empty");
    for (uint32_t i = 0; i < 2 * r->count; i++) {
        int32_t child = (int32_t)little_u32(r->nodes.p + 4 * (size_t)i);
        if (child >= (int64_t)r->count || child < -(int32_t)SYMBOLS)
            return fault_set(f, E_PROTOCOL, "node %u of the tree of texts leads to %d; there are %u nodes", i / 2,
                             (int)child, r->count);
    }
    return 0;
}

int huffman_read(huffman_reader *r, uint64_t at, buf *out, fault *f) {
    uint64_t start = at;
    uint32_t units = 0;
    uint16_t high = 0;
    if (at >= r->total_bits)
        return fault_set(f, E_PROTOCOL, "a text begins at bit %llu of %llu", (unsigned long long)at,
                         (unsigned long long)r->total_bits);
    for (uint32_t node = r->root; at < r->total_bits; at++) {
        unsigned bit = r->data.p[at >> 3] >> (at & 7) & 1;
        int32_t child = (int32_t)little_u32(r->nodes.p + 8 * (size_t)node + 4 * bit);
        if (child >= 0) {
            node = (uint32_t)child;
            continue;
        }
        uint16_t symbol = (uint16_t)(-1 - child);
        if (symbol == 0) {
            r->walked += at + 1 - start;
            if (out->failed) return fault_set(f, E_MEMORY, "out of memory for a text");
            if (r->walked > HUFFMAN_WORK_MAX) return fault_set(f, E_LIMIT, "the texts overlap too often");
            return 0;
        }
        if (++units > HUFFMAN_TEXT_MAX)
            return fault_set(f, E_LIMIT, "the text at bit %llu is longer than 65535 characters",
                             (unsigned long long)start);
        huffman_put_unit(out, symbol, &high);
        node = r->root;
    }
    return fault_set(f, E_PROTOCOL, "the text at bit %llu has no end", (unsigned long long)start);
}
