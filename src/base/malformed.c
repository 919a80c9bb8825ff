/* malformed.c: the ring of refused inputs. A lock and a copy: it is filled only when something is wrong. */
#include "base/malformed.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static malformed ring[MALFORMED_ENTRIES];
static uint64_t added;
static void (*on_add)(void *ctx);
static void *on_add_ctx;

/* Half of the window before the place that broke, as far as there is something. */
static size_t window(const malformed *m, size_t n) {
    size_t at = m->offset > 0 ? (size_t)m->offset : 0;
    if (n <= MALFORMED_BYTES || at <= MALFORMED_BYTES / 2) return 0;
    size_t from = at - MALFORMED_BYTES / 2;
    return from > n - MALFORMED_BYTES ? n - MALFORMED_BYTES : from;
}

void malformed_add(const malformed *m, bytes input) {
    pthread_mutex_lock(&lock);
    malformed *to = &ring[added % MALFORMED_ENTRIES];
    *to = *m;
    to->number = ++added;
    to->at_us = clock_unix_us();
    to->from = window(m, input.n);
    to->kept = input.n - to->from < MALFORMED_BYTES ? input.n - to->from : MALFORMED_BYTES;
    if (to->kept) memcpy(to->data, input.p + to->from, to->kept);
    void (*fn)(void *) = on_add;
    void *ctx = on_add_ctx;
    pthread_mutex_unlock(&lock);
    if (fn) fn(ctx);
}

bool malformed_get(unsigned back, malformed *out) {
    pthread_mutex_lock(&lock);
    bool there = back < MALFORMED_ENTRIES && back < added;
    if (there) *out = ring[(added - 1 - back) % MALFORMED_ENTRIES];
    pthread_mutex_unlock(&lock);
    return there;
}

void malformed_on_add(void (*fn)(void *ctx), void *ctx) {
    pthread_mutex_lock(&lock);
    on_add = fn, on_add_ctx = ctx;
    pthread_mutex_unlock(&lock);
}
