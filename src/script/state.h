/* state.h: what the files of the engine share among themselves. Not for other rooms.
 *
 * Glossary. Burst: one stay inside Lua, from resume to return. Task: one handler, one or more bursts. Chain: the task's
 * own coroutine and the scripts' coroutines that it has resumed, one inside the other. Mark: the light value that a
 * coroutine leaves on top of its stack while it waits for the engine and not for a coroutine.resume. */
#ifndef SCRIPT_STATE_H
#define SCRIPT_STATE_H

#include "base/bytes.h"
#include "base/repeat.h"
#include "script/generation.h"
#include "script/module.h"
#include "script/observe.h"
#include "script/task.h"
#include "script/watch.h"
#include <lauxlib.h>

/* ---- limits: the settings limits.* (settings.c declares them) ---- */

typedef struct script_limits {
    int64_t burst_warn_us, burst_us, task_us, await_us, load_us;
    size_t task_memory, memory;
    uint32_t coroutines; /* that one handler may make without a pause */
    uint32_t tasks;      /* of mu.spawn and events, in flight, of one generation */
} script_limits;

/* ---- memory (memory.c): one counting allocator a generation ---- */

#define MEMORY_SIZES 16 /* of small pieces: 16, 32, … 256 bytes */

typedef struct script_memory {
    size_t used;
    size_t soft;   /* past it the hook collects, and ends the task if that did not help */
    size_t limit;  /* past it an allocation is refused, then, after Lua's own collection, a kill */
    void *refused; /* the request that was refused last, to know its repetition */
    size_t refused_size;
    watch *watch;             /* of the thread that runs the generation now; NULL = none */
    void *free[MEMORY_SIZES]; /* lists of free small pieces */
    struct chunk *chunks;
    char *cut; /* what is left of the newest chunk */
    size_t left;
} script_memory;

#define SCRIPT_RESERVE (1u << 20) /* bytes past the limit while a kill is on its way */
void *memory_alloc(void *memory, void *p, size_t old_size, size_t new_size);
void memory_free(script_memory *m); /* after lua_close */
void memory_limit(script_memory *m, size_t soft);
void memory_pressed(watch *w, lua_State *L); /* what the hook calls */

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
    bool entered, closing;
    task_token none;
    struct task *running; /* the task whose burst this is; NULL while loading */
    watch *watch;         /* of the thread that runs it */
    lua_State **idle;     /* the pool of coroutines, each kept in the registry by its address */
    unsigned idle_count, idle_room;
    load_error *errors;
    unsigned error_count, error_room;
    struct source_set *sources;  /* while building */
    const char *loading_key;     /* source.key of the file that is being required, or NULL */
    struct event_entry **events; /* event.c */
    struct event_wish *wishes;   /* the calls of mu.on */
    unsigned event_count, event_room, wish_count, wish_room;
    int handlers_ref;         /* table: event name → array of handlers */
    int checks_ref;           /* array of { name, fn, where } of mu.check */
    int spawned_ref;          /* array of {what, function, args…} spawned while loading */
    int config_ref;           /* the evaluated settings */
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

/* ---- building (build.c, sources.c, settings.c) ---- */

typedef struct source {
    char *name; /* chunk name without '@': "scripts/components/util.lua" */
    char *path; /* on disk */
    char *key;  /* path below its root: "components/util.lua" */
    char *text;
    size_t size;
    char *wrong; /* why it cannot be read (reported already); then text is NULL */
    bool config; /* a config file: not to be required */
} source;

typedef struct source_set {
    source *list;
    size_t count, room, bytes;
    bool sealed; /* complete: nothing is read from disk any more */
} source_set;

#define SOURCE_MAX  (1u << 20)  /* bytes of one file */
#define SOURCES_MAX (32u << 20) /* bytes of all files */

/* Reads every script below the roots but tests/ and mods/<name>/tests/, sorted, shadowed ones left out. */
int sources_read(source_set *s, const script_root *roots, generation *g);
const source *sources_find(source_set *s, const script_root *roots, const char *key, generation *g); /* reads at need */
const source *sources_file(source_set *s, const char *path, const char *name, generation *g); /* one file anywhere */
void sources_hash(source_set *s, char hash[17]);
void sources_free(source_set *s);

int build_generation(generation *g);                /* 0, or negative with the errors in g */
int settings_evaluate(generation *g, lua_State *L); /* mu.settings, config files, overrides → mu.config, limits */
int settings_declare(lua_State *L);                 /* the C function mu.settings */
void settings_limits_default(script_limits *l);
int source_entry_lines(const source *file, const char *word, int *lines, int most); /* settings_line.c */
int settings_line(const source *file, const char *path); /* line of a key in a config file, 0 = unknown */

/* ---- sandbox (sandbox.c, bounded.c, pattern.c, protect.c, coroutine.c) ---- */

void sandbox_open(lua_State *L);                 /* globals; in a protected call */
void sandbox_seal(lua_State *L);                 /* after the modules' open: everything global becomes read-only */
bool sandbox_is_frozen(lua_State *L, int index); /* a table made read-only by script_freeze */
void sandbox_real(lua_State *L, int index);      /* pushes the table behind a frozen one, or the value itself */
void bounded_open(lua_State *L);                 /* functions of string and table that have to be bounded */
void pattern_open(lua_State *L);                 /* string.find, match, gmatch, gsub */
void protect_open(lua_State *L);
void coroutine_open(lua_State *L);
void core_open(lua_State *L);
void events_open(lua_State *L);
int events_check(lua_State *L); /* after main.lua: joins handlers and declarations; a step */
void events_free(generation_state *own);
void checks_open(lua_State *L);
unsigned checks_count(generation *g);
int check_run(lua_State *L);       /* runs the self-check whose number (a pointer to it) is at 1; a step */
void core_enter(generation *g);    /* starts what was spawned while loading */
int sandbox_require(lua_State *L); /* build.c */
const char *sandbox_name(lua_State *L, int index); /* "table.sort" for a known C function, or NULL */

