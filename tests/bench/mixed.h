/* mixed.h: the load of a busy evening: half pings, the rest configs, saves and loads, each player logged in.
 *
 *     mixed m;  if (mixed_prepare(b, &m, &f) == 0) { load_plan p = mixed_plan(b, &m, 15);  load_run(&p, &r, &f); }
 *     mixed_free(&m); */
#ifndef BENCH_MIXED_H
#define BENCH_MIXED_H

#include "bench/bench.h"

#define MIXED 8 /* divides the span of message numbers, so that the turn holds when they begin again */

typedef struct mixed {
    buf requests[MIXED], *logins;
    unsigned login_count;
    uint32_t vary_at;
} mixed;

int mixed_prepare(bench *b, mixed *m, fault *f);                      /* accounts and their settings as well */
load_plan mixed_plan(const bench *b, const mixed *m, unsigned depth); /* of b->seconds; m has to outlive it */
void mixed_free(mixed *m);

#endif
