/* bytes.c: the growing buffer and the counted one. */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

bool buf_reserve(buf *b, size_t more) {
    if (b->failed) return false;
    size_t need = b->n + more;
    if (need < more || (b->max && need > b->max)) return !(b->failed = true);
    if (need <= b->cap) return true;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < need) {
        if (cap > SIZE_MAX / 2) return !(b->failed = true);
        cap *= 2;
    }
    uint8_t *p = realloc(b->p, cap);
    if (!p) return !(b->failed = true);
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_put(buf *b, const void *p, size_t n) {
    if (n == 0 || !buf_reserve(b, n)) return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_u8(buf *b, uint8_t v) {
    if (!buf_reserve(b, 1)) return;
    b->p[b->n++] = v;
}

void buf_u16(buf *b, uint16_t v) { buf_put(b, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2); }
void buf_u24(buf *b, uint32_t v) { buf_put(b, (uint8_t[]){(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}, 3); }

void buf_u32(buf *b, uint32_t v) {
    uint8_t t[4];
    save_u32(t, v);
    buf_put(b, t, 4);
}

void buf_u64(buf *b, uint64_t v) {
    buf_u32(b, (uint32_t)(v >> 32));
    buf_u32(b, (uint32_t)v);
}

void buf_drop(buf *b, size_t n) {
    if (n >= b->n)
        b->n = 0;
    else if (n) {
        memmove(b->p, b->p + n, b->n - n);
        b->n -= n;
    }
}

void buf_clear(buf *b) {
    b->n = 0;
    b->failed = false;
}

void buf_free(buf *b) {
    free(b->p);
    *b = (buf){.max = b->max};
}

shared *shared_new(const void *p, size_t n) {
    if (n > SIZE_MAX - sizeof(shared)) return NULL;
    shared *s = malloc(sizeof *s + n);
    if (!s) return NULL;
    atomic_init(&s->refs, 1);
    s->n = n;
    if (p && n) memcpy(s->p, p, n);
    return s;
}

shared *shared_hold(shared *s) {
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void shared_drop(shared *s) {
    if (s && atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1) free(s);
}
