/* filter_ssl3.c: the SSLv3 state machine of crypto/ssl3.h as a filter of a stream. All meaning is there. */
#include "crypto/ssl3.h"
#include "net/private.h"

#include <stdlib.h>

typedef struct ssl3_filter {
    filter base;
    ssl3 *machine;
} ssl3_filter;

static ssl3 *machine_of(const filter *f) { return ((const ssl3_filter *)f)->machine; }

static int feed(filter *f, bytes in, buf *plain, buf *out, fault *why) {
    return ssl3_feed(machine_of(f), in, plain, out, why);
}

static int put(filter *f, bytes plain, buf *out, fault *why) { return ssl3_write(machine_of(f), plain, out, why); }
static void say_close(filter *f, buf *out) { ssl3_close(machine_of(f), out); }
static int peer_end(filter *f, fault *why) { return ssl3_end(machine_of(f), why); }

static bool is_open(const filter *f) {
    enum ssl3_state state = ssl3_get_state(machine_of(f));
    return state == SSL3_OPEN || state == SSL3_CLOSED;
}

static bool is_ended(const filter *f) { return ssl3_get_state(machine_of(f)) == SSL3_CLOSED; }

static void done(filter *f) {
    ssl3_free(machine_of(f));
    free(f);
}

static const filter_kind_ops ops = {"ssl3", feed, put, say_close, peer_end, is_open, is_ended, done};

filter *filter_ssl3_new(const struct ssl3_config *config, buf *out, fault *why) {
    ssl3_filter *f = calloc(1, sizeof *f);
    if (!f) {
        fault_set(why, E_MEMORY, "out of memory for an SSLv3 connection");
        return NULL;
    }
    f->base.ops = &ops;
    if (ssl3_new(&f->machine, config, out, why) < 0) {
        free(f);
        return NULL;
    }
    return &f->base;
}
