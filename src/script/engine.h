/* engine.h: the Lua engine: builds generations, swaps them, runs tasks.
 *
 * One thread (the loop thread) runs all logic. A generation is one complete Lua state built from the script files; a
 * reload builds the next one on a worker thread beside the running one and swaps a pointer. The engine knows no event
 * loop: its host lends it four functions, so that unit tests drive it by hand.
 *
 *     engine *e = engine_new(&options, &f);
 *     if (engine_load(e, &f) < 0) die(f.text);          // f.text: the first error; engine_report(e): all of them
 *     …  task_start(e, &call);  …  engine_pump(e);      // task.h
 *     engine_stop(e, 5000000, stopped, ctx);  …  engine_free(e);
 *
 * All functions are for the loop thread unless said otherwise. */
#ifndef SCRIPT_ENGINE_H
#define SCRIPT_ENGINE_H

#include "base/fault.h"
#include "base/slab.h"
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct engine engine;
typedef struct generation generation;
struct script_module;

/* What the engine needs from the loop. `now` may be NULL (then clock_mono_us). */
typedef struct engine_host {
    void *ctx;
    /* run(arg) on a worker thread, then done(arg) on the loop thread. Never loses one. */
    void (*work)(void *ctx, void (*run)(void *arg), void (*done)(void *arg), void *arg);
    void (*pump_soon)(void *ctx); /* engine_pump() before the loop sleeps next; called on the loop thread */
    void (*wake_at)(void *ctx, int64_t mono_us); /* engine_pump() at that time; replaces the time asked for before */
    int64_t (*now)(void *ctx);                   /* microseconds, monotonic */
} engine_host;

/* One folder of scripts; an earlier root shadows a later one file by file. */
typedef struct script_root {
    const char *path;  /* where it is */
    const char *label; /* what messages call it, e.g. "scripts" or "data/scripts" */
} script_root;

typedef struct engine_options {
    engine_host host;
    const script_root *roots; /* overlay first; ends with path NULL */
    const char *const
        *config_files; /* base first, later ones override key by key; ends with NULL; missing files are skipped */
    const char *const *overrides;               /* "a.b=value" from --set; ends with NULL; may be NULL */
    const struct script_module *const *modules; /* ends with NULL; order of open/check/enter */
    const char *data_dir, *asset_dir;           /* for the bind files; may be NULL */
    void *server;                               /* for the bind files: engine_server() */
    bool test_mode;                             /* scripts see mu.test_mode = true */
    /* Text of a task's subject for log lines ("session 17"); may be NULL. */
    void (*describe)(void *server, handle subject, char *text, size_t size);
} engine_options;

engine *engine_new(const engine_options *o,
                   fault *f); /* copies o (not what it points to, which must outlive the engine) */
void engine_free(engine *e);  /* after engine_stop has called back, or before any load */

/* Builds the first generation on the calling thread and enters it. 0 or E_LOAD / E_CONFIG. */
int engine_load(engine *e, fault *f);

/* Builds the next generation on a worker; on the loop thread afterwards either swaps and calls done(ctx, true, report)
 * or leaves everything as it is and calls done(ctx, false, report). The report lists every error found, one a line, and
 * is good during the call. E_BUSY while another build runs (then done is not called). */
typedef void (*engine_reload_done)(void *ctx, bool ok, const char *report);
int engine_reload(engine *e, engine_reload_done done, void *ctx);
/* The same without the swap: `reload --check`. */
int engine_check(engine *e, engine_reload_done done, void *ctx);
const char *engine_report(const engine *e); /* of the last build: every error, one a line; "" when it was fine */

/* No new tasks; those in flight may finish for grace_us, then they are killed. stopped(ctx) once none is left. */
void engine_stop(engine *e, int64_t grace_us, void (*stopped)(void *ctx), void *ctx);

/* Resumes what is ready and what is due, a bounded batch; asks for another pump itself if more is left. */
void engine_pump(engine *e);

/* Runs the handlers that scripts gave to mu.on(name, …), one after another, in one task. push(L, ctx) pushes the
 * arguments (inside protection, once a handler) and returns their number; done as in task.h. With no handler done is
 * called at once. The name must have been declared by script_event_declare
 * (event.h). Handlers of the current generation. */
void engine_event(engine *e, const char *name, handle subject, int (*push)(lua_State *L, void *ctx),
                  void (*done)(void *ctx, const fault *why), void *ctx);

generation *engine_current(const engine *e); /* NULL before the first load */
void *engine_server(const engine *e);
const engine_options *engine_get_options(const engine *e);
int64_t engine_now(const engine *e); /* host time, microseconds */

/* Plain counters for metrics and tests. */
typedef struct engine_counts {
    uint64_t tasks_started, tasks_failed, tasks_killed, tasks_timed_out, wakes_stale, bursts_long, reloads,
        reloads_failed;
    uint32_t tasks_live, tasks_ready, coroutines_idle, generations_live;
    size_t memory; /* bytes of all live generations */
} engine_counts;
void engine_get_counts(const engine *e, engine_counts *c);

#endif
