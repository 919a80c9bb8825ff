/* tdf.c: tags, variable-length integers, strings, and the cursor that reads them.
 *
 * Every read function checks first and moves the cursor after, so that a fault's byte offset points at the start of
 * the thing that is broken. Nothing here allocates. Recursion (tdf_skip) is bounded by tdf_enter. */
#include "codec/tdf.h"

#include <stdio.h>
#include <string.h>

/* ── tags ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Bit n is set when the 6-bit code n is one of 0–9 (16–25) or A–Z (33–58). */
static const uint64_t tag_alphabet = 0x3ffull << 16 | 0x3ffffffull << 33;

uint32_t tdf_tag_pack(const char *text, size_t length) {
    if (length < 1 || length > 4) return 0;
    uint32_t tag = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned c = i < length ? (unsigned char)text[i] : 32u;
        if (i < length && !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) return 0;
        tag = tag << 6 | (c - 32u);
    }
    return tag;
}

char *tdf_tag_text(uint32_t tag, char out[5]) {
    int n = 0;
    for (int shift = 18; shift >= 0; shift -= 6) {
        unsigned code = tag >> shift & 63;
        if (code == 0) break;
        out[n++] = (char)(code + 32);
    }
    out[n] = 0;
    return out;
}

bool tdf_tag_valid(uint32_t tag) {
    bool padding = false;
    for (int shift = 18; shift >= 0; shift -= 6) {
        unsigned code = tag >> shift & 63;
        if (code == 0)
            padding = true;
        else if (padding || !(tag_alphabet >> code & 1))
            return false;
    }
    return tag >> 18 != 0;
}

const char *tdf_type_name(unsigned type) {
    static const char *const names[] = {"int",   "str", "blob",  "group", "list", "map",
                                        "union", "var", "otype", "oid",   "float"};
    return type < TDF_TYPES ? names[type] : "unknown";
}

static unsigned fold(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32u : c; }

