/* observe.h: looking into a running engine: what its tasks do, which took long, what failed.
 *
 *     engine_observe(e, &(engine_observer){.ctx = me, .slow_us = 100000, .slow = note_slow, .failed = note_failure});
 *     engine_each_task(e, print_task, me);
 *
 * A task that took slow_us or more from start to end, waiting included, is told once, with the part of it that took
 * longest: one stay inside Lua, or one wait. Background tasks (mu.spawn, the console's own) may take as long as they
 * like and are told only for a long stay inside Lua. The clock is the coarse one: a few milliseconds. Loop thread. */
#ifndef SCRIPT_OBSERVE_H
#define SCRIPT_OBSERVE_H

#include "script/generation.h"

typedef struct slow_task {
    const char *what; /* "Util.ping"; these texts are good during the call */
    handle subject;
    uint32_t generation;
    int64_t us;         /* from start to end */
    int64_t longest_us; /* of which its longest part */
    const char *waited; /* "mu.store.batch": that was a wait in this function; NULL: a stay inside Lua */
    const char *where;  /* "scripts/a.lua:12", or "" when the stack was gone already */
    int code;           /* how it ended: 0 or E_… */
} slow_task;

typedef struct engine_observer {
    void *ctx;
    int64_t slow_us; /* 0 = nobody wants to know */
    void (*slow)(void *ctx, const slow_task *t);
    /* A handler has failed or was ended by a limit: told every time, whether the log says it or only counts it. */
    void (*failed)(void *ctx, const char *what, handle subject, uint32_t generation, const char *text,
                   const char *trace);
} engine_observer;

void engine_observe(engine *e, const engine_observer *o); /* copied */

/* Any thread: has the script that runs, if one does, named in the log with its traceback, as if it had run for
 * limits.burst_warn_ms, as soon as it is back from whatever C function it is in. Whether one runs. */
bool engine_ask_where(engine *e);

typedef struct task_view {
    const char *what;
    handle subject;
    uint32_t generation;
    const char *state;     /* "runs", "ready", "waits" */
    const char *waits_for; /* "mu.sleep"; NULL unless it waits */
    int64_t age_us, waited_us;
    bool background;
    const char *trace; /* where it stands, one line a level; "" when it has not begun */
} task_view;

/* Newest first. `tell` may not start or end tasks; false ends the walk. */
void engine_each_task(engine *e, bool (*tell)(void *ctx, const task_view *t), void *ctx);

#endif
