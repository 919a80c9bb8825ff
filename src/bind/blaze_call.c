/* blaze_call.c: decode, guards, handler, encode: one request inside one task.
 *
 * The task runs `entry`, a C function, so that everything happens inside the coroutine: a request that cannot be
 * decoded, a handler that raises or is killed, an answer that its schema refuses all end here and nowhere else. Any of
 * the guards and the handler may suspend; `resumed` goes on where it was.
 *
 * What it does not do: frames, order, connections (blaze_session.c). */
#include "bind/blaze_call.h"

#include <lauxlib.h>

#include "base/log.h"
#include "bind/blaze_kept.h"
#include "bind/blaze_session.h"
#include "bind/record.h"
#include "bind/slots.h"
#include "bind/route_stats.h"
#include "bind/tdf_codec.h"

#define ANSWER_KEEP ((size_t)256 << 10) /* the scratch buffer gives back what is above */

static buf answer; /* loop thread; filled by finish, read by done, which follows without anything in between */

bytes blaze_call_answer(void) { return buf_bytes(&answer); }

/* ---- inside the coroutine ---- */

static int handler_returned(lua_State *L, int status, lua_KContext context) { return lua_gettop(L); }

static int resumed(lua_State *L, int status, lua_KContext context);

/* Runs the guards from where they are and then the handler, whose results are left alone on the stack. */
static int run(lua_State *L, lua_KContext context) {
    blaze_call *c = (blaze_call *)context;
    const blaze_route *r = c->route;
    while (c->stage < r->guard_count) {
        int i = c->stage++;
        lua_rawgeti(L, LUA_REGISTRYINDEX, r->guards[i]->function_ref);
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        lua_rawgeti(L, LUA_REGISTRYINDEX, r->guard_refs[i]);
        lua_callk(L, 3, 1, context, resumed);
        if (!lua_isnil(L, -1)) return 1; /* the guard has answered */
        lua_settop(L, 2);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, r->handle_ref);
    lua_insert(L, 1);
    lua_callk(L, 2, 1, context, handler_returned);
    return 1;
}

/* A guard that had suspended has returned. */
static int resumed(lua_State *L, int status, lua_KContext context) {
    if (!lua_isnil(L, -1)) return 1;
    lua_settop(L, 2);
    return run(L, context);
}

/* Decode and encode of a call that is timed. */
static int64_t codec_begin(const blaze_call *c) { return __builtin_expect(c->sample != NULL, 0) ? clock_mono_ns() : 0; }

static void codec_end(const blaze_call *c, int64_t began) {
    if (__builtin_expect(began != 0, 0)) c->sample->codec_ns += clock_mono_ns() - began;
}

static int entry(lua_State *L) {
    blaze_call *c = lua_touserdata(L, 1);
    fault f;
    int64_t began = codec_begin(c);
    c->task = task_current(L);
    lua_settop(L, 0);
    record_push_in(L, generation_of(L)->slots[SLOT_RECORD], c->session);
    if (!c->route->request)
        lua_pushnil(L);
    else if ((c->bad_body = tdf_codec_push(L, c->route->request, c->body, &f)) < 0) {
        blaze_session_bad_body(c, &f);
        return 0;
    }
    c->entered = true;
    codec_end(c, began);
    return run(L, (lua_KContext)c);
}

static int push(lua_State *L, void *ctx) {
    lua_pushlightuserdata(L, ctx);
    return 1;
}

static void read_failure(lua_State *L, blaze_call *c, int index, const blaze_failure *failure) {
    const blaze_route *r = c->route;
    fault f;
    if (failure->component != BLAZE_GLOBAL && failure->component != r->component)
        luaL_error(L, "%s: %s is an error of another component: the client would take its number for something else",
                   r->name, failure->name);
    c->error = failure->code;
    if (lua_getfield(L, index, "body") != LUA_TNIL) {
        if (!r->error)
            luaL_error(L, "%s: %s has a body, but the route declares no 'error' schema", r->name, failure->name);
        if (tdf_codec_encode(L, lua_gettop(L), r->error, &answer, &f) < 0) luaL_error(L, "%s: %s", r->name, f.text);
    }
    lua_pop(L, 1);
}

/* Turns what the handler returned into an answer. */
static int encode(lua_State *L, int first, int count, blaze_call *c) {
    const blaze_route *r = c->route;
    blaze_failure failure;
    fault f;
    buf_clear(&answer);
    if (count == 0 || lua_isnil(L, first)) return 0;
    if (lua_istable(L, first)) {
        if (blaze_failure_test(L, first, &failure)) {
            read_failure(L, c, first, &failure);
            return 0;
        }
        if (!r->response)
            luaL_error(L, "%s: the handler returned a table, but the route declares no 'response'", r->name);
        if (tdf_codec_encode(L, first, r->response, &answer, &f) < 0) luaL_error(L, "%s: %s", r->name, f.text);
        return 0;
    }
    shared *body = blaze_kept_test(L, first);
    if (!body)
        luaL_error(L, "%s: a handler returns a table, mu.fail, mu.kept or nothing, not a %s", r->name,
                   luaL_typename(L, first));
    c->kept = shared_hold(body);
    return 0;
}

static int finish(lua_State *L, int first, int count, void *ctx) {
    blaze_call *c = ctx;
    int64_t began = codec_begin(c);
    encode(L, first, count, c);
    codec_end(c, began);
    return 0;
}

/* ---- outside ---- */

static void done(void *ctx, const fault *why) {
    blaze_call *c = ctx;
    if (why && c->kept) {
        shared_drop(c->kept);
        c->kept = NULL;
    }
    c->done(c, why);
    if (answer.cap > ANSWER_KEEP) buf_free(&answer);
}

void blaze_call_start(struct engine *e, generation *g, blaze_call *c) {
    task_call call = {.generation = g,
                      .function_ref = blaze_tables_of(g)->entry_ref,
                      .what = c->route->name,
                      .subject = c->session.at,
                      .push = push,
                      .finish = finish,
                      .done = done,
                      .ctx = c,
                      .burst_ns = c->sample ? &c->sample->burst_ns : NULL};
    task_start(e, &call);
}

void blaze_call_open(lua_State *L) {
    lua_pushcfunction(L, entry);
    blaze_tables_of(generation_of(L))->entry_ref = generation_ref(L);
}