int tdf_key_compare(bytes a, bytes b) {
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++) {
        if (a.p[i] == b.p[i]) continue;
        int d = (int)fold(a.p[i]) - (int)fold(b.p[i]);
        if (d) return d;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

/* ── the cursor ──────────────────────────────────────────────────────────────────────────────────────────────────── */

void tdf_reader_init(tdf_reader *r, bytes body, fault *f) {
    r->start = r->p = body.p;
    r->end = body.p ? body.p + body.n : body.p;
    r->f = f;
    r->depth = 0;
    r->values_left = TDF_MAX_VALUES;
    r->tolerated = 0;
    r->path[0] = 0;
}

int tdf_fail(tdf_reader *r, int code, const char *what) {
    if (!r->f) return code;
    char path[TDF_MAX_DEPTH * 12 + 16];
    size_t n = 0;
    for (uint32_t i = 0; i <= r->depth && r->path[i]; i++) {
        char tag[5];
        uint32_t step = r->path[i];
        if (step & TDF_INDEX)
            n += (size_t)snprintf(path + n, sizeof path - n, "[%u]", step & ~TDF_INDEX);
        else
            n += (size_t)snprintf(path + n, sizeof path - n, "%s%s", n ? "." : "", tdf_tag_text(step, tag));
    }
    fault_set(r->f, code, "%s at byte %zu in %s", what, (size_t)(r->p - r->start), n ? path : "the body");
    r->f->offset = (int)(r->p - r->start);
    return code;
}

int tdf_enter(tdf_reader *r) {
    if (r->depth >= TDF_MAX_DEPTH) return tdf_fail(r, E_TOO_DEEP, "more than 32 nested containers");
    r->path[++r->depth] = 0;
    return 0;
}

static int count_value(tdf_reader *r) {
    if (r->values_left == 0) return tdf_fail(r, E_TOO_MANY, "too many fields and elements in one body");
    r->values_left--;
    return 0;
}

int tdf_element(tdf_reader *r, uint32_t index) {
    r->path[r->depth] = TDF_INDEX | index;
    return count_value(r);
}

static int read_header(tdf_reader *r, uint32_t *tag, unsigned *type) {
    if (tdf_left(r) < TDF_HEADER_BYTES) return tdf_fail(r, E_TRUNCATED, "truncated field header");
    uint32_t t = load_u24(r->p);
    if (!tdf_tag_valid(t)) return tdf_fail(r, E_BAD_TAG, "bytes that are no tag");
    if (r->p[3] >= TDF_TYPES) {
        r->path[r->depth] = t;
        return tdf_fail(r, E_UNKNOWN_TYPE, "unknown field type");
    }
    r->path[r->depth] = t;
    *tag = t;
    *type = r->p[3];
    r->p += TDF_HEADER_BYTES;
    return count_value(r);
}

int tdf_next_field(tdf_reader *r, enum tdf_scope scope, uint32_t *tag, unsigned *type) {
    size_t left = tdf_left(r);
    if (scope == TDF_IN_GROUP) {
        if (left == 0) return tdf_fail(r, E_TRUNCATED, "missing end of a group");
        if (*r->p == 0) {
            r->p++;
            return 0;
        }
    } else {
        if (left == 0) return 0;
        if (left <= 4 && *r->p == 0) {
            size_t zeros = 0;
            while (zeros < left && r->p[zeros] == 0) zeros++;
            if (zeros == left) {
                r->tolerated++;
                r->p = r->end;
                return 0;
            }
            if (left < TDF_HEADER_BYTES) return tdf_fail(r, E_TRAILING_DATA, "trailing bytes");
        }
    }
    int rc = read_header(r, tag, type);
    return rc < 0 ? rc : 1;
}

/* ── values ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

int tdf_read_int(tdf_reader *r, int64_t *out) {
    const uint8_t *p = r->p, *end = r->end;
    if (p == end) return tdf_fail(r, E_TRUNCATED, "truncated integer");
    uint8_t first = *p++;
    uint64_t magnitude = first & 0x3f;
    if (first & 0x80) {
        unsigned shift = 6;
        for (uint8_t c = 0x80; c & 0x80; shift += 7) {
            if (p - r->p == TDF_VARINT_MAX) return tdf_fail(r, E_VARINT_OVERFLOW, "integer of more than 10 bytes");
            if (p == end) return tdf_fail(r, E_TRUNCATED, "truncated integer");
            c = *p++;
            if (shift == 62 && (c & 0x7f) > 3) return tdf_fail(r, E_VARINT_OVERFLOW, "integer of more than 64 bits");
            magnitude |= (uint64_t)(c & 0x7f) << shift;
        }
    }
    if (first & 0x40) {
        if (magnitude > 1ull << 63) return tdf_fail(r, E_VARINT_OVERFLOW, "negative integer below -2^63");
        /* minus zero is how INT64_MIN is written; 0 - 2^63 is the same number */
        *out = magnitude == 0 ? INT64_MIN : (int64_t)(0 - magnitude);
    } else {
        *out = (int64_t)magnitude; /* bit 63 set: the two's complement form of a negative number */
    }
    r->p = p;
    return 0;
}

/* A length or count: an integer that is not negative. */
static int read_size(tdf_reader *r, uint64_t *out, const char *negative) {
    const uint8_t *start = r->p;
    int64_t n;
    int rc = tdf_read_int(r, &n);
    if (rc < 0) return rc;
    if (n < 0) {
        r->p = start;
        return tdf_fail(r, E_NEGATIVE_LENGTH, negative);
    }
    *out = (uint64_t)n;
    return 0;
}

int tdf_read_blob(tdf_reader *r, bytes *out) {
    const uint8_t *start = r->p;
    uint64_t n = 0;
    int rc = read_size(r, &n, "negative length of a blob");
    if (rc < 0) return rc;
    if (n > tdf_left(r)) {
        r->p = start;
        return tdf_fail(r, E_LENGTH_EXCEEDS_DATA, "truncated blob");
    }
    *out = (bytes){r->p, (size_t)n};
    r->p += n;
    return 0;
}

int tdf_read_str(tdf_reader *r, bytes *out) {
    const uint8_t *start = r->p;
    uint64_t n = 0;
    int rc = read_size(r, &n, "negative length of a string");
    if (rc < 0) return rc;
    if (n > tdf_left(r)) {
        r->p = start;
        return tdf_fail(r, E_LENGTH_EXCEEDS_DATA, "truncated string");
    }
    if (n > 0 && r->p[n - 1] != 0) {
        r->p = start;
        return tdf_fail(r, E_STRING_NO_NUL, "string without its final NUL");
    }
    *out = (bytes){r->p, n ? (size_t)n - 1 : 0};
    r->p += n;
    return 0;
}

