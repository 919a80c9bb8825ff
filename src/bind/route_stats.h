/* route_stats.h: how often each route was asked, how it was answered, and where the time went; for /metrics.
 *
 * Numbers belong to a route's name, not to a generation, so a reload does not reset them. Every request is counted; one
 * in ROUTE_SAMPLE, the first one included, is timed: a count costs an addition, a timed request six looks at the clock.
 *
 *     r->stats = route_stats_of(r->stats, "blaze", "Util.ping");
 *     route_sample *t = route_begin(r->stats);       // NULL as a rule: not timed
 *     …  route_end(r->stats, t, failed);
 *
 * Loop thread only. */
#ifndef BIND_ROUTE_STATS_H
#define BIND_ROUTE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define ROUTE_SAMPLE 16 /* a power of two */
#define ROUTE_BOUNDS 12

typedef struct route_stats {
    uint64_t requests, failed; /* failed: answered with an error */
    uint64_t timed;
    int64_t lua_ns, codec_ns, whole_ns; /* of the timed ones: scripts; decode and encode; from request to answer */
    uint64_t slots[ROUTE_BOUNDS + 1];   /* of whole_ns, by route_bounds */
    struct route_stats *next;
    const char *protocol; /* "blaze", "http" */
    char name[];
} route_stats;

typedef struct route_sample {
    int64_t began_ns, burst_ns, codec_ns;
    struct route_sample *next;
} route_sample;

extern const int64_t route_bounds[ROUTE_BOUNDS];

route_stats *route_stats_new(const char *protocol, const char *name); /* the one of that name, made when new; or NULL */
static inline route_stats *route_stats_of(route_stats *known, const char *protocol, const char *name) {
    return known ? known : route_stats_new(protocol, name);
}
const route_stats *route_stats_first(void); /* then ->next */

route_sample *route_sample_new(void);
static inline route_sample *route_begin(route_stats *s) {
    return s && (s->requests++ & (ROUTE_SAMPLE - 1)) == 0 ? route_sample_new() : NULL;
}
void route_timed(route_stats *s, route_sample *t);
static inline void route_end(route_stats *s, route_sample *t, bool failed) {
    if (s) s->failed += failed;
    if (t) route_timed(s, t);
}

/* Errors answered, by the component that was asked and the code. */
typedef struct route_error {
    uint16_t component, code;
    uint64_t count;
} route_error;
void route_error_add(uint16_t component, uint16_t code);
const route_error *route_errors(size_t *count);

void route_stats_free(void);

#endif