/* ---- tasks (task.c, wait.c, exclusive.c) ---- */

enum limit_kind { LIMIT_AWAIT, LIMIT_TASK, LIMIT_SLEEP }; /* raise in it, end it, wake it */
enum task_state { TASK_FREE, TASK_READY, TASK_RUNNING, TASK_WAITING };

/* The part of a task that took longest, when it took long (observe.c). */
struct task_part {
    int64_t us;
    const char *waited; /* in which function; NULL = a stay inside Lua */
    char where[LUA_IDSIZE + 16];
};

typedef struct task {
    task_call call;
    handle self;
    enum task_state state;
    lua_State *L;      /* its own coroutine */
    lua_State **chain; /* scripts' coroutines that wait inside it, innermost first */
    unsigned chain_count, chain_room;
    uint32_t turn; /* odd while a token of it is good */
    const char *waits_for;
    const char *wait_only, *wait_holder;  /* task_wait_only */
    int (*push)(lua_State *L, void *ctx); /* of the wake */
    void *push_ctx;
    void (*release)(void *ctx);
    bool woken;                   /* the answer is there */
    bool started;                 /* its coroutine has begun */
    int cancel;                   /* code to end with at the next suspension, or 0 */
    int outcome;                  /* 0 or the code for done */
    char *error;                  /* text of the error, malloc'ed */
    char *trace;                  /* traceback, malloc'ed */
    size_t grown;                 /* bytes it grew the heap by in earlier bursts */
    uint32_t coroutines;          /* made in this burst */
    int64_t began_us;             /* 0 until it first waits */
    int64_t started_us, since_us; /* observe_now: of its start; of the state it is in */
    struct task_part *longest;    /* NULL as a rule */
    int64_t limit_us;             /* when it may wait no longer, 0 = for ever */
    enum limit_kind limit_kind;
    bool event;       /* the function is an array of handlers, run one after another */
    unsigned heap_at; /* 1-based place in the heap of deadlines; 0 = not in it */
    struct task_end {
        void (*fn)(void *ctx);
        void *ctx;
    } * ends;
    unsigned end_count, end_room;
    struct exclusive *locks;              /* held ones, newest first */
    struct exclusive *waits_key;          /* the one it waits for */
    bool trace_kept;                      /* the next error is one whose trace is kept already */
    struct task *next;                    /* run queue */
    struct task *live_next, *live_before; /* all tasks of the engine */
} task;

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

extern const char engine_mark; /* its address is the mark */

static inline task *task_here(lua_State *L) { return generation_of(L)->own->running; }
bool chain_add(task *t, lua_State *co);
void chain_remove(task *t, lua_State *co);
void close_killed(watch *w, lua_State *co); /* closes a coroutine under the watchdog, one budget for all */
int close_coroutine(lua_State *co, lua_State *from);
void tasks_init(engine *e);
int64_t observe_now(const engine *e); /* the coarse clock, or the host's own */
void observe_open(engine *e);
void observe_wait(engine *e, task *t, int64_t now); /* it goes on after a wait */
void observe_burst(engine *e, task *t, int64_t began, bool alive);
void observe_end(engine *e, task *t);
bool observe_failure(engine *e, const task *t, const char *text, const char *trace); /* whether the log is to say it */
void observe_repeats(engine *e, int64_t now);
void task_end_all(engine *e, const generation *g, bool background_only, int code); /* g NULL = all */
void tasks_due(engine *e, int64_t now);
void heap_put(engine *e, task *t);
void heap_remove(engine *e, task *t);
void exclusive_release_all(engine *e, task *t);
void exclusive_forget(engine *e, task *t); /* it no longer waits for a key */
void exclusive_free(engine *e);
int task_body(lua_State *L);       /* the C function at the bottom of a task's coroutine */
int task_event_body(lua_State *L); /* … of one that runs the handlers of an event */
void task_keep_error(task *t, const char *text);
void task_log_failure(task *t);
void task_describe(const task *t, char *text, size_t size); /* "session 17 from 192.0.2.7, generation 3 1b2c3d4e" */
void task_report_kill(engine *e, task *t);
int exclusive_call(lua_State *L);     /* mu.exclusive */
int task_keep_trace(lua_State *L);    /* message handler: keeps the traceback of the error in the task */
void generation_unref(generation *g); /* loop thread */
void engine_ask_pump(engine *e);
void engine_enter(engine *e, generation *g);
void engine_close(generation *g); /* nothing holds it: closed on a worker */
void engine_keep_report(engine *e, const generation *g);
void engine_keep_sources(engine *e, generation *old); /* for a rollback */
void engine_drained(engine *e); /* a generation has no tasks any more: is one ready to be swapped in? */
void engine_settle(engine *e);  /* after a pump: is a stop complete? */
void suspend_check(lua_State *L, const char *what); /* raises where nothing may wait */
task_token suspend_as(lua_State *L, const char *what, int64_t limit_us, enum limit_kind kind);
handle task_start_as(engine *e, const task_call *call, bool event);
void *script_grow(void *p, unsigned *room, size_t size); /* doubles an array; NULL when out of memory, p stays good */

#endif
