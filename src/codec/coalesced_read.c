/* coalesced_read.c: any legal file, whoever wrote it: unsorted, with holes, with texts that share their ends. Every
 * offset is checked where it is followed (reference 06 §2.10), sizes are added in 64 bits. */
#include "codec/coalesced.h"
#include "codec/huffman.h"
#include "codec/little.h"

#define HEADER      32u
#define ENTRIES_MAX (1u << 20) /* of all lists that are walked: many may point to one, again and again */

typedef struct reader {
    coalesced *to;
    bytes names, index; /* the two blocks, whole */
    uint32_t name_count, entries;
    huffman_reader texts;
    buf text; /* scratch */
    fault *f;
} reader;

static int name_at(const reader *r, uint32_t i, bytes *name) {
    const uint8_t *entry = r->names.p + 8 + 8 * (size_t)i;
    uint64_t at = 8 + (uint64_t)little_u32(entry + 4);
    if (at + 2 > r->names.n || at + 2 + little_u16(r->names.p + at) > r->names.n)
        return fault_set(r->f, E_PROTOCOL, "name %u lies outside the table of names", i);
    *name = (bytes){r->names.p + at + 2, little_u16(r->names.p + at)};
    if (name->n > COALESCED_NAME_MAX) return fault_set(r->f, E_LIMIT, "name %u has %zu bytes", i, name->n);
    if (coalesced_hash(*name) != little_u32(entry))
        return fault_set(r->f, E_PROTOCOL, "name %u has another hash than its letters", i);
    return 0;
}

static int check_names(reader *r) {
    if (r->names.n < 8 || little_u32(r->names.p) != r->names.n)
        return fault_set(r->f, E_PROTOCOL, "the table of names states another size than the header");
    r->name_count = little_u32(r->names.p + 4);
    if (8 + 8 * (uint64_t)r->name_count > r->names.n)
        return fault_set(r->f, E_PROTOCOL, "%u names do not fit into their table", r->name_count);
    bytes name;
    for (uint32_t i = 0; i < r->name_count; i++)
        if (name_at(r, i, &name) < 0) return r->f->code;
    return 0;
}

/* The four blocks; everything but the index is checked. */
static int split(reader *r, bytes in) {
    if (in.n < HEADER) return fault_set(r->f, E_PROTOCOL, "%zu bytes are less than a header", in.n);
    if (little_u32(in.p) != 0x666d726du) return fault_set(r->f, E_PROTOCOL, "it does not begin like a coalesced file");
    if (little_u32(in.p + 4) != 1)
        return fault_set(r->f, E_PROTOCOL, "its version is %u; only 1 is known", little_u32(in.p + 4));
    uint64_t names = little_u32(in.p + 16), tree = little_u32(in.p + 20), index = little_u32(in.p + 24);
    uint64_t data = little_u32(in.p + 28);
    if (HEADER + names + tree + index + 4 + data > in.n)
        return fault_set(r->f, E_PROTOCOL, "its blocks need %llu bytes; the file has %zu",
                         (unsigned long long)(HEADER + names + tree + index + 4 + data), in.n);
    const uint8_t *p = in.p + HEADER;
    r->names = (bytes){p, names};
    p += names;
    if (tree < 2 || 2 + 8 * (uint64_t)little_u16(p) > tree)
        return fault_set(r->f, E_PROTOCOL, "its tree does not fit into %llu bytes", (unsigned long long)tree);
    r->texts.count = little_u16(p);
    r->texts.root = r->texts.count - 1;
    r->texts.nodes = (bytes){p + 2, tree - 2};
    p += tree;
    r->index = (bytes){p, index};
    p += index;
    r->texts.total_bits = little_u32(p);
    r->texts.data = (bytes){p + 4, data};
    if (r->texts.total_bits > 8 * data)
        return fault_set(r->f, E_PROTOCOL, "%llu bits do not fit into %llu bytes",
                         (unsigned long long)r->texts.total_bits, (unsigned long long)data);
    int code = check_names(r);
    return code < 0 ? code : huffman_check(&r->texts, r->f);
}

/* The list at `at` of the index: how many entries of `size` bytes. */
static int list_at(const reader *r, uint64_t at, unsigned size, uint32_t *count) {
    if (at + 2 > r->index.n) return fault_set(r->f, E_PROTOCOL, "a list of the index lies outside");
    *count = little_u16(r->index.p + at);
    if (at + 2 + (uint64_t)*count * size > r->index.n)
        return fault_set(r->f, E_PROTOCOL, "a list of %u entries does not fit into the index", *count);
    return 0;
}

static int read_value(reader *r, coalesced_node *property, uint32_t word) {
    unsigned type = word >> 29;
    if (type >= COALESCED_TYPES) return fault_set(r->f, E_PROTOCOL, "a value has the unknown type %u", type);
    buf_clear(&r->text);
    if (type != COALESCED_RESET) {
        int code = huffman_read(&r->texts, word & 0x1fffffffu, &r->text, r->f);
        if (code < 0) return code;
    }
    return coalesced_add(r->to, property, type, buf_bytes(&r->text), r->f);
}

static int read_property(reader *r, coalesced_node *property, uint64_t at) {
    uint32_t count;
    int code = list_at(r, at, 4, &count);
    for (uint32_t i = 0; code == 0 && i < count; i++)
        code = read_value(r, property, little_u32(r->index.p + at + 2 + 4 * (size_t)i));
    return code;
}

/* A list of (name, offset): the files (level 0), a file's sections, a section's properties. */
static int read_level(reader *r, coalesced_node *parent, uint64_t at, int level) {
    uint32_t count;
    int code = list_at(r, at, 6, &count);
    if (code == 0 && (r->entries += count) > ENTRIES_MAX)
        return fault_set(r->f, E_LIMIT, "its lists have more than %u entries in all", ENTRIES_MAX);
    for (uint32_t i = 0; code == 0 && i < count; i++) {
        const uint8_t *entry = r->index.p + at + 2 + 6 * (size_t)i;
        bytes name;
        if (little_u16(entry) >= r->name_count)
            return fault_set(r->f, E_PROTOCOL, "the index asks for name %u of %u", little_u16(entry), r->name_count);
        if ((code = name_at(r, little_u16(entry), &name)) < 0) return code;
        coalesced_node *n = coalesced_child(r->to, parent, name, true);
        if (!n) return fault_set(r->f, E_LIMIT, "the configuration is larger than %zu MiB", COALESCED_MEMORY >> 20);
        uint64_t inside = at + little_u32(entry + 2);
        code = level < 2 ? read_level(r, n, inside, level + 1) : read_property(r, n, inside);
    }
    return code;
}

int coalesced_read(coalesced *c, bytes in, fault *f) {
    fault own;
    reader r = {.to = c, .f = f ? f : &own};
    int code = split(&r, in);
    if (code == 0) code = read_level(&r, &c->root, 0, 0);
    buf_free(&r.text);
    return code;
}
