/* task.c: tasks: pooled coroutines, the run queue, waiting and waking, the end of each.
 *
 * A task's coroutine runs one C function, task_body (task_body.c): push → handler (protected call) → finish. What goes
 * wrong in the handler is caught inside the coroutine, so that it can be used again; what goes wrong in push or finish
 * ends the coroutine with it. A burst that succeeds touches no clock, no lock and no memory of ours. */
#include "script/state.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUMP_BATCH 256
#define IDLE_MAX   256

void *script_grow(void *p, unsigned *room, size_t size) {
    unsigned more = *room ? *room * 2 : 8;
    void *q = realloc(p, more * size);
    if (q) *room = more;
    return q;
}

void tasks_init(engine *e) { slab_init(&e->tasks, sizeof(task)); }

/* ---- the run queue ---- */

void engine_ask_pump(engine *e) {
    if (e->pumping || e->pump_asked) return;
    e->pump_asked = true;
    if (e->options.host.pump_soon) e->options.host.pump_soon(e->options.host.ctx);
}

static void enqueue(engine *e, task *t) {
    t->state = TASK_READY;
    t->next = NULL;
    if (e->ready_last)
        e->ready_last->next = t;
    else
        e->ready_first = t;
    e->ready_last = t;
    e->ready_count++;
    engine_ask_pump(e);
}

static task *dequeue(engine *e) {
    task *t = e->ready_first;
    e->ready_first = t->next;
    if (!e->ready_first) e->ready_last = NULL;
    e->ready_count--;
    return t;
}

static void unqueue(engine *e, task *t) {
    task *before = NULL;
    for (task *at = e->ready_first; at; before = at, at = at->next) {
        if (at != t) continue;
        if (before)
            before->next = t->next;
        else
            e->ready_first = t->next;
        if (e->ready_last == t) e->ready_last = before;
        e->ready_count--;
        return;
    }
}

/* ---- coroutines ---- */

static int make_coroutine(lua_State *L) {
    generation *g = generation_of(L);
    lua_State *co = lua_newthread(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, co);
    g->own->idle[g->own->idle_count++] = co;
    return 0;
}

static int drop_coroutine(lua_State *L) {
    lua_State *co = lua_touserdata(L, 1);
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, co);
    return 0;
}

static lua_State *take_coroutine(generation *g) {
    generation_state *own = g->own;
    if (own->idle_count == 0) {
        if (own->idle_room == 0) {
            lua_State **room = script_grow(own->idle, &own->idle_room, sizeof *room);
            if (!room) return NULL;
            own->idle = room;
        }
        if (generation_protect(g, make_coroutine, NULL) < 0) return NULL;
    }
    return own->idle[--own->idle_count];
}

static void give_coroutine(generation *g, lua_State *L, bool usable) {
    generation_state *own = g->own;
    if (usable && own->idle_count < IDLE_MAX) {
        if (own->idle_count == own->idle_room) {
            lua_State **room = script_grow(own->idle, &own->idle_room, sizeof *room);
            if (room) own->idle = room;
        }
        if (own->idle_count < own->idle_room) {
            own->idle[own->idle_count++] = L;
            return;
        }
    }
    generation_protect(g, drop_coroutine, L);
}

/* ---- the end ---- */

static void finish_task(engine *e, task *t) {
    generation *g = t->call.generation;
    fault why; /* half a kilobyte: filled in only where something went wrong */
    bool bad = t->outcome != 0;
    if (t->outcome == E_SCRIPT) {
        e->counts.tasks_failed++;
        if (!t->event) task_log_failure(t);
    }
    if (bad) fault_set(&why, t->outcome, "%s: %s", t->call.what, t->error ? t->error : fault_name(t->outcome));
    observe_end(e, t);
    heap_remove(e, t);
    exclusive_forget(e, t);
    exclusive_release_all(e, t);
    while (t->end_count) {
        struct task_end *end = &t->ends[--t->end_count];
        end->fn(end->ctx);
    }
    if (t->release) t->release(t->push_ctx);
    void (*done)(void *, const fault *) = t->call.done;
    void *ctx = t->call.ctx;
    free(t->ends), free(t->chain), free(t->error), free(t->trace);
    if (t->live_before)
        t->live_before->live_next = t->live_next;
    else
        e->all = t->live_next;
    if (t->live_next) t->live_next->live_before = t->live_before;
    e->live_count--;
    slab_remove(&e->tasks, t->self);
    bool last = --g->own->tasks == 0;
    if (done) done(ctx, bad ? &why : NULL);
    generation_unref(g);
    if (__builtin_expect(last && e->ready != NULL, 0)) {
        e->drained = true; /* not from here: whoever ended the task may be in the middle of something */
        engine_ask_pump(e);
    }
}

