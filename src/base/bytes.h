/* bytes.h: three shapes of a run of bytes.
 *
 * bytes   a borrowed view: pointer and length, owns nothing.
 * buf     a growing buffer that one owner writes to. Failure to grow is sticky: `failed` stays set, later writes do
 *         nothing, and the writer checks once at the end.
 *             buf b = {0};  buf_u16(&b, 9);  buf_put(&b, p, n);  if (b.failed) …;  buf_free(&b);
 * shared  immutable, counted: one encoded notification on its way to many sessions. Any thread may hold and drop it. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    const uint8_t *p;
    size_t n;
} bytes;

typedef struct buf {
    uint8_t *p;
    size_t n;    /* bytes written */
    size_t cap;  /* bytes allocated */
    size_t max;  /* never grow past this many bytes; 0 = no limit of its own */
    bool failed; /* out of memory or past max */
} buf;

bool buf_reserve(buf *b, size_t more); /* room for `more` further bytes, or failed */
void buf_put(buf *b, const void *p, size_t n);
void buf_u8(buf *b, uint8_t v);
void buf_u16(buf *b, uint16_t v); /* big-endian, like everything on this wire */
void buf_u24(buf *b, uint32_t v);
void buf_u32(buf *b, uint32_t v);
void buf_u64(buf *b, uint64_t v);
void buf_drop(buf *b, size_t n); /* removes n bytes from the front; n ≤ b->n */
void buf_clear(buf *b);          /* keeps the memory, clears failed */
void buf_free(buf *b);           /* releases the memory; b is empty and usable again */

static inline bytes buf_bytes(const buf *b) { return (bytes){b->p, b->n}; }

static inline uint16_t load_u16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }
static inline uint32_t load_u24(const uint8_t *p) { return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]; }
static inline uint32_t load_u32(const uint8_t *p) { return (uint32_t)load_u16(p) << 16 | load_u16(p + 2); }
static inline uint64_t load_u64(const uint8_t *p) { return (uint64_t)load_u32(p) << 32 | load_u32(p + 4); }
static inline void save_u16(uint8_t *p, uint16_t v) { p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v; }
static inline void save_u32(uint8_t *p, uint32_t v) { save_u16(p, (uint16_t)(v >> 16)), save_u16(p + 2, (uint16_t)v); }

typedef struct shared {
    atomic_uint refs;
    size_t n;
    uint8_t p[];
} shared;

shared *shared_new(const void *p,
                   size_t n);   /* copies; count 1; NULL when out of memory. p may be NULL: bytes left unset */
shared *shared_hold(shared *s); /* one more owner; returns s */
void shared_drop(shared *s);    /* one owner less; frees at the last. NULL is fine */

#endif
