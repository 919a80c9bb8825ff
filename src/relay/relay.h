/* relay.h: the relay of game datagrams: a thread of its own around a router (router.h) and its sockets.
 *
 * The logic thread only says who is in which game and hears what has become of tunnels; no datagram ever waits for it.
 *
 *     relay *r = relay_new(&options, &f);
 *     relay_serve(r, RELAY_TUNNEL, datagrams_bind("0.0.0.0", 9032, &f));
 *     relay_pool(r, game_id, places, 4);                     → options.news(ctx, events, n) on the owner's thread
 *     relay_free(r);
 *
 * What the owner says goes through a small queue in order, what the relay has to say comes back in batches by
 * options.post. All functions are for the owner's thread; each takes a lock that is never held for longer than it takes
 * to move a pointer. */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "base/fault.h"
#include "relay/router.h"

struct secret;
typedef struct relay relay;

enum relay_port { RELAY_TUNNEL, RELAY_QOS, RELAY_QOS_SECOND, RELAY_PORTS };

typedef struct relay_options {
    const struct secret *secret;                                   /* what associations are signed with; borrowed */
    int (*post)(void *post_ctx, void (*fn)(void *ctx), void *ctx); /* fn(ctx) on the owner's thread */
    void *post_ctx;
    void (*news)(void *ctx, const router_event *events, size_t n);
    /* Frames for HTTP tunnels: whole ones, `link` each. `closed`: the tunnel has been ended, close the connection. */
    void (*frames)(void *ctx, uint64_t link, bytes frames);
    void *ctx;
} relay_options;

relay *relay_new(const relay_options *o, fault *f);
void relay_free(relay *r); /* ends the thread and closes its sockets; no callback comes any more. NULL is fine */

void relay_serve(relay *r, enum relay_port which, int fd); /* takes the socket over; -1 = close what is there */
void relay_set(relay *r, int64_t keep_alive_us, int64_t expire_us, uint32_t datagrams_per_second);
void relay_pool(relay *r, uint32_t pool, const uint8_t (*places)[ROUTER_UUID], size_t count); /* router_pool */
void relay_wake(relay *r, const relay_address *to, uint32_t id);                              /* router_wake */

/* An HTTP tunnel: `link` is the owner's number of the connection, not 0. Its id comes with the news. */
void relay_open(relay *r, const uint8_t uuid[ROUTER_UUID], uint64_t link);
void relay_frame(relay *r, uint64_t link, uint8_t index, bytes payload); /* copied; dropped when too many wait */
void relay_close(relay *r, uint64_t link);

/* done(ctx, report) on the owner's thread; not at all when 0 is not returned (E_MEMORY). At the end of the relay it
 * comes with NULL. */
typedef void (*relay_reported)(void *ctx, const router_report *report, int64_t now_us);
int relay_report(relay *r, const uint8_t uuid[ROUTER_UUID], relay_reported done, void *ctx);

/* A recent copy of the router's figures, and the thread's own. Any thread. */
typedef struct relay_counts {
    router_counts router;
    uint64_t received, sent, unsent; /* datagrams by the system's word: of tunnels and of quality of service */
    uint64_t probes, probes_refused;
    uint64_t frames_lost; /* for HTTP tunnels, or from them: the other thread was too far behind */
    uint64_t wakes;       /* of the thread */
} relay_counts;
void relay_count(relay *r, relay_counts *out);

#endif
