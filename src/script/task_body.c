/* task_body.c: what runs inside a task's coroutine, and what is said of it when it fails.
 *
 * An error is caught inside, so that the coroutine can be used again and what the handler has to close is closed under
 * the watchdog (an error that a hook raises would leave a coroutine with its hooks off). */
#include "script/state.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- inside the coroutine ---- */

int task_keep_trace(lua_State *L) {
    task *t = task_here(L);
    watch *w = generation_of(L)->own->watch;
    if (!t || watch_killed(w)) return 1;
    if (t->trace_kept) { /* the same error, raised again on its way out */
        t->trace_kept = false;
        return 1;
    }
    if (!t->trace) t->trace = malloc(WATCH_TRACE);
    if (t->trace) trace_write(L, 1, t->trace, WATCH_TRACE);
    return 1;
}

void task_keep_error(task *t, const char *text) {
    free(t->error);
    t->error = strdup(text ? text : "out of memory");
}

static void keep_error_value(task *t, lua_State *L) {
    if (lua_type(L, -1) == LUA_TSTRING) {
        task_keep_error(t, lua_tostring(L, -1));
    } else {
        char text[80];
        snprintf(text, sizeof text, "the error value is a %s", luaL_typename(L, -1));
        task_keep_error(t, text); /* stays if its __tostring fails */
        const char *said = luaL_tolstring(L, -1, NULL);
        task_keep_error(t, said);
        lua_pop(L, 1);
    }
}

static bool handler_failed(lua_State *L, int status) {
    watch *w = generation_of(L)->own->watch;
    if (status == LUA_OK || status == LUA_YIELD) return false;
    if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
    if (watch_killed(w)) watch_pass(L);
    task_here(L)->outcome = E_SCRIPT;
    keep_error_value(task_here(L), L);
    return true;
}

static int task_ended(lua_State *L, int status, lua_KContext unused) {
    (void)unused;
    if (handler_failed(L, status)) return 0;
    const task *t = task_here(L);
    if (t->call.finish) t->call.finish(L, 2, lua_gettop(L) - 1, t->call.ctx);
    return 0;
}

int task_body(lua_State *L) {
    const task *t = task_here(L);
    int n = 0;
    lua_pushcfunction(L, task_keep_trace);
    if (t->call.function_ref != LUA_NOREF) lua_rawgeti(L, LUA_REGISTRYINDEX, t->call.function_ref);
    if (t->call.push) n = t->call.push(L, t->call.ctx);
    if (t->call.function_ref == LUA_NOREF) n--;
    return task_ended(L, lua_pcallk(L, n, LUA_MULTRET, 1, 0, task_ended), 0);
}

/* Handlers of an event: one that fails is reported, the next ones run all the same. Stack: the trace keeper, the array.
 */
static int event_ended(lua_State *L, int status, lua_KContext at) {
    task *t = task_here(L);
    for (lua_Integer count = luaL_len(L, 2);;) {
        if (handler_failed(L, status)) task_log_failure(t);
        lua_settop(L, 2);
        if (++at > count) return 0;
        lua_rawgeti(L, 2, at);
        int n = t->call.push ? t->call.push(L, t->call.ctx) : 0;
        status = lua_pcallk(L, n, 0, 1, at, event_ended);
    }
}

int task_event_body(lua_State *L) {
    lua_pushcfunction(L, task_keep_trace);
    lua_rawgeti(L, LUA_REGISTRYINDEX, task_here(L)->call.function_ref);
    return event_ended(L, LUA_OK, 0);
}

/* ---- reports ---- */

void task_describe(const task *t, char *text, size_t size) {
    const generation *g = t->call.generation;
    const engine_options *o = &g->engine->options;
    char subject[128] = "";
    if (t->call.subject.generation && o->describe) o->describe(o->server, t->call.subject, subject, sizeof subject);
    snprintf(text, size, "%s%sgeneration %u %.8s", subject, subject[0] ? ", " : "", g->number, g->hash);
}

void task_log_failure(task *t) {
    char who[256];
    if (observe_failure(t->call.generation->engine, t, t->error, t->trace)) {
        task_describe(t, who, sizeof who);
        log_error("script", "%s failed (%s): %s%s", t->call.what, who, t->error ? t->error : "out of memory",
                  t->trace ? t->trace : "");
    }
    free(t->trace);
    t->trace = NULL;
}

/* A limit has ended the task: says which, where, and the setting. */
void task_report_kill(engine *e, task *t) {
    const script_limits *l = &t->call.generation->own->limits;
    char text[256], who[256];
    if (e->watch.cause == WATCH_MEMORY) {
        snprintf(text, sizeof text,
                 "it used more memory than a task may (limits.task_memory_mib = %zu, limits.memory_mib = %zu)",
                 l->task_memory >> 20, l->memory >> 20);
    } else {
        snprintf(text, sizeof text, "it ran for more than %lld ms without a pause (limits.burst_ms)",
                 (long long)(l->burst_us / 1000));
    }
    task_describe(t, who, sizeof who);
    if (observe_failure(e, t, text, e->trace))
        log_error("script", "%s was ended (%s): %s%s", t->call.what, who, text, e->trace);
    task_keep_error(t, text);
    e->counts.tasks_killed++;
}
