/* chunk.c: the container, base64 with padding, and the map. */
#include "codec/chunk.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "codec/little.h"

#define NIBC_HEADER 16u

bool nibc_is(bytes in) { return in.n >= 4 && memcmp(in.p, "NIBC", 4) == 0; }

int nibc_pack(bytes in, buf *out, fault *f) {
    if (in.n > NIBC_PLAIN_MAX) return fault_set(f, E_LIMIT, "%zu bytes are too many for a container", in.n);
    uLongf n = compressBound((uLong)in.n);
    size_t start = out->n;
    if (!buf_reserve(out, NIBC_HEADER + n)) return fault_set(f, E_MEMORY, "out of memory for a container");
    if (compress2(out->p + start + NIBC_HEADER, &n, in.p, (uLong)in.n, 6) != Z_OK)
        return fault_set(f, E_MEMORY, "out of memory while packing");
    memcpy(out->p + start, "NIBC", 4);
    little_save_u32(out->p + start + 4, 1);
    little_save_u32(out->p + start + 8, (uint32_t)n);
    little_save_u32(out->p + start + 12, (uint32_t)in.n);
    out->n = start + NIBC_HEADER + n;
    return 0;
}

int nibc_unpack(bytes in, buf *out, fault *f) {
    if (in.n < NIBC_HEADER || !nibc_is(in) || little_u32(in.p + 4) != 1)
        return fault_set(f, E_PROTOCOL, "it does not begin like a packed configuration");
    uint32_t packed = little_u32(in.p + 8), plain = little_u32(in.p + 12);
    if (packed > in.n - NIBC_HEADER)
        return fault_set(f, E_PROTOCOL, "it states %u packed bytes and has %zu", packed, in.n - NIBC_HEADER);
    if (plain > NIBC_PLAIN_MAX) return fault_set(f, E_LIMIT, "it would unpack to %u bytes", plain);
    if (!buf_reserve(out, (size_t)plain + 1)) return fault_set(f, E_MEMORY, "out of memory for %u bytes", plain);
    uLongf n = plain + 1; /* one more, to notice what is longer than stated */
    int rc = uncompress(out->p + out->n, &n, in.p + NIBC_HEADER, packed);
    if (rc != Z_OK || n != plain)
        return fault_set(f, E_PROTOCOL, "its packed part is damaged, or does not unpack to %u bytes", plain);
    out->n += plain;
    return 0;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int chunk_text(bytes in, buf *out, fault *f) {
    if (!buf_reserve(out, (in.n + 2) / 3 * 4)) return fault_set(f, E_MEMORY, "out of memory for base64");
    uint8_t *to = out->p + out->n;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t left = in.n - i;
        uint32_t v =
            (uint32_t)in.p[i] << 16 | (uint32_t)(left > 1 ? in.p[i + 1] : 0) << 8 | (left > 2 ? in.p[i + 2] : 0);
        *to++ = (uint8_t)letters[v >> 18];
        *to++ = (uint8_t)letters[v >> 12 & 63];
        *to++ = left > 1 ? (uint8_t)letters[v >> 6 & 63] : '=';
        *to++ = left > 2 ? (uint8_t)letters[v & 63] : '=';
    }
    out->n += (in.n + 2) / 3 * 4;
    return 0;
}

int chunk_bytes(bytes text, buf *out, fault *f) {
    if (text.n % 4) return fault_set(f, E_PROTOCOL, "%zu characters of base64 are no multiple of four", text.n);
    if (!buf_reserve(out, text.n / 4 * 3)) return fault_set(f, E_MEMORY, "out of memory for base64");
    for (size_t i = 0; i < text.n; i += 4) {
        unsigned padding = 0;
        if (i + 4 == text.n) padding = text.p[i + 3] != '=' ? 0 : text.p[i + 2] != '=' ? 1 : 2;
        uint32_t v = 0;
        for (unsigned k = 0; k < 4; k++) {
            uint8_t c = text.p[i + k];
            const char *at = k >= 4 - padding ? letters : c ? strchr(letters, c) : NULL;
            if (!at) return fault_set(f, E_PROTOCOL, "character %zu is none of base64", i + k);
            v = v << 6 | (uint32_t)(at - letters);
        }
        buf_put(out, (uint8_t[]){(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 3 - padding);
    }
    return 0;
}

typedef struct walk {
    bytes text;
    uint32_t size, count;
    void (*put)(void *ctx, const char *key, bytes value);
    void *ctx;
} walk;

/* Chunk i, then all whose number begins with its digits: the order of the keys as texts. */
static void put_chunks(const walk *w, uint64_t i) {
    char key[CHUNK_KEY_MAX];
    size_t at = (size_t)i * w->size, left = w->text.n - at;
    snprintf(key, sizeof key, "CHUNK_%u", (unsigned)i);
    w->put(w->ctx, key, (bytes){w->text.p + at, left < w->size ? left : w->size});
    for (uint64_t next = i * 10; i && next < i * 10 + 10 && next < w->count; next++) put_chunks(w, next);
}

static void put_number(const walk *w, const char *key, size_t n) {
    char text[CHUNK_KEY_MAX];
    int length = snprintf(text, sizeof text, "%zu", n);
    w->put(w->ctx, key, (bytes){(const uint8_t *)text, (size_t)length});
}

void chunk_each(bytes text, uint32_t size, void (*put)(void *ctx, const char *key, bytes value), void *ctx) {
    walk w = {text, size, chunk_count(text.n, size), put, ctx};
    for (uint64_t i = 0; i < 10 && i < w.count; i++) put_chunks(&w, i);
    put_number(&w, "CHUNK_SIZE", size);
    put_number(&w, "DATA_SIZE", text.n);
}
