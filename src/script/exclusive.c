/* exclusive.c: mu.exclusive(key, fn, …): one task at a time per key, in the order of asking.
 *
 * The keys belong to the engine, not to a generation: a task of the old generation and one of the new exclude each
 * other too. A task that ends in whatever way gives back what it holds. Asking again for a key one holds is fine. */
#include "script/state.h"
#include "base/check.h"
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256

typedef struct waiter {
    task *task;
    uint32_t turn;
    struct waiter *next;
} waiter;

typedef struct exclusive {
    struct exclusive *next; /* in its bucket */
    struct exclusive *held; /* the next one the holder holds */
    task *holder;
    unsigned depth;
    waiter *first, *last;
    size_t length;
    char key[];
} exclusive;

struct exclusive_set {
    exclusive *buckets[BUCKETS];
};

static exclusive **bucket(struct exclusive_set *set, const char *key, size_t length) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)key[i]) * 16777619u;
    return &set->buckets[hash % BUCKETS];
}

/* The lock of a key, made when missing; NULL when out of memory. */
static exclusive *find(engine *e, const char *key, size_t length) {
    if (!e->exclusives && !(e->exclusives = calloc(1, sizeof *e->exclusives))) return NULL;
    exclusive **at = bucket(e->exclusives, key, length);
    for (exclusive *x = *at; x; x = x->next) {
        if (x->length == length && memcmp(x->key, key, length) == 0) return x;
    }
    exclusive *x = calloc(1, sizeof *x + length);
    if (!x) return NULL;
    memcpy(x->key, key, length);
    x->length = length;
    x->next = *at;
    *at = x;
    return x;
}

static void forget(engine *e, exclusive *x) {
    if (x->holder || x->first) return;
    exclusive **at = bucket(e->exclusives, x->key, x->length);
    while (*at != x) at = &(*at)->next;
    *at = x->next;
    free(x);
}

static void hold(exclusive *x, task *t) {
    x->holder = t;
    x->depth = 1;
    x->held = t->locks;
    t->locks = x;
}

/* Nobody holds x any more: the first who waits gets it. */
static void pass_on(engine *e, exclusive *x) {
    x->holder = NULL;
    while (x->first) {
        waiter *w = x->first;
        x->first = w->next;
        if (!x->first) x->last = NULL;
        task *t = w->task;
        task_token token = {t->self, w->turn};
        t->waits_key = NULL;
        free(w);
        hold(x, t);
        if (task_wake(e, token, NULL, NULL, NULL)) return;
        t->locks = x->held; /* cannot be: who no longer waits has left the queue */
        x->holder = NULL;
    }
    forget(e, x);
}

static void release(engine *e, exclusive *x) {
    task *t = x->holder;
    if (--x->depth) return;
    exclusive **at = &t->locks;
    while (*at != x) at = &(*at)->held;
    *at = x->held;
    pass_on(e, x);
}

void exclusive_release_all(engine *e, task *t) {
    while (t->locks) {
        t->locks->depth = 1;
        release(e, t->locks);
    }
}

void exclusive_forget(engine *e, task *t) {
    exclusive *x = t->waits_key;
    waiter *before = NULL;
    if (!x) return;
    t->waits_key = NULL;
    for (waiter *w = x->first; w; before = w, w = w->next) {
        if (w->task != t) continue;
        if (before)
            before->next = w->next;
        else
            x->first = w->next;
        if (x->last == w) x->last = before;
        free(w);
        break;
    }
    forget(e, x);
}

void exclusive_free(engine *e) {
    free(e->exclusives); /* every task has ended: the buckets are empty */
    e->exclusives = NULL;
}

/* ---- mu.exclusive ---- */

/* The function has returned or failed. Stack: key, trace keeper, results or error. */
static int ended(lua_State *L, int status, lua_KContext which) {
    generation *g = generation_of(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        if (status == LUA_ERRMEM) watch_kill(g->own->watch, WATCH_MEMORY);
        if (watch_killed(g->own->watch)) return watch_pass(L); /* given back at the end of the task */
    }
    release(g->engine, (exclusive *)which);
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 2;
    g->own->running->trace_kept = true;
    return lua_error(L);
}

/* Stack: key, function, arguments. */
static int run(lua_State *L, exclusive *x) {
    lua_pushcfunction(L, task_keep_trace);
    lua_insert(L, 2);
    lua_KContext which = (lua_KContext)x;
    return ended(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 2, which, ended), which);
}

static int granted(lua_State *L, int status, lua_KContext which) {
    (void)status;
    task *t = task_here(L);
    int (*push)(lua_State *, void *) = t->push;
    t->push = NULL;
    if (push) return push(L, t->push_ctx); /* the wait was too long: raises */
    return run(L, (exclusive *)which);
}

int exclusive_call(lua_State *L) {
    generation *g = generation_of(L);
    task *t = g->own->running;
    size_t length;
    lua_pushvalue(L, 1);
    const char *key = lua_tolstring(L, -1, &length);
    exclusive *x = find(g->engine, key, length);
    lua_pop(L, 1);
    if (!x) return luaL_error(L, "mu.exclusive: out of memory");
    if (x->holder == t) {
        x->depth++;
        return run(L, x);
    }
    if (!x->holder) {
        hold(x, t);
        return run(L, x);
    }
    waiter *w = calloc(1, sizeof *w);
    if (!w) return luaL_error(L, "mu.exclusive: out of memory");
    lua_checkstack(L, 4);
    task_token token = suspend_as(L, "mu.exclusive", g->own->limits.await_us, LIMIT_AWAIT);
    w->task = t, w->turn = token.turn;
    if (x->last)
        x->last->next = w;
    else
        x->first = w;
    x->last = w;
    t->waits_key = x;
    lua_pushlightuserdata(L, (void *)&engine_mark);
    return lua_yieldk(L, 1, (lua_KContext)x, granted);
}
