/* coroutine.c: coroutine.* of our own, so that the engine's waiting and killing pass through.
 *
 * Three kinds of yield leave a coroutine. The script's own (coroutine.yield): goes to whoever resumed it. The engine's
 * (task_yield), known by the mark on top of the stack: every coroutine up the chain yields as well, to the scheduler,
 * and on the way back each one resumes the next one inside. A kill: the same way up, never back; where a coroutine on
 * the way cannot yield, the kill goes on as an error.
 *
 * A script's function runs behind a small C body with a protected call, so that an error never leaves a coroutine with
 * its hooks off (an error raised from a hook does), and so that what it has to close is closed under the watchdog.
 * Difference from the manual: after an error in a coroutine its to-be-closed variables are closed at once. */
#include "script/state.h"

const char engine_mark = 0;
static const char error_mark = 0;

static bool has_mark(lua_State *co) {
    return lua_status(co) == LUA_YIELD && lua_gettop(co) > 0 && lua_touserdata(co, -1) == (const void *)&engine_mark;
}

int close_coroutine(lua_State *co, lua_State *from) {
#if LUA_VERSION_RELEASE_NUM >= 50406
    return lua_closethread(co, from);
#else
    (void)from;
    return lua_resetthread(co);
#endif
}

void close_killed(watch *w, lua_State *co) {
    lua_State *before = w->running;
    watch_mercy(w);
    watch_switch(w, co);
    close_coroutine(co, NULL);
    lua_settop(co, 0);
    watch_mercy_end(w, true);
    watch_switch(w, before);
}

bool chain_add(task *t, lua_State *co) {
    if (t->chain_count == t->chain_room) {
        lua_State **more = script_grow(t->chain, &t->chain_room, sizeof *more);
        if (!more) return false;
        t->chain = more;
    }
    t->chain[t->chain_count++] = co;
    return true;
}

void chain_remove(task *t, lua_State *co) {
    for (unsigned i = t->chain_count; i-- > 0;) {
        if (t->chain[i] != co) continue;
        for (; i + 1 < t->chain_count; i++) t->chain[i] = t->chain[i + 1];
        t->chain_count--;
        return;
    }
}

/* ---- the body of a script's coroutine ---- */

static int body_end(lua_State *L, int status, lua_KContext unused) {
    (void)unused;
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
    watch *w = generation_of(L)->own->watch;
    if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
    if (watch_killed(w)) return watch_pass(L);
    lua_pushlightuserdata(L, (void *)&error_mark);
    lua_insert(L, -2);
    return 2;
}

static int body(lua_State *L) { return body_end(L, lua_pcallk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, 0, body_end), 0); }

static lua_State *create(lua_State *L, int function) {
    const generation_state *own = generation_of(L)->own;
    luaL_checktype(L, function, LUA_TFUNCTION);
    if (own->running && ++own->running->coroutines > own->limits.coroutines) {
        luaL_error(L, "coroutine: a handler may make %d of them without a pause (limits.coroutines)",
                   (int)own->limits.coroutines);
    }
    lua_State *co = lua_newthread(L);
    lua_pushcfunction(co, body);
    lua_pushvalue(L, function);
    lua_xmove(L, co, 1);
    return co;
}

/* ---- resume ---- */

static const char *state_name(lua_State *L, lua_State *co) {
    lua_Debug ar;
    if (co == L) return "running";
    if (co == generation_of(L)->L) return "normal";
    switch (lua_status(co)) {
    case LUA_YIELD: return has_mark(co) ? "normal" : "suspended";
    case LUA_OK:
        if (lua_getstack(co, 0, &ar)) return "normal";
        return lua_gettop(co) == 0 ? "dead" : "suspended";
    default: return "dead";
    }
}

/* How many values are on top of L after it ran, or -1: an error object is on top of L. Does not return on a wait. */
static int drive(lua_State *L, lua_State *co, int arguments, lua_KFunction k) {
    generation_state *own = generation_of(L)->own;
    watch *w = own->watch;
    lua_State *barrier = w->barrier;
    int count = 0;
    bool yieldable = lua_isyieldable(L);
    if (!yieldable) w->barrier = L;
    watch_switch(w, co);
    int status = lua_resume(co, L, arguments, &count);
    watch_switch(w, L);
    w->barrier = barrier;
    if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
    if (watch_killed(w)) {
        /* Kept by L's stack when L yields; when L unwinds nothing keeps it, so it is closed here. */
        if (!yieldable || !own->running || !chain_add(own->running, co)) close_killed(w, co);
        return watch_pass(L);
    }
    if (status == LUA_YIELD && has_mark(co)) {
        if (!chain_add(own->running, co)) return luaL_error(L, "out of memory");
        lua_pushlightuserdata(L, (void *)&engine_mark);
        return lua_yieldk(L, 1, 0, k);
    }
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(co, count);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    if (status == LUA_OK && count == 2 && lua_touserdata(co, -2) == (const void *)&error_mark) {
        lua_xmove(co, L, 1);
        lua_settop(co, 0);
        return -1;
    }
    lua_xmove(co, L, count);
    return count;
}

