/* state.h: a generation and the engine from the inside, for the files of this room. Not for other rooms.
 *
 * Parts: memory.h (the allocator), sources.h (the files), builtin.h (what scripts find in their state), task_state.h
 * (tasks; the glossary is there). */
#ifndef SCRIPT_STATE_H
#define SCRIPT_STATE_H

#include "base/bytes.h"
#include "base/repeat.h"
#include "script/builtin.h"
#include "script/generation.h"
#include "script/memory.h"
#include "script/module.h"
#include "script/observe.h"
#include "script/sources.h"
#include "script/task_state.h"
#include <lauxlib.h>

/* ---- limits: the settings limits.* (settings.c declares them) ---- */

typedef struct script_limits {
    int64_t burst_warn_us, burst_us, task_us, await_us, load_us;
    size_t task_memory, memory;
    size_t source, sources; /* bytes of one file, of all */
    uint32_t coroutines;    /* that one handler may make without a pause */
    uint32_t tasks;         /* of mu.spawn and events, in flight, of one generation */
} script_limits;

/* ---- generations ---- */

typedef struct load_error {
    char *text;
} load_error;

typedef struct generation_state {
    script_memory memory;
    script_limits limits;
    uint32_t refs;      /* tasks in flight, holds, one while it is current. Loop thread */
    uint32_t tasks;     /* in flight */
    uint32_t excused;   /* … that wait for a build */
    uint32_t started;   /* … that scripts have started: mu.spawn, events */
    int64_t dropped_us; /* when an event was dropped and the log was told */
    int64_t entered_us;
    struct task *running; /* the task whose burst this is; NULL while loading */
    lua_State *may_wait;  /* where suspend_check has just found nothing against waiting; NULL = it has to look */
    watch *watch;         /* of the thread that runs it */
    lua_State **idle;     /* the pool of coroutines, each kept in the registry by its address */
    unsigned idle_count, idle_room;
    load_error *errors;
    unsigned error_count, error_room;
    source_set *sources;         /* what it was built from; kept for the next one's rollback */
    const char *loading_key;     /* source.key of the file that is being required, or NULL */
    struct event_entry **events; /* event.c */
    struct event_wish *wishes;   /* the calls of mu.on */
    unsigned event_count, event_room, wish_count, wish_room;
    int handlers_ref;         /* table: event name → array of handlers */
    int checks_ref;           /* array of { name, fn, where } of mu.check */
    int spawned_ref;          /* array of {what, function, args…} spawned while loading */
    bool settings_open;       /* mu.settings may be called */
    const char *settings_mod; /* … by this mod, for keys below mods.<its name> */
    generation *next;         /* in the engine's list of live generations */
} generation_state;

generation *generation_new(engine *e, uint32_t number, fault *f);
void generation_free(generation *g);               /* closes Lua and the modules; any thread, nothing may run in it */
char *generation_errors_text(const generation *g); /* malloc'ed; one error a line */

/* Runs fn(L) with `data` as light userdata argument on the main thread of g, protected, outside any task: services that
 * may allocate but run no script code. 0 or E_MEMORY / E_SCRIPT. */
int generation_protect(generation *g, lua_CFunction fn, void *data);

/* ---- building (build.c, settings.c) ---- */

int build_generation(generation *g);                /* 0, or negative with the errors in g */
int settings_evaluate(generation *g, lua_State *L); /* mu.settings, config files, overrides → mu.config, limits */
void settings_limits_default(script_limits *l);

/* ---- the engine ---- */

struct engine {
    engine_options options;
    watch watch;
    char trace[WATCH_TRACE];
    generation *current, *live; /* live: current and draining, newest first */
    uint32_t next_number;
    slab tasks;
    task *ready_first, *ready_last, *all;
    unsigned ready_count, live_count;
    task **heap;
    unsigned heap_count, heap_room;
    int64_t wake_asked; /* what wake_at was last told, 0 = nothing */
    bool pumping, pump_asked, stopping, building;
    struct build *ready; /* built, waits until fewer generations drain */
    struct {
        source_set *files;
        uint32_t number;
        char hash[17];
    } previous;                /* what rollback builds */
    bool rolled_back, drained; /* drained: engine_drained() is to be called */
    int64_t stop_deadline;
    bool stop_killed;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    struct exclusive_set *exclusives;
    char *report;
    unsigned closing; /* generations being closed on workers */
    engine_counts counts;
    engine_observer observer;
    int64_t looked_us; /* observe_now, when this drain began or the last burst ended */
    repeat_set repeats;
    int64_t repeat_at; /* when unsaid failures are told, 0 = there are none */
};

static inline task *task_here(lua_State *L) { return generation_of(L)->own->running; }
void generation_unref(generation *g); /* loop thread */
void engine_ask_pump(engine *e);
void engine_enter(engine *e, generation *g);
void engine_close(generation *g); /* nothing holds it: closed on a worker */
void engine_keep_report(engine *e, const generation *g);
void engine_keep_sources(engine *e, generation *old); /* for a rollback */
void engine_drained(engine *e); /* a generation has no tasks any more: is one ready to be swapped in? */
void engine_settle(engine *e);  /* after a pump: is a stop complete? */
void *script_grow(void *p, unsigned *room, size_t size); /* doubles an array; NULL when out of memory, p stays good */

#endif
