/* zone.c: see zone.h. The file is checked whole once; afterwards it is looked up where it lies. */
#include "codec/zone.h"

#include <stdlib.h>
#include <string.h>

#define HEADER      44u
#define TYPE        6u /* of an offset: i32, is it summer, where its name begins */
#define MOST_MOMENT ((int64_t)1 << 50)

struct zone {
    size_t moments, types;
    const uint8_t *moment, *which, *type; /* i64 each, u8 each, TYPE bytes each */
    bool has_rule;
    zone_rule rule;
    uint8_t file[];
};

typedef struct block { /* what a header announces */
    uint32_t utc, standard, leaps, moments, types, letters;
} block;

static int wrong(fault *f, const char *what) { return fault_set(f, E_PROTOCOL, "it is no time zone's file: %s", what); }

/* Takes n bytes off the file, or NULL. */
static const uint8_t *take(bytes *in, size_t n) {
    if (in->n < n) return NULL;
    const uint8_t *p = in->p;
    in->p += n, in->n -= n;
    return p;
}

static int take_header(bytes *in, block *b, fault *f) {
    const uint8_t *p = take(in, HEADER);
    if (!p || memcmp(p, "TZif", 4) != 0) return wrong(f, "it does not begin with TZif");
    if (p[4] < '2' || p[4] > '9') return wrong(f, "its version is older than 2");
    *b = (block){load_u32(p + 20), load_u32(p + 24), load_u32(p + 28),
                 load_u32(p + 32), load_u32(p + 36), load_u32(p + 40)};
    return 0;
}

/* Bytes behind a header, whose moments have `width` bytes each. Counts of 32 bits do not overflow it. */
static uint64_t length(const block *b, unsigned width) {
    return (uint64_t)b->moments * (width + 1) + (uint64_t)b->types * TYPE + b->letters +
           (uint64_t)b->leaps * (width + 4) + b->standard + b->utc;
}

static int64_t moment_at(const zone *z, size_t i) { return (int64_t)load_u64(z->moment + i * 8); }
static int32_t offset_at(const zone *z, size_t type) { return (int32_t)load_u32(z->type + type * TYPE); }

static int check_block(zone *z, const block *b, fault *f) {
    if (b->leaps) return wrong(f, "it counts leap seconds");
    if (!b->types || b->types > 256 || !b->letters) return wrong(f, "it has no offsets, or too many");
    if ((b->utc && b->utc != b->types) || (b->standard && b->standard != b->types))
        return wrong(f, "its counts contradict each other");
    for (size_t i = 0; i < z->moments; i++) {
        if (z->which[i] >= z->types) return wrong(f, "a transition leads to an offset that is not there");
        if (i && moment_at(z, i) <= moment_at(z, i - 1)) return wrong(f, "its transitions are not in order");
    }
    for (size_t i = 0; i < z->types; i++) {
        int32_t offset = offset_at(z, i);
        if (offset > ZONE_OFFSET_MAX || offset < -ZONE_OFFSET_MAX) return wrong(f, "an offset is more than a day");
        if (z->type[i * TYPE + 4] > 1 || z->type[i * TYPE + 5] >= b->letters)
            return wrong(f, "an offset is neither summer time nor not, or has no name");
    }
    return 0;
}

static int check_rule(zone *z, bytes rest, fault *f) {
    if (rest.n < 2 || rest.p[0] != '\n' || rest.p[rest.n - 1] != '\n') return wrong(f, "it does not end with a rule");
    z->has_rule = rest.n > 2;
    if (z->has_rule && zone_rule_read((bytes){rest.p + 1, rest.n - 2}, &z->rule) < 0)
        return wrong(f, "the rule at its end is none");
    return 0;
}

/* First what old programs read, with moments of 32 bits, then all of it once more with 64. */
static int take_apart(zone *z, bytes in, fault *f) {
    block b;
    int rc = take_header(&in, &b, f);
    if (rc < 0) return rc;
    if (length(&b, 4) > in.n) return wrong(f, "it ends too early");
    take(&in, (size_t)length(&b, 4));
    if ((rc = take_header(&in, &b, f)) < 0) return rc;
    if (length(&b, 8) > in.n) return wrong(f, "it ends too early");
    z->moments = b.moments;
    z->types = b.types;
    z->moment = take(&in, z->moments * 8);
    z->which = take(&in, z->moments);
    z->type = take(&in, z->types * TYPE);
    if ((rc = check_block(z, &b, f)) < 0) return rc;
    take(&in, (size_t)b.letters + b.standard + b.utc);
    return check_rule(z, in, f);
}

int zone_read(bytes file, zone **out, fault *f) {
    *out = NULL;
    if (file.n > ZONE_FILE_MAX) return wrong(f, "it is too long");
    zone *z = calloc(1, sizeof *z + file.n);
    if (!z) return fault_set(f, E_MEMORY, "out of memory");
    if (file.n) memcpy(z->file, file.p, file.n);
    int rc = take_apart(z, (bytes){z->file, file.n}, f);
    if (rc < 0)
        free(z);
    else
        *out = z;
    return rc;
}

int32_t zone_offset(const zone *z, int64_t unix) {
    if (unix > MOST_MOMENT) unix = MOST_MOMENT;
    if (unix < -MOST_MOMENT) unix = -MOST_MOMENT;
    size_t low = 0, high = z->moments; /* the last transition that has happened is low - 1 */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (moment_at(z, middle) <= unix)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->moments && z->has_rule) return zone_rule_offset(&z->rule, unix);
    return offset_at(z, low ? z->which[low - 1] : 0);
}

void zone_free(zone *z) { free(z); }
