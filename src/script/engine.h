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

/* Builds the next generation on a worker. On the loop thread afterwards it becomes the current one, or everything stays
 * as it is; then done(ctx, outcome), whose texts are good during the call. While two older generations still finish
 * what they started, the new one waits until one of them has ended; their handlers end at limits.task_seconds at the
 * latest. 0, E_BUSY while another build is under way, E_NOT_FOUND (nothing to roll back to), E_CLOSED; then done is not
 * called.
 */
enum engine_how {
    ENGINE_RELOAD,
    ENGINE_RELOAD_NEW, /* swaps only when the sources differ from the current ones */
    ENGINE_CHECK,      /* proves and changes nothing: `reload --check` */
    ENGINE_ROLLBACK,   /* from the sources the generation before was built from, as they were then; may be repeated: the
                          sources it leaves are then the ones before */
};

typedef struct engine_outcome {
    enum engine_how how;
    bool good, swapped;
    uint32_t number;    /* of what was built */
    const char *hash;   /* … its content */
    const char *report; /* every error, one a line; "" when it was fine */
    int64_t build_us;
} engine_outcome;

typedef void (*engine_built)(void *ctx, const engine_outcome *outcome);
int engine_build(engine *e, enum engine_how how, engine_built done, void *ctx);

/* A task of g waits for a build: until it is told, g does not count as one that still does something. Loop thread. */
void engine_task_excuse(generation *g, bool waits);

/* What `rollback` would build again; false when there is nothing. */
bool engine_previous(const engine *e, uint32_t *number, char hash[17]);
/* The newest generation was built by a rollback: the files on disk say something else. */
bool engine_rolled_back(const engine *e);

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

/* The generations there are, newest first; NULL past the end. */
typedef struct engine_generation {
    uint32_t number;
    char hash[17];
    bool current;
    int64_t age_us; /* since it became the current one */
    uint32_t tasks; /* in flight */
    size_t memory;  /* bytes of its Lua state */
} engine_generation;
bool engine_generation_at(const engine *e, unsigned i, engine_generation *out);

/* The files the current generation was built from, by name; NULL past the end. */
typedef struct script_file {
    const char *name; /* as messages say it: "data/scripts/components/util.lua" */
    const char *path; /* on disk */
    const char *key;  /* below its root: "components/util.lua"; a config file: its path */
    const char *text;
    size_t size;
    bool config;
} script_file;
bool engine_file_at(const engine *e, size_t i, script_file *out);

/* Plain counters for metrics and tests. */
typedef struct engine_counts {
    uint64_t tasks_started, tasks_failed, tasks_killed, tasks_timed_out, wakes_stale, bursts_long, reloads,
        reloads_failed;
    uint32_t tasks_live, tasks_ready, coroutines_idle, generations_live;
    size_t memory; /* bytes of all live generations */
} engine_counts;
void engine_get_counts(const engine *e, engine_counts *c);

#endif
