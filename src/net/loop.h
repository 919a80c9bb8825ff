/* loop.h: the event loop: timers, work on other threads, messages from other threads, the end of a turn.
 *
 * One loop, one thread: the one that calls loop_run. Everything here is for that thread, except loop_post and
 * loop_stop. A turn is: wait, handle what became ready, run the turn-end items, wait again.
 *
 *     fault f;  loop *l = loop_new(&f);
 *     loop_timer t = {0};  loop_timer_start(l, &t, 1000000, 0, on_second, ctx);
 *     loop_run(l);  loop_free(l);
 *
 * libuv is known in src/net/ and src/relay/ only; they reach it by loop_uv (stream_private.h). */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

typedef struct loop loop;

loop *loop_new(fault *f);                 /* NULL and *f filled when the system refuses */
void loop_run(loop *l);                   /* returns after loop_stop */
void loop_turn(loop *l, int64_t wait_us); /* one turn; waits at most so long (tests); negative = as long as needed */
int64_t loop_longest_turn(loop *l); /* of the turns since the last call, waiting left out; µs, to the millisecond */
void loop_stop(loop *l);            /* any thread: loop_run returns after this turn */
/* Aborts every stream and listener still there (their `closed` callbacks run), runs what was posted, frees all. */
void loop_free(loop *l);

/* Runs fn(ctx) on the loop's thread. From any thread; in order; never lost: what is posted before loop_free runs before
 * it returns. Returns 0 or E_MEMORY. */
int loop_post(loop *l, void (*fn)(void *ctx), void *ctx);
bool loop_is_here(const loop *l); /* is the caller on the loop's thread? (true as well while nothing runs it) */

/* The end of the turn: an item queued any number of times runs once, before the loop waits. An item queued by another
 * one runs in the same turn. The item belongs to the user; drop it with loop_turn_cancel before its memory goes. */
typedef struct loop_item {
    void (*fn)(void *ctx);
    void *ctx;
    struct loop_item *next, *previous;
    bool queued;
} loop_item;

void loop_turn_end(loop *l, loop_item *item);
void loop_turn_cancel(loop *l, loop_item *item); /* fine when it is not queued */

/* Timers live in the user's struct (zeroed before the first use). fn may stop or restart its own timer, or free the
 * struct when the timer does not repeat. Starting a running timer moves it. Accuracy: about a millisecond. */
typedef struct loop_timer {
    loop *loop;
    int64_t due_us, repeat_us; /* on clock_mono_us; repeat 0 = once */
    void (*fn)(void *ctx);
    void *ctx;
    uint64_t order; /* equal times fire in the order of starting */
    size_t place;   /* 1 + index in the loop's heap; 0 = not running */
} loop_timer;

int loop_timer_start(loop *l, loop_timer *t, int64_t delay_us, int64_t repeat_us, void (*fn)(void *ctx), void *ctx);
void loop_timer_stop(loop_timer *t); /* fine when it is not running */
static inline bool loop_timer_running(const loop_timer *t) { return t->place != 0; }

/* work(ctx) on a worker thread (a pool of the process, so it may wait its turn), then done(ctx) on the loop's thread.
 * Returns 0 or a fault code; then neither runs. */
int loop_work(loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx);

/* fn(ctx, signum) on the loop's thread at each arrival; replaces an earlier fn of the same signal. 0 or E_SYSTEM. */
int loop_signal(loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx);

#endif
