/* bystanders.h: others' pings while something else goes on: 8 clients that ping every 5 ms from a thread of their own.
 *
 *     bystanders s;  bystanders_start(&s, port, &f);  …;  if (bystanders_stop(&s, &f) < 0) …;
 *     s.result.longest_us;  bystanders_text(&s.result, text, sizeof text);  */
#ifndef BENCH_BYSTANDERS_H
#define BENCH_BYSTANDERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "bench/load.h"

#define BYSTANDERS 8 /* unless told otherwise before the start */

typedef struct bystanders {
    pthread_t thread;
    atomic_bool enough;
    int port, rc;
    unsigned connections; /* 0 = BYSTANDERS */
    fault why;
    load_result result; /* after bystanders_stop */
} bystanders;

int bystanders_start(bystanders *s, int port, fault *f);
/* Ends them. E_PROTOCOL when a ping was answered wrongly or not at all, or one of them was dropped. */
int bystanders_stop(bystanders *s, fault *f);
/* The same for so many seconds with nothing else going on: what the machine gives. */
int bystanders_alone(bystanders *s, int port, double seconds, fault *f);
void bystanders_text(const load_result *r, char *out, size_t size); /* "1.2 ms, p99 0.41 ms" */

#endif