int tdf_read_float_bits(tdf_reader *r, uint32_t *out) {
    if (tdf_left(r) < 4) return tdf_fail(r, E_TRUNCATED, "truncated float");
    *out = load_u32(r->p);
    r->p += 4;
    return 0;
}

int tdf_read_numbers(tdf_reader *r, int64_t *out, unsigned n) {
    int rc = 0;
    for (unsigned i = 0; i < n && rc == 0; i++) rc = tdf_read_int(r, out + i);
    return rc;
}

static int read_type(tdf_reader *r, unsigned *type, const char *truncated, const char *unknown) {
    if (tdf_left(r) < 1) return tdf_fail(r, E_TRUNCATED, truncated);
    if (*r->p >= TDF_TYPES) return tdf_fail(r, E_UNKNOWN_TYPE, unknown);
    *type = *r->p++;
    return 0;
}

static int read_count(tdf_reader *r, unsigned minimum, uint32_t *count) {
    const uint8_t *start = r->p;
    uint64_t n = 0;
    int rc = read_size(r, &n, "negative count");
    if (rc < 0) return rc;
    if (n > tdf_left(r) / minimum || n > UINT32_MAX >> 1) {
        r->p = start;
        return tdf_fail(r, E_COUNT_EXCEEDS_DATA, "a count of more elements than there are bytes");
    }
    if (n > r->values_left) return tdf_fail(r, E_TOO_MANY, "too many fields and elements in one body");
    *count = (uint32_t)n;
    return 0;
}

/* The fewest bytes an element of each type has (01 §6.2). */
static const uint8_t minimum_size[TDF_TYPES] = {1, 1, 1, 1, 2, 3, 1, 1, 2, 3, 4};

int tdf_read_list(tdf_reader *r, unsigned *type, uint32_t *count) {
    int rc = read_type(r, type, "truncated list", "unknown element type");
    return rc < 0 ? rc : read_count(r, minimum_size[*type], count);
}

int tdf_read_map(tdf_reader *r, unsigned *key, unsigned *type, uint32_t *count) {
    int rc = read_type(r, key, "truncated map", "unknown key type");
    if (rc < 0) return rc;
    if (*key != TDF_INT && *key != TDF_STR) {
        r->p--;
        return tdf_fail(r, E_BAD_KEY_TYPE, "a map key that is neither int nor str");
    }
    rc = read_type(r, type, "truncated map", "unknown value type");
    return rc < 0 ? rc : read_count(r, 1u + minimum_size[*type], count);
}

int tdf_read_union(tdf_reader *r, unsigned *member, uint32_t *tag, unsigned *type) {
    if (tdf_left(r) < 1) return tdf_fail(r, E_TRUNCATED, "truncated union");
    unsigned m = *r->p;
    if (m > TDF_MEMBER_MAX && m != TDF_UNSET) return tdf_fail(r, E_BAD_UNION, "impossible member number of a union");
    r->p++;
    *member = m;
    if (m == TDF_UNSET) return 0;
    int rc = read_header(r, tag, type);
    return rc < 0 ? rc : 1;
}

int tdf_read_prefix(tdf_reader *r, unsigned *member) {
    if (tdf_left(r) < 1) return tdf_fail(r, E_TRUNCATED, "missing end of a group");
    unsigned first = *r->p;
    *member = 0;
    if (first == 0) {
        r->p++;
        return 0;
    }
    if (first == TDF_UNSET) {
        *member = TDF_UNSET;
        r->p++;
        if (r->p < r->end && *r->p == 0) r->p++;
        return 0;
    }
    if (first <= TDF_MEMBER_MAX) {
        *member = first;
        r->p++;
    }
    return 1;
}

int tdf_read_variable(tdf_reader *r, int64_t *id, uint32_t *tag) {
    if (tdf_left(r) < 1) return tdf_fail(r, E_TRUNCATED, "truncated variable");
    if (*r->p > 1) return tdf_fail(r, E_BAD_VARIABLE, "presence byte of a variable that is neither 0 nor 1");
    if (*r->p++ == 0) return 0;
    int rc = tdf_read_int(r, id);
    if (rc < 0) return rc;
    unsigned type;
    rc = read_header(r, tag, &type);
    if (rc < 0) return rc;
    if (type != TDF_GROUP) return tdf_fail(r, E_BAD_VARIABLE, "content of a variable that is no group");
    return 1;
}

