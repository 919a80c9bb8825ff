/* load.h: the load generator: many connections, a fixed number of requests in flight on each, every reply checked.
 *
 * One leg is: open and prepare the connections, send for `warm` seconds unmeasured, then measure for `seconds` or until
 * `replies`. A connection sends as many new requests as replies came with one read, in one write: what a pipelining
 * client does. Replies must come in order with the right number, component and command, as responses, and of the
 * expected length where one is given; anything else is counted and the first such thing is told in `wrong`.
 *
 *     load_result r;  load_run(&(load_plan){.port = p, .connections = 64, .depth = 15, .requests = &ping,
 * .request_count = 1, .seconds = 1}, &r, &f); */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/wire.h"

#define LATENCY_BUCKETS 1024

typedef struct load_plan {
    int port;
    enum wire_door door;
    unsigned connections, depth;
    double warm, seconds;
    double pace;            /* seconds between the requests of a connection; 0 = the next as soon as a reply has come */
    uint64_t replies;       /* ends the leg early; 0 = by time only */
    const buf *requests;    /* connection i sends requests[i % request_count] */
    unsigned request_count; /* ≥ 1 */
    bool in_turn;      /* connection i sends requests[(i + number) % request_count]: all of them, one after another */
    const buf *logins; /* sent once by connection i before anything else: logins[i % login_count]; may be NULL */
    unsigned login_count;
    uint32_t body_length; /* of every reply; 0 = not checked */
    uint32_t vary_at;     /* offset in the frame of 8 bytes that get a running number in decimal; 0 = none */
    const buf *vary_only; /* with in_turn: the one request that varies */
    bool drain;           /* at the end wait for what is in flight; what is not answered within 20 s is a wrong */
    void (*mark)(void *context, bool end); /* called as the measured window begins and ends; may be NULL */
    void *context;
    bool (*over)(void *context); /* asked now and then: ends the leg when true; may be NULL */
} load_plan;

typedef struct load_result {
    uint64_t replies, wrongs, bytes; /* in the measured window; notifications count as bytes only */
    double seconds;
    uint32_t latency[LATENCY_BUCKETS];
    double longest_us;
    char wrong[200];
} load_result;

int load_run(const load_plan *plan, load_result *out, fault *f);
double load_percentile(const load_result *r, double part); /* µs; part 0.5, 0.99 … */

#endif
