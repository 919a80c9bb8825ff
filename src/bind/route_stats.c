/* route_stats.c: see route_stats.h. */
#include "bind/route_stats.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 64  /* timed at once; more than that wait for something anyway */
#define ERRORS_MAX  512 /* different ones; the rest is in murelay_blaze_errors_total all the same */

const int64_t route_bounds[ROUTE_BOUNDS] = {10000,    50000,     100000,    500000,     1000000,    5000000,
                                            20000000, 100000000, 500000000, 1000000000, 5000000000, 30000000000};

static struct {
    route_stats *first, *last;
    route_sample samples[SAMPLES_MAX], *free;
    unsigned made;
    route_error errors[ERRORS_MAX];
    size_t error_count;
} all;

route_stats *route_stats_new(const char *protocol, const char *name) {
    for (route_stats *s = all.first; s; s = s->next)
        if (strcmp(s->name, name) == 0 && strcmp(s->protocol, protocol) == 0) return s;
    route_stats *s = calloc(1, sizeof *s + strlen(name) + 1);
    if (!s) return NULL;
    s->protocol = protocol;
    strcpy(s->name, name);
    if (all.last)
        all.last->next = s;
    else
        all.first = s;
    return all.last = s;
}

const route_stats *route_stats_first(void) { return all.first; }

route_sample *route_sample_new(void) {
    route_sample *t = all.free;
    if (t)
        all.free = t->next;
    else if (all.made < SAMPLES_MAX)
        t = &all.samples[all.made++];
    else
        return NULL;
    *t = (route_sample){.began_ns = clock_mono_ns()};
    return t;
}

void route_timed(route_stats *s, route_sample *t) {
    int64_t whole = clock_mono_ns() - t->began_ns;
    size_t slot = 0;
    while (slot < ROUTE_BOUNDS && whole > route_bounds[slot]) slot++;
    s->timed++;
    s->slots[slot]++;
    s->whole_ns += whole;
    s->codec_ns += t->codec_ns;
    s->lua_ns += t->burst_ns - t->codec_ns;
    t->next = all.free;
    all.free = t;
}

void route_error_add(uint16_t component, uint16_t code) {
    for (size_t i = 0; i < all.error_count; i++)
        if (all.errors[i].component == component && all.errors[i].code == code) {
            all.errors[i].count++;
            return;
        }
    if (all.error_count < ERRORS_MAX) all.errors[all.error_count++] = (route_error){component, code, 1};
}

const route_error *route_errors(size_t *count) {
    *count = all.error_count;
    return all.errors;
}

void route_stats_free(void) {
    while (all.first) {
        route_stats *next = all.first->next;
        free(all.first);
        all.first = next;
    }
    memset(&all, 0, sizeof all);
}