/* Inside a burst: closes what waits, innermost first. */
static void close_chain(engine *e, task *t) {
    for (unsigned i = 0; i < t->chain_count; i++) close_killed(&e->watch, t->chain[i]);
    t->chain_count = 0;
    close_killed(&e->watch, t->L);
}

static void open_burst(engine *e, task *t, generation_state *own) {
    size_t left = own->limits.task_memory > t->grown ? own->limits.task_memory - t->grown : 0;
    size_t soft = own->memory.used + left;
    memory_limit(&own->memory, soft < own->limits.memory ? soft : own->limits.memory);
    own->running = t;
    t->state = TASK_RUNNING;
    if (__builtin_expect(t->call.burst_ns != NULL, 0)) *t->call.burst_ns -= clock_mono_ns();
    watch_enter(&e->watch, t->L);
}

static void close_burst(engine *e, task *t, generation_state *own) {
    watch_leave(&e->watch, t->L);
    if (__builtin_expect(t->call.burst_ns != NULL, 0)) *t->call.burst_ns += clock_mono_ns();
    own->running = NULL;
    memory_limit(&own->memory, own->limits.memory);
}

/* Ends a task that waits or is queued; not while Lua runs. */
static void end_task(engine *e, task *t, int code, const char *text) {
    generation *g = t->call.generation;
    if (t->state == TASK_READY) unqueue(e, t);
    heap_remove(e, t);
    exclusive_forget(e, t);
    if (t->started) {
        t->turn += t->turn & 1;
        open_burst(e, t, g->own);
        for (unsigned i = 0; i < t->chain_count; i++) {
            watch_switch(&e->watch, t->chain[i]);
            close_coroutine(t->chain[i], NULL);
        }
        watch_switch(&e->watch, t->L);
        close_coroutine(t->L, NULL);
        close_burst(e, t, g->own);
        t->state = TASK_WAITING; /* what has ended is a wait, not a burst */
        give_coroutine(g, t->L, false);
    }
    t->outcome = code;
    if (text) task_keep_error(t, text);
    finish_task(e, t);
}

/* A burst that did not simply end: it waits, was killed, or has failed. */
static void judge(engine *e, task *t, int status) {
    if (status == LUA_ERRMEM) watch_kill(&e->watch, WATCH_MEMORY);
    if (watch_killed(&e->watch)) {
        t->outcome = E_KILLED;
        close_chain(e, t);
        task_report_kill(e, t);
    } else if (status != LUA_YIELD) {
        t->outcome = E_SCRIPT;
        if (lua_type(t->L, -1) == LUA_TSTRING)
            task_keep_error(t, lua_tostring(t->L, -1));
        else if (!t->error)
            task_keep_error(t, "the error value is not a string");
    }
}

