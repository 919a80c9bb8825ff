/* huffman_units.c: UTF-8 to UTF-16 units and back, with lone halves of a pair kept as they are. */
#include "codec/huffman_units.h"

/* One code point off the front of *s; -1 for what is none. Three bytes may hold a lone surrogate. */
static int32_t take_point(bytes *s) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t c = s->p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (n == 0 || n > s->n) return -1;
    uint32_t v = n == 1 ? c : c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s->p[i] & 0xc0) != 0x80) return -1;
        v = v << 6 | (s->p[i] & 0x3f);
    }
    if (v < least[n] || v > 0x10ffff) return -1;
    s->p += n, s->n -= n;
    return (int32_t)v;
}

static void put_unit(buf *out, uint32_t unit) {
    uint16_t u = (uint16_t)unit;
    buf_put(out, &u, sizeof u);
}

int huffman_units_of(bytes text, buf *out) {
    while (text.n) {
        int32_t v = take_point(&text);
        if (v < 0) return E_PROTOCOL;
        if (v == 0) return E_EMBEDDED_NUL;
        if (v < 0x10000) {
            put_unit(out, (uint32_t)v);
        } else {
            put_unit(out, 0xd800u + (((uint32_t)v - 0x10000) >> 10));
            put_unit(out, 0xdc00u + (((uint32_t)v - 0x10000) & 0x3ff));
        }
    }
    return out->failed ? E_MEMORY : 0;
}

static void put_point(buf *out, uint32_t v) {
    if (v < 0x80) {
        buf_u8(out, (uint8_t)v);
    } else if (v < 0x800) {
        buf_u8(out, (uint8_t)(0xc0 | v >> 6));
        buf_u8(out, (uint8_t)(0x80 | (v & 0x3f)));
    } else {
        if (v < 0x10000) {
            buf_u8(out, (uint8_t)(0xe0 | v >> 12));
        } else {
            buf_u8(out, (uint8_t)(0xf0 | v >> 18));
            buf_u8(out, (uint8_t)(0x80 | (v >> 12 & 0x3f)));
        }
        buf_u8(out, (uint8_t)(0x80 | (v >> 6 & 0x3f)));
        buf_u8(out, (uint8_t)(0x80 | (v & 0x3f)));
    }
}

void huffman_put_unit(buf *out, uint16_t unit, uint16_t *high) {
    if (unit >= 0xdc00 && unit < 0xe000 && *high) { /* the second half: its first one was written as a letter */
        out->n -= 3;
        put_point(out, 0x10000u + ((uint32_t)(*high - 0xd800) << 10) + (unit - 0xdc00u));
        *high = 0;
        return;
    }
    put_point(out, unit);
    *high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
}