/* Moves the arguments on top of L over and runs. -1 and an error on top of L where it cannot be resumed. */
static int start(lua_State *L, lua_State *co, int arguments, lua_KFunction k) {
    const char *state = state_name(L, co);
    if (*state != 's') {
        if (has_mark(co))
            lua_pushliteral(L, "cannot resume a coroutine that waits for the server");
        else
            lua_pushfstring(L, "cannot resume %s coroutine", *state == 'd' ? "dead" : "non-suspended");
        return -1;
    }
    if (!lua_checkstack(co, arguments + 2)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, arguments);
    return drive(L, co, lua_status(co) == LUA_OK ? lua_gettop(co) - 1 : arguments, k);
}

/* Back from a wait of the engine: goes on inside. */
static int go_on(lua_State *L, lua_State *co, lua_KFunction k) {
    chain_remove(generation_of(L)->own->running, co);
    lua_pop(co, 1); /* the mark */
    return drive(L, co, 0, k);
}

static lua_State *check_coroutine(lua_State *L, int index) {
    lua_State *co = lua_tothread(L, index);
    luaL_argexpected(L, co, index, "coroutine");
    return co;
}

static int resume_result(lua_State *L, int count) {
    lua_pushboolean(L, count >= 0);
    if (count < 0) count = 1;
    lua_insert(L, -(count + 1));
    return count + 1;
}

static int resume_again(lua_State *L, int status, lua_KContext unused) {
    (void)status, (void)unused;
    return resume_result(L, go_on(L, lua_tothread(L, 1), resume_again));
}

static int script_resume(lua_State *L) {
    lua_State *co = check_coroutine(L, 1);
    return resume_result(L, start(L, co, lua_gettop(L) - 1, resume_again));
}

static int wrap_result(lua_State *L, int count) {
    if (count >= 0) return count;
    if (lua_type(L, -1) == LUA_TSTRING) { /* where it was called from helps to find the error */
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap_again(lua_State *L, int status, lua_KContext unused) {
    (void)status, (void)unused;
    return wrap_result(L, go_on(L, lua_tothread(L, lua_upvalueindex(1)), wrap_again));
}

static int wrapped(lua_State *L) {
    return wrap_result(L, start(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L), wrap_again));
}

static int script_create(lua_State *L) {
    create(L, 1);
    return 1;
}

static int script_wrap(lua_State *L) {
    create(L, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static bool is_base(lua_State *L) {
    generation *g = generation_of(L);
    return L == g->L || (g->own->running && g->own->running->L == L);
}

static int script_yield(lua_State *L) {
    if (is_base(L)) return luaL_error(L, "attempt to yield from outside a coroutine");
    return lua_yield(L, lua_gettop(L));
}

static int script_status(lua_State *L) {
    lua_pushstring(L, state_name(L, check_coroutine(L, 1)));
    return 1;
}

static int script_isyieldable(lua_State *L) {
    lua_State *co = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
    lua_pushboolean(L, !is_base(co) && lua_isyieldable(co));
    return 1;
}

/* A task's own coroutine never comes into a script's hands: it would be able to close it. */
static int script_running(lua_State *L) {
    bool base = is_base(L);
    if (base)
        lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    else
        lua_pushthread(L);
    lua_pushboolean(L, base);
    return 2;
}

static int script_close(lua_State *L) {
    lua_State *co = check_coroutine(L, 1);
    const char *state = state_name(L, co);
    if (*state != 's' && *state != 'd') return luaL_error(L, "cannot close a %s coroutine", state);
    watch *w = generation_of(L)->own->watch;
    lua_State *barrier = w->barrier;
    w->barrier = co; /* nothing waits while it closes */
    watch_switch(w, co);
    int status = close_coroutine(co, L);
    watch_switch(w, L);
    w->barrier = barrier;
    if (status == LUA_ERRMEM) watch_kill(w, WATCH_MEMORY);
    if (watch_killed(w)) return watch_pass(L);
    lua_pushboolean(L, status == LUA_OK);
    if (status == LUA_OK) return 1;
    lua_xmove(co, L, 1);
    lua_settop(co, 0);
    return 2;
}

void coroutine_open(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"create", script_create},   {"resume", script_resume}, {"wrap", script_wrap},
        {"yield", script_yield},     {"status", script_status}, {"isyieldable", script_isyieldable},
        {"running", script_running}, {"close", script_close},   {NULL, NULL}};
    luaL_newlib(L, functions);
    lua_setglobal(L, "coroutine");
}
