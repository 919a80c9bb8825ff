/* timer_drive.c: runs what is due. The function is looked for by name in the generation that is current at that moment.
 */
#include <lauxlib.h>

#include "base/log.h"
#include "bind/record.h"
#include "bind/server.h"
#include "bind/timer.h"
#include "bind/timer_private.h"
#include "net/loop.h"
#include "script/task.h"

#define BATCH 1000

int timers_join(timers *t, records *all) { return records_on_remove(all, timers_owner_gone, t); }

static int nothing(lua_State *L) { return 0; }

/* The task may have waited in the queue: an owner that has gone meanwhile takes its timer along even now. */
static int push_due(lua_State *L, void *ctx) {
    const timer *d = ctx;
    const records *all = server_of(L)->records;
    timer_entry *e = timer_set_find(generation_of(L)->slots[SLOT_TIMER], d->name);
    if (!e || (d->owner.kind && !record_alive(all, d->owner))) {
        lua_pushcfunction(L, nothing);
        return 1;
    }
    luaL_checkstack(L, TIMER_ARGS_MAX + 4, "timer");
    lua_rawgeti(L, LUA_REGISTRYINDEX, e->function);
    record_push(L, d->owner);
    for (uint32_t i = 0; i < d->arg_count; i++) record_push_value(L, all, &d->args[i]);
    return (int)d->arg_count + 2; /* the function and the owner count as well */
}

static void done(void *ctx, const fault *why) { timer_free(ctx); }

static void run(engine *e, timer *d) {
    generation *g = engine_current(e);
    const timer_entry *entry = g ? timer_set_find(g->slots[SLOT_TIMER], d->name) : NULL;
    if (!entry) {
        log_warn("timer", "%s is due, but no script declares it any more (generation %u %.8s): dropped", d->name,
                 g ? g->number : 0, g ? g->hash : "");
        timer_free(d);
        return;
    }
    const server *s = engine_server(e);
    const record_kind *session = records_kind(s->records, "session");
    task_call call = {
        .generation = g, .function_ref = LUA_NOREF, .what = entry->name, .push = push_due, .done = done, .ctx = d};
    if (session && d->owner.kind == session->id) call.subject = d->owner.at;
    task_start(e, &call);
}

bool timers_pump(engine *e, timers *t) {
    int64_t now = engine_now(e);
    for (int i = 0; i < BATCH; i++) {
        timer *d = timers_due(t, now);
        if (!d) return false;
        run(e, d);
    }
    return timers_next(t) <= now;
}

/* ---- with the loop ---- */

static struct {
    server *server;
    loop_timer timer;
} me;

static void aim(void *ctx, int64_t deadline);

static void fire(void *ctx) {
    timers *t = me.server->timers;
    timers_pump(me.server->engine, t);
    aim(NULL, timers_next(t)); /* more may be due, and the deadline may not have changed since it was aimed at */
}

static void aim(void *ctx, int64_t deadline) {
    if (deadline == TIMERS_NO_DEADLINE) {
        loop_timer_stop(&me.timer);
        return;
    }
    int64_t delay = deadline - engine_now(me.server->engine);
    if (loop_timer_start(me.server->loop, &me.timer, delay > 0 ? delay : 0, 0, fire, NULL) < 0) {
        log_error("timer", "the loop takes no timer: out of memory");
    }
}

int timer_drive(server *s, fault *f) {
    int code = timers_join(s->timers, s->records);
    if (code < 0) return fault_set(f, code, "timers: too many watch the end of records");
    me.server = s;
    timers_on_next(s->timers, aim, NULL);
    return 0;
}

void timer_drive_stop(void) {
    if (!me.server) return;
    loop_timer_stop(&me.timer);
    timers_on_next(me.server->timers, NULL, NULL);
    me.server = NULL;
}
