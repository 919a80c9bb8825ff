/* suspend.c: waiting: where it is allowed, and how a C function does it (task.h). */
#include "script/state.h"
#include "base/check.h"
#include <stdio.h>
#include <string.h>

/* C functions that Lua can wait inside of. */
static bool passes_waits(const char *name) {
    static const char *const names[] = {"pcall", "xpcall", "coroutine.resume", "coroutine.wrap", "mu.exclusive"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) return true;
    }
    return false;
}

/* Pushes the name of the innermost C function above level 0 that cannot be waited inside of. */
static void push_boundary(lua_State *L, lua_State *in) {
    lua_Debug ar;
    char place[128], called[80] = "";
    for (int level = 1; lua_getstack(in, level, &ar); level++) {
        lua_getinfo(in, "Snf", &ar);
        bool is_c = *ar.what == 'C';
        const char *name = is_c ? sandbox_name(in, -1) : NULL;
        lua_pop(in, 1);
        if (!is_c && called[0]) break; /* called by name only */
        if (!is_c || (name && passes_waits(name))) continue;
        if (!name && !called[0]) snprintf(called, sizeof called, "%s", ar.name ? ar.name : "a C function");
        if (!name) continue; /* the one that a script knows is the one further out */
        snprintf(called, sizeof called, "%s", name);
        break;
    }
    trace_place(in, 1, place, sizeof place);
    lua_pushfstring(L, "%s (at %s)", called[0] ? called : "a call that cannot wait", place[0] ? place : "?");
}

static void refuse_metamethod(lua_State *L, const char *what) {
    lua_Debug ar;
    char place[128];
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "n", &ar);
        if (strcmp(ar.namewhat, "metamethod") != 0) continue;
        trace_place(L, level + 1, place, sizeof place);
        luaL_error(L, "%s cannot wait inside the metamethod __%s (at %s)", what, ar.name, place);
    }
}

static void check_place(lua_State *L, const char *what) {
    const generation *g = generation_of(L);
    if (g->loading) luaL_error(L, "%s cannot wait while scripts load", what);
    if (!g->own->running) luaL_error(L, "%s can wait only inside a task", what);
    const char *only = g->own->running->wait_only;
    if (only && strncmp(what, only, strlen(only)) != 0)
        luaL_error(L, "%s cannot wait inside %s", what, g->own->running->wait_holder);
    lua_State *barrier = g->own->watch->barrier;
    if (barrier || !lua_isyieldable(L)) {
        if (!barrier || barrier == L)
            refuse_metamethod(L, what);
        else if (lua_checkstack(barrier, 4)) {
            push_boundary(L, barrier);
            luaL_error(L, "%s cannot wait inside %s", what, lua_tostring(L, -1));
        }
        push_boundary(L, L);
        luaL_error(L, "%s cannot wait inside %s", what, lua_tostring(L, -1));
    }
}

void suspend_check(lua_State *L, const char *what) {
    check_place(L, what);
    refuse_metamethod(L, what);
    generation_of(L)->own->may_wait = L; /* naming each call on the stack is dear: once is enough */
}

task_token suspend_as(lua_State *L, const char *what, int64_t limit_us, enum limit_kind kind) {
    generation *g = generation_of(L);
    check_place(L, what);
    if (g->own->may_wait != L) refuse_metamethod(L, what);
    g->own->may_wait = NULL;
    task *t = g->own->running;
    require(!(t->turn & 1));
    luaL_checkstack(L, 4, "too much on the stack to wait");
    t->turn++;
    t->waits_for = what;
    t->woken = false;
    t->limit_us = 0;
    if (limit_us || !t->call.background) {
        int64_t now = engine_now(g->engine);
        if (!t->began_us) t->began_us = now;
        if (limit_us) t->limit_us = now + limit_us, t->limit_kind = kind;
        int64_t total = t->began_us + g->own->limits.task_us;
        if (!t->call.background && (!t->limit_us || total < t->limit_us)) {
            t->limit_us = total, t->limit_kind = LIMIT_TASK;
        }
        heap_put(g->engine, t);
    }
    return (task_token){t->self, t->turn};
}

task_token task_suspend(lua_State *L, const char *what) {
    return suspend_as(L, what, generation_of(L)->own->limits.await_us, LIMIT_AWAIT);
}

task_token task_suspend_for(lua_State *L, const char *what, int64_t limit_us) {
    return suspend_as(L, what, limit_us, LIMIT_AWAIT);
}

void task_suspend_cancel(lua_State *L, task_token token) {
    generation *g = generation_of(L);
    task *t = g->own->running;
    if (!expect(t && t->turn == token.turn && (t->turn & 1))) return;
    t->turn++;
    heap_remove(g->engine, t);
    if (t->woken && t->release) t->release(t->push_ctx);
    t->release = NULL;
    t->woken = false;
}

/* Back in the coroutine that waited: the answer becomes the results of its C function. */
static int answered(lua_State *L, int status, lua_KContext unused) {
    (void)status, (void)unused;
    task *t = task_here(L);
    int (*push)(lua_State *, void *) = t->push;
    t->push = NULL;
    return push ? push(L, t->push_ctx) : 0;
}

int task_yield(lua_State *L, task_token token) {
    const task *t = task_here(L);
    require(t && t->turn == token.turn);
    lua_pushlightuserdata(L, (void *)&engine_mark);
    return lua_yieldk(L, 1, 0, answered);
}