/* One burst of a task. */
static void run_task(engine *e, task *t) {
    generation *g = t->call.generation;
    generation_state *own = g->own;
    int count = 0;
    if (__builtin_expect(t->cancel != 0, 0)) {
        t->state = TASK_WAITING; /* it has left the queue already */
        end_task(e, t, t->cancel, NULL);
        return;
    }
    if (!t->started) {
        t->L = take_coroutine(g);
        if (!t->L) {
            end_task(e, t, E_MEMORY, "no memory for a coroutine (limits.memory_mib)");
            return;
        }
        t->started = true;
        lua_pushcfunction(t->L, t->event ? task_event_body : task_body);
    } else {
        lua_pop(t->L, 1); /* the mark */
    }
    t->turn += t->turn & 1;
    void (*release)(void *) = t->release;
    void *release_ctx = t->push_ctx;
    t->release = NULL;
    t->woken = false;
    t->coroutines = 0;
    size_t before = own->memory.used;
    int64_t began = e->looked_us;
    if (t->waits_for) observe_wait(e, t, began);
    open_burst(e, t, own);
    int status = lua_resume(t->L, NULL, 0, &count);
    bool usable = status == LUA_OK;
    if (__builtin_expect(status != LUA_OK, 0)) judge(e, t, status);
    close_burst(e, t, own);
    observe_burst(e, t, began, status == LUA_YIELD && t->outcome != E_KILLED);
    if (release) release(release_ctx);
    if (status == LUA_YIELD && t->outcome != E_KILLED) {
        if (own->memory.used > before) t->grown += own->memory.used - before;
        t->state = TASK_WAITING;
        if (t->cancel)
            end_task(e, t, t->cancel, NULL);
        else if (t->woken)
            enqueue(e, t);
        return;
    }
    if (usable) lua_settop(t->L, 0);
    give_coroutine(g, t->L, usable);
    finish_task(e, t);
}

/* ---- what is due ---- */

static int push_timeout(lua_State *L, void *ctx) {
    const task *t = ctx;
    const script_limits *l = &t->call.generation->own->limits;
    return luaL_error(L, "%s: no answer within %d seconds (limits.await_seconds)", t->waits_for,
                      (int)(l->await_us / 1000000));
}

void tasks_due(engine *e, int64_t now) {
    while (e->heap_count && e->heap[0]->limit_us <= now) {
        task *t = e->heap[0];
        if (t->limit_kind == LIMIT_TASK) {
            char text[160], who[256];
            snprintf(text, sizeof text, "it has waited in %s when its time was over (limits.task_seconds = %lld)",
                     t->waits_for, (long long)(t->call.generation->own->limits.task_us / 1000000));
            task_describe(t, who, sizeof who);
            log_error("script", "%s was ended (%s): %s", t->call.what, who, text);
            e->counts.tasks_timed_out++;
            end_task(e, t, E_TIMEOUT, text);
            continue;
        }
        exclusive_forget(e, t);
        task_token token = {t->self, t->turn};
        if (t->limit_kind == LIMIT_AWAIT) e->counts.tasks_timed_out++;
        task_wake(e, token, t->limit_kind == LIMIT_AWAIT ? push_timeout : NULL, t, NULL);
    }
}

static void ask_wake(engine *e) {
    int64_t at = e->heap_count ? e->heap[0]->limit_us : INT64_MAX;
    if (e->repeat_at && e->repeat_at < at) at = e->repeat_at;
    if (e->stopping && e->live_count && !e->stop_killed && e->stop_deadline < at) at = e->stop_deadline;
    if (at == INT64_MAX || !e->options.host.wake_at || (e->wake_asked && e->wake_asked <= at)) return;
    e->wake_asked = at;
    e->options.host.wake_at(e->options.host.ctx, at);
}

static void drain(engine *e) {
    e->looked_us = observe_now(e);
    for (int i = 0; i < PUMP_BATCH && e->ready_first; i++) run_task(e, dequeue(e));
}

static void end_pump(engine *e) {
    e->pumping = false;
    e->pump_asked = false;
    if (e->ready_first || e->drained) engine_ask_pump(e);
    if (e->heap_count || e->stopping || e->repeat_at) ask_wake(e);
}

void engine_pump(engine *e) {
    if (e->pumping) return;
    e->pumping = true;
    if (e->heap_count || e->wake_asked) {
        int64_t now = engine_now(e);
        if (now >= e->wake_asked) e->wake_asked = 0;
        tasks_due(e, now);
        observe_repeats(e, now);
    }
    drain(e);
    bool drained = e->drained;
    e->drained = false;
    end_pump(e);
    if (__builtin_expect(drained, 0)) engine_drained(e);
    engine_settle(e);
}

/* ---- the interface ---- */

static bool make_room(engine *e) {
    if (e->live_count < e->heap_room) return true;
    task **heap = script_grow(e->heap, &e->heap_room, sizeof *heap);
    if (heap) e->heap = heap;
    return heap != NULL;
}

