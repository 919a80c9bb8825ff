/* task_state.h: a task from the inside, for the files that run, suspend, wake, end and report one. Not for other rooms:
 * they have task.h.
 *
 * Glossary. Burst: one stay inside Lua, from resume to return. Task: one handler, one or more bursts. Chain: the task's
 * own coroutine and the scripts' coroutines that it has resumed, one inside the other. Mark: the light value that a
 * coroutine leaves on top of its stack while it waits for the engine and not for a coroutine.resume. */
#ifndef SCRIPT_TASK_STATE_H
#define SCRIPT_TASK_STATE_H

#include "script/task.h"
#include "script/watch.h"
#include <lauxlib.h>

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

extern const char engine_mark; /* its address is the mark */
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
int task_keep_trace(lua_State *L);                  /* message handler: keeps the traceback of the error in the task */
void suspend_check(lua_State *L, const char *what); /* raises where nothing may wait; holds for the next suspend_as */
task_token suspend_as(lua_State *L, const char *what, int64_t limit_us, enum limit_kind kind);
handle task_start_as(engine *e, const task_call *call, bool event);

#endif