void tdf_end_variable(tdf_reader *r) {
    if (r->p < r->end && *r->p == 0)
        r->p++;
    else
        r->tolerated++;
}

/* ── skipping ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int skip(tdf_reader *r, unsigned type, bool element);

static int skip_fields(tdf_reader *r) {
    uint32_t tag;
    unsigned type;
    int rc;
    while ((rc = tdf_next_field(r, TDF_IN_GROUP, &tag, &type)) > 0)
        if ((rc = skip(r, type, false)) < 0) return rc;
    return rc;
}

static int skip_items(tdf_reader *r, bool map) {
    unsigned key = TDF_INT, type;
    uint32_t count;
    int rc = map ? tdf_read_map(r, &key, &type, &count) : tdf_read_list(r, &type, &count);
    for (uint32_t i = 0; i < count && rc == 0; i++) {
        rc = tdf_element(r, i);
        if (rc == 0 && map) rc = skip(r, key, true);
        if (rc == 0) rc = skip(r, type, true);
    }
    return rc;
}

static int skip_container(tdf_reader *r, unsigned type, bool element) {
    unsigned member, inner;
    uint32_t tag;
    int64_t id;
    int rc;
    switch (type) {
    case TDF_GROUP: rc = element ? tdf_read_prefix(r, &member) : 1; return rc <= 0 ? rc : skip_fields(r);
    case TDF_LIST: return skip_items(r, false);
    case TDF_MAP: return skip_items(r, true);
    case TDF_UNION: rc = tdf_read_union(r, &member, &tag, &inner); return rc <= 0 ? rc : skip(r, inner, false);
    default: /* TDF_VAR */
        rc = tdf_read_variable(r, &id, &tag);
        if (rc <= 0) return rc;
        rc = skip(r, TDF_GROUP, false);
        if (rc == 0) tdf_end_variable(r);
        return rc;
    }
}

static int skip(tdf_reader *r, unsigned type, bool element) {
    int64_t numbers[3];
    bytes data;
    uint32_t bits;
    switch (type) {
    case TDF_INT: return tdf_read_int(r, numbers);
    case TDF_STR: return tdf_read_str(r, &data);
    case TDF_BLOB: return tdf_read_blob(r, &data);
    case TDF_OTYPE: return tdf_read_numbers(r, numbers, 2);
    case TDF_OID: return tdf_read_numbers(r, numbers, 3);
    case TDF_FLOAT: return tdf_read_float_bits(r, &bits);
    default: break;
    }
    int rc = tdf_enter(r);
    if (rc < 0) return rc;
    rc = skip_container(r, type, element);
    if (rc == 0) tdf_leave(r); /* after an error the depth stays for the sentence's path */
    return rc;
}

int tdf_skip(tdf_reader *r, unsigned type) { return skip(r, type, false); }
int tdf_skip_element(tdf_reader *r, unsigned type) { return skip(r, type, true); }

/* ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

void tdf_put_long_int(buf *b, int64_t value) {
    if (!tdf_room(b, TDF_VARINT_MAX)) return;
    uint8_t *p = b->p + b->n;
    uint8_t sign = value < 0 ? 0x40 : 0;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value == INT64_MIN) magnitude = 0; /* written as minus zero */
    uint8_t last = (uint8_t)(magnitude & 0x3f) | sign;
    magnitude >>= 6;
    while (magnitude) {
        *p++ = last | 0x80;
        last = magnitude & 0x7f;
        magnitude >>= 7;
    }
    *p++ = last;
    b->n = (size_t)(p - b->p);
}

void tdf_put_str(buf *b, bytes text) {
    if (!tdf_room(b, TDF_VARINT_MAX + text.n + 1)) return;
    tdf_put_int(b, (int64_t)text.n + 1);
    if (text.n) memcpy(b->p + b->n, text.p, text.n);
    b->n += text.n;
    b->p[b->n++] = 0;
}

void tdf_put_blob(buf *b, bytes data) {
    tdf_put_int(b, (int64_t)data.n);
    buf_put(b, data.p, data.n);
}

void tdf_put_float_bits(buf *b, uint32_t bits) { buf_u32(b, bits); }

bool tdf_has_nul(bytes text) { return text.n && memchr(text.p, 0, text.n); }
