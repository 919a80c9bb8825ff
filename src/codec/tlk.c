/* tlk.c: talk tables. The tree is that of coalesced files with its root first: on paper the list of nodes is reversed.
 */
#include "codec/tlk.h"

#include <stdlib.h>

#include "codec/huffman.h"
#include "codec/little.h"

#define HEADER  28u
#define MAGIC   0x006b6c54u
#define VERSION 3u
#define OLDEST  2u

void tlk_init(tlk *t) {
    *t = (tlk){0};
    arena_init(&t->memory, TLK_MEMORY);
}

void tlk_free(tlk *t) {
    arena_free(&t->memory);
    free(t->entries);
    *t = (tlk){0};
}

int tlk_put(tlk *t, bool female, uint32_t id, bytes text, const char *origin, unsigned line, fault *f) {
    if (t->count == TLK_ENTRIES) return fault_set(f, E_LIMIT, "there are more than %u texts", TLK_ENTRIES);
    if (t->count == t->room) {
        uint32_t room = t->room ? t->room * 2 : 256;
        tlk_entry *entries = realloc(t->entries, room * sizeof *entries);
        if (!entries) return fault_set(f, E_MEMORY, "out of memory for %u texts", room);
        t->entries = entries, t->room = room;
    }
    char *own = arena_text(&t->memory, text.n ? (const char *)text.p : "", text.n);
    if (!own) return fault_set(f, E_LIMIT, "the texts are larger than %zu MiB", TLK_MEMORY >> 20);
    t->entries[t->count] = (tlk_entry){id, t->count, female, {(const uint8_t *)own, text.n}, origin, line};
    t->count++;
    return 0;
}

static int by_place(const tlk_entry *a, const tlk_entry *b) {
    if (a->female != b->female) return a->female ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

static int by_place_and_order(const void *a, const void *b) {
    int order = by_place(a, b);
    const tlk_entry *x = a, *y = b;
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

int tlk_settle(tlk *t, fault *f) {
    uint32_t kept = 0;
    if (t->count) qsort(t->entries, t->count, sizeof *t->entries, by_place_and_order);
    for (uint32_t i = 0; i < t->count; i++) {
        bool again = kept && by_place(&t->entries[kept - 1], &t->entries[i]) == 0;
        if (again && f) return fault_set(f, E_DUPLICATE_KEY, "the id %u is there twice", t->entries[i].id);
        if (!again) kept++;
        t->entries[kept - 1] = t->entries[i];
        t->entries[kept - 1].order = kept - 1;
    }
    t->count = kept;
    return 0;
}

const tlk_entry *tlk_find(const tlk *t, bool female, uint32_t id) {
    uint32_t low = 0, high = t->count;
    tlk_entry key = {.id = id, .female = female};
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = by_place(&t->entries[middle], &key);
        if (order == 0) return &t->entries[middle];
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return NULL;
}

/* ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int read_table(tlk *t, const uint8_t *refs, uint32_t count, bool female, huffman_reader *texts, fault *f) {
    buf text = {0};
    int code = 0;
    for (uint32_t i = 0; code == 0 && i < count; i++) {
        buf_clear(&text);
        code = huffman_read(texts, little_u32(refs + 8 * (size_t)i + 4), &text, f);
        if (code == 0) code = tlk_put(t, female, little_u32(refs + 8 * (size_t)i), buf_bytes(&text), NULL, 0, f);
    }
    buf_free(&text);
    return code;
}

int tlk_read(tlk *t, bytes in, fault *f) {
    fault own;
    f = f ? f : &own;
    if (in.n < HEADER) return fault_set(f, E_PROTOCOL, "%zu bytes are less than a header", in.n);
    if (little_u32(in.p) != MAGIC) return fault_set(f, E_PROTOCOL, "it does not begin like a talk table");
    if (little_u32(in.p + 4) != VERSION)
        return fault_set(f, E_PROTOCOL, "its version is %u; only 3 is known", little_u32(in.p + 4));
    uint64_t male = little_u32(in.p + 12), female = little_u32(in.p + 16), nodes = little_u32(in.p + 20);
    uint64_t data = little_u32(in.p + 24), needed = HEADER + 8 * (male + female + nodes) + data;
    if (needed > in.n)
        return fault_set(f, E_PROTOCOL, "its tables need %llu bytes; the file has %zu", (unsigned long long)needed,
                         in.n);
    const uint8_t *refs = in.p + HEADER, *tree = refs + 8 * (male + female);
    huffman_reader texts = {.nodes = {tree, 8 * nodes},
                            .count = (uint32_t)nodes,
                            .root = 0,
                            .data = {tree + 8 * nodes, data},
                            .total_bits = 8 * data};
    int code = male + female ? huffman_check(&texts, f) : 0;
    if (code == 0) code = read_table(t, refs, (uint32_t)male, false, &texts, f);
    if (code == 0) code = read_table(t, refs + 8 * male, (uint32_t)female, true, &texts, f);
    return code < 0 ? code : tlk_settle(t, f);
}

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void put_tree(buf *out, const huffman *h) {
    for (uint32_t i = h->node_count; i-- > 0;)
        for (int bit = 0; bit < 2; bit++) {
            int32_t child = h->nodes[i].child[bit];
            little_put_u32(out, (uint32_t)(child < 0 ? child : (int32_t)h->node_count - 1 - child));
        }
}

int tlk_write(const tlk *t, buf *out, fault *f) {
    huffman *h = huffman_new();
    uint32_t *numbers = calloc((size_t)t->count + 1, sizeof *numbers), male = 0;
    int code = h && numbers ? 0 : fault_set(f, E_MEMORY, "out of memory for %u texts", t->count);
    for (uint32_t i = 0; code == 0 && i < t->count; i++) {
        code = huffman_add(h, t->entries[i].text, &numbers[i], f);
        if (!t->entries[i].female) male++;
    }
    if (code == 0) code = huffman_build(h, f);
    if (code < 0) goto out;
    const uint32_t header[] = {MAGIC, VERSION, OLDEST, male, t->count - male, h->node_count, (uint32_t)h->data.n};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) little_put_u32(out, header[i]);
    for (uint32_t i = 0; i < t->count; i++) {
        little_put_u32(out, t->entries[i].id);
        little_put_u32(out, huffman_start(h, numbers[i]));
    }
    put_tree(out, h);
    buf_put(out, h->data.p, h->data.n);
    if (out->failed) code = fault_set(f, E_MEMORY, "out of memory for the file");
out:
    huffman_free(h);
    free(numbers);
    return code;
}
