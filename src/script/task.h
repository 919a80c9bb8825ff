/* task.h: a task is one handler run on a pooled coroutine.
 *
 * push → handler → finish run inside one coroutine, protected, under the watchdog and the memory limits; they may
 * raise. `done` runs outside Lua, exactly once, on the loop thread.
 *
 *     task_call call = {.generation = g, .function_ref = ref, .what = "util.ping", .subject = session,
 *                       .push = push_request, .finish = encode_reply, .done = reply_done, .ctx = request};
 *     task_start(engine, &call);
 *
 * A C function that waits:
 *
 *     static int lua_sleep(lua_State *L) {
 *         task_token w = task_suspend(L, "mu.sleep");           // raises where nothing may suspend
 *         start_timer(…, w);                                    // later: task_wake(engine, w, push, ctx, release)
 *         return task_yield(L, w);                              // returns what the wake's push pushed
 *     }
 *
 * Completions only enqueue; one pump resumes. A token that is no longer waited for is released, counted, dropped. */
#ifndef SCRIPT_TASK_H
#define SCRIPT_TASK_H

#include "script/generation.h"

typedef struct task_call {
    generation *generation;
    int function_ref; /* the handler, in the registry (generation_ref); LUA_NOREF: push pushes the function first */
    const char *what; /* "util.ping"; good for the life of the generation */
    handle subject;   /* record the log lines name; all 0 for none */
    int (*push)(lua_State *L, void *ctx); /* pushes the arguments, returns their number; may be NULL */
    /* Sees the results, stack positions first … first + count - 1; returns anything ≥ 0; may raise. May be NULL. */
    int (*finish)(lua_State *L, int first, int count, void *ctx);
    /* why NULL = fine; else E_SCRIPT (an error, logged already), E_KILLED (a limit, logged already), E_TIMEOUT (total
     * time), E_CANCELLED, E_CLOSED (the engine stops). May be NULL. May start tasks. */
    void (*done)(void *ctx, const fault *why);
    void *ctx;
    int64_t
        *burst_ns; /* where its time inside Lua is added up, while it lasts; NULL as a rule: it costs two clock calls */
    bool background; /* no total time limit; cancelled when its generation is left */
} task_call;

typedef struct task_token {
    handle task;
    uint32_t turn; /* which suspension of it */
} task_token;

/* Runs at once when no Lua runs on this thread, else it is queued. The returned handle may be dead already. */
handle task_start(engine *e, const task_call *call);

/* Ends a task with `code` at `done`: at once when it waits or is queued; one that runs ends at its next suspension, or
 * as usual when it returns first. A dead handle is fine. */
void task_cancel(engine *e, handle task, int code);

/* Announces that the running C function is going to wait; `what` (static) is used in messages. Raises where nothing may
 * suspend, naming the place. Nothing that can raise may come between this and task_yield, but task_suspend_cancel. The
 * await limit applies; task_suspend_for gives another one: microseconds, 0 = none. */
task_token task_suspend(lua_State *L, const char *what);
task_token task_suspend_for(lua_State *L, const char *what, int64_t limit_us);
void task_suspend_cancel(lua_State *L, task_token t); /* the operation could not be started: go on without yielding */

/* `return task_yield(L, t);` as the last thing of the C function. */
int task_yield(lua_State *L, task_token t);

/* The answer has come. push(L, ctx) runs inside the coroutine's protection and returns the number of results, or
 * raises; release(ctx) always runs once, afterwards or instead. Both may be NULL. Loop thread; only enqueues, and may
 * even be called between task_suspend and task_yield. Returns false when the token was stale. */
bool task_wake(engine *e, task_token t, int (*push)(lua_State *L, void *ctx), void *ctx, void (*release)(void *ctx));

handle task_current(lua_State *L); /* generation 0 while loading */
handle task_subject(lua_State *L);
const char *task_what(lua_State *L);

/* fn(ctx) when the running task has ended, before its `done`, whatever way it ends (transactions, locks). Loop thread,
 * outside Lua. Returns 0 or E_MEMORY. */
int task_defer(lua_State *L, void (*fn)(void *ctx), void *ctx);

/* From now on the task may wait only in functions whose name begins with `prefix`; everything else that waits raises
 * "… cannot wait inside <holder>". For what others stand behind meanwhile: an exclusive transaction. prefix NULL lifts
 * it. Both texts static; a dead handle is fine. Loop thread. */
void task_wait_only(engine *e, handle task, const char *prefix, const char *holder);

/* For long loops in C that run inside Lua: cheap; passes on a kill by the watchdog (does not return then). Nothing may
 * be held outside a collectable box across it. */
void task_poll(lua_State *L);

#endif