static void refuse(const task_call *call, int code, const char *text) {
    fault why;
    fault_set(&why, code, "%s: %s", call->what, text);
    if (call->done) call->done(call->ctx, &why);
}

handle task_start_as(engine *e, const task_call *call, bool event) {
    handle none = {0, 0};
    if (e->stopping) return refuse(call, E_CLOSED, "the server stops"), none;
    handle self = make_room(e) ? slab_add(&e->tasks) : none;
    task *t = slab_get(&e->tasks, self);
    if (!t) return refuse(call, E_MEMORY, "out of memory"), none;
    t->call = *call;
    t->self = self;
    t->event = event;
    t->started_us = t->since_us = e->looked_us = observe_now(e);
    t->live_next = e->all;
    if (e->all) e->all->live_before = t;
    e->all = t;
    e->live_count++;
    e->counts.tasks_started++;
    call->generation->own->refs++;
    call->generation->own->tasks++;
    if (e->pumping || watch_inside(&e->watch)) {
        enqueue(e, t);
        return self;
    }
    e->pumping = true;
    run_task(e, t);
    if (e->ready_first) drain(e);
    end_pump(e);
    return self;
}

handle task_start(engine *e, const task_call *call) { return task_start_as(e, call, false); }

void task_cancel(engine *e, handle h, int code) {
    task *t = slab_get(&e->tasks, h);
    if (!t) return;
    if (t->state == TASK_RUNNING || watch_inside(&e->watch)) {
        t->cancel = code;
        if (t->state == TASK_WAITING) enqueue(e, t);
        return;
    }
    end_task(e, t, code, NULL);
}

bool task_wake(engine *e, task_token token, int (*push)(lua_State *L, void *ctx), void *ctx,
               void (*release)(void *ctx)) {
    task *t = slab_get(&e->tasks, token.task);
    if (!t || t->turn != token.turn || !(t->turn & 1) || t->woken) {
        e->counts.wakes_stale++;
        if (release) release(ctx);
        return false;
    }
    t->woken = true;
    t->push = push, t->push_ctx = ctx, t->release = release;
    heap_remove(e, t);
    if (t->state == TASK_WAITING) enqueue(e, t);
    return true;
}

void task_end_all(engine *e, const generation *g, bool background_only, int code) {
    for (task *t = e->all, *next; t; t = next) {
        next = t->live_next;
        if ((g && t->call.generation != g) || (background_only && !t->call.background)) continue;
        t->cancel = code;
        if (t->state == TASK_WAITING) enqueue(e, t); /* the pump ends it */
    }
}

handle task_current(lua_State *L) {
    const task *t = task_here(L);
    return t ? t->self : (handle){0, 0};
}

handle task_subject(lua_State *L) {
    const task *t = task_here(L);
    return t ? t->call.subject : (handle){0, 0};
}

const char *task_what(lua_State *L) {
    const task *t = task_here(L);
    return t ? t->call.what : "loading";
}

void task_wait_only(engine *e, handle h, const char *prefix, const char *holder) {
    task *t = slab_get(&e->tasks, h);
    if (!t) return;
    t->wait_only = prefix;
    t->wait_holder = holder;
}

int task_defer(lua_State *L, void (*fn)(void *ctx), void *ctx) {
    task *t = task_here(L);
    if (!expect(t != NULL)) return E_ARGUMENT;
    if (t->end_count == t->end_room) {
        struct task_end *ends = script_grow(t->ends, &t->end_room, sizeof *ends);
        if (!ends) return E_MEMORY;
        t->ends = ends;
    }
    t->ends[t->end_count++] = (struct task_end){fn, ctx};
    return 0;
}

void task_poll(lua_State *L) {
    watch *w = generation_of(L)->own->watch;
    if (WATCH_POLLS && w) watch_notice(w);
    if (__builtin_expect(w && watch_killed(w), 0)) {
        if (w->trace && !w->trace[0]) trace_write(L, 0, w->trace, WATCH_TRACE);
        watch_pass(L);
    }
}
