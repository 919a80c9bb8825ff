/* inspect.c: mu.inspect: what the console shows of the running server, as plain tables; and the settings inspect.*,
 * which hold from the moment a generation becomes the running one. */
#include "bind/inspect.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "bind/blaze.h"
#include "bind/metrics.h"
#include "bind/record.h"
#include "records/timers.h"
#include "script/declare.h"

#define LIST_MAX 1000 /* entries of one answer */

/* ---- small helpers: a field of the table on top ---- */

static void put_text(lua_State *L, const char *key, const char *text) {
    if (!text || !*text) return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void put_integer(lua_State *L, const char *key, int64_t n) {
    lua_pushinteger(L, n);
    lua_setfield(L, -2, key);
}

static void put_seconds(lua_State *L, const char *key, int64_t us) {
    lua_pushnumber(L, (double)us / 1e6);
    lua_setfield(L, -2, key);
}

static void append(lua_State *L) { lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1); }

static unsigned limit_at(lua_State *L, int index) {
    lua_Integer most = luaL_optinteger(L, index, 200);
    if (most < 1 || most > LIST_MAX) luaL_error(L, "a list has 1 to %d entries", LIST_MAX);
    return (unsigned)most;
}

static void describe(handle subject, char *text, size_t size) {
    text[0] = 0;
    if (subject.generation) blaze_describe_session(subject, text, size);
}

/* ---- what is kept in rings ---- */

static int l_malformed(lua_State *L) {
    static buf text = {.max = 8192}; /* one thread; kept, because Lua may raise while it is in use */
    unsigned most = limit_at(L, 1);
    malformed m;
    lua_newtable(L);
    for (unsigned i = 0; i < most && malformed_get(i, &m); i++) {
        buf_clear(&text);
        inspect_malformed_text(&m, &text);
        lua_createtable(L, 0, 13);
        put_integer(L, "number", (int64_t)m.number);
        put_integer(L, "at", m.at_us / 1000000);
        put_text(L, "decoder", m.decoder), put_text(L, "error", fault_name(m.code));
        put_text(L, "what", m.what), put_text(L, "who", m.who), put_text(L, "peer", m.peer);
        put_text(L, "door", m.door), put_text(L, "text", m.text);
        if (m.offset >= 0) put_integer(L, "offset", m.offset);
        put_integer(L, "size", (int64_t)m.size);
        if (text.n) lua_pushlstring(L, (const char *)text.p, text.n), lua_setfield(L, -2, "shown");
        append(L);
    }
    return 1;
}

static int l_slow(lua_State *L) {
    unsigned most = limit_at(L, 1);
    slow_entry e;
    lua_newtable(L);
    for (unsigned i = 0; i < most && inspect_slow(i, &e); i++) {
        lua_createtable(L, 0, 10);
        put_integer(L, "number", (int64_t)e.number);
        put_integer(L, "at", e.at_us / 1000000);
        put_integer(L, "generation", e.generation);
        put_text(L, "what", e.what), put_text(L, "who", e.who);
        put_text(L, "waited", e.waited), put_text(L, "where", e.where);
        put_seconds(L, "seconds", e.us), put_seconds(L, "longest", e.longest_us);
        if (e.code) put_text(L, "error", fault_name(e.code));
        append(L);
    }
    return 1;
}

static int l_failures(lua_State *L) {
    unsigned most = limit_at(L, 1);
    failure_entry e;
    lua_newtable(L);
    for (unsigned i = 0; i < most && inspect_failure(i, &e); i++) {
        lua_createtable(L, 0, 9);
        put_integer(L, "number", (int64_t)e.number), put_integer(L, "count", (int64_t)e.count);
        put_integer(L, "first", e.first_us / 1000000), put_integer(L, "last", e.last_us / 1000000);
        put_integer(L, "generation", e.generation);
        put_text(L, "what", e.what), put_text(L, "who", e.who);
        put_text(L, "text", e.text), put_text(L, "trace", e.trace);
        append(L);
    }
    return 1;
}

/* ---- what runs now ---- */

typedef struct listing {
    lua_State *L;
    unsigned left;
} listing;

static bool list_task(void *ctx, const task_view *v) {
    listing *to = ctx;
    lua_State *L = to->L;
    char who[128];
    describe(v->subject, who, sizeof who);
    lua_createtable(L, 0, 9);
    put_text(L, "what", v->what), put_text(L, "who", who), put_text(L, "state", v->state);
    put_text(L, "waits_for", v->waits_for), put_text(L, "trace", v->trace);
    put_seconds(L, "age", v->age_us), put_seconds(L, "waited", v->waited_us);
    put_integer(L, "generation", v->generation);
    lua_pushboolean(L, v->background), lua_setfield(L, -2, "background");
    append(L);
    return --to->left > 0;
}

static int l_tasks(lua_State *L) {
    listing to = {L, limit_at(L, 1)};
    lua_newtable(L);
    engine_each_task(generation_of(L)->engine, list_task, &to);
    return 1;
}

static int by_deadline(const void *a, const void *b) {
    const timer *x = *(const timer *const *)a, *y = *(const timer *const *)b;
    return x->deadline < y->deadline ? -1 : x->deadline > y->deadline;
}

static int l_timers(lua_State *L) {
    unsigned most = limit_at(L, 1);
    const timers *t = server_of(L)->timers;
    uint32_t count = t ? timers_count(t) : 0;
    const timer **list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 0);
    for (uint32_t i = 0; i < count; i++) list[i] = timers_at(t, i);
    qsort(list, count, sizeof *list, by_deadline);
    int64_t now = engine_now(generation_of(L)->engine);
    lua_newtable(L);
    for (uint32_t i = 0; i < count && i < most; i++) {
        lua_createtable(L, 0, 3);
        put_text(L, "name", list[i]->name);
        put_seconds(L, "left", list[i]->deadline > now ? list[i]->deadline - now : 0);
        record_push(L, list[i]->owner);
        lua_setfield(L, -2, "owner");
        append(L);
    }
    lua_pushinteger(L, count);
    return 2;
}

static int l_metrics(lua_State *L) {
    static metrics_page p; /* one thread; of a call that Lua ended for want of memory the next one clears it away */
    metrics_free(&p);
    metrics_write(server_of(L), &p);
    if (p.text.failed || p.text.n > (size_t)4 << 20) {
        metrics_free(&p);
        return luaL_error(L, "mu.inspect.metrics: out of memory");
    }
    lua_pushlstring(L, (const char *)p.text.p, p.text.n);
    metrics_free(&p);
    return 1;
}

static int l_generation(lua_State *L) {
    const generation *g = generation_of(L);
    lua_createtable(L, 0, 2);
    put_integer(L, "number", g->number);
    put_text(L, "hash", g->hash);
    return 1;
}

static int l_entry_lines(lua_State *L) {
    int lines[LIST_MAX];
    char file[256];
    int count = generation_entry_lines(L, lua_tostring(L, 1), file, sizeof file, lines, LIST_MAX);
    if (!file[0]) return 0;
    lua_pushstring(L, file);
    lua_newtable(L);
    for (int i = 0; i < count && i < LIST_MAX; i++) {
        lua_pushinteger(L, lines[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 2;
}

static int l_load(lua_State *L) {
    loop_load load;
    if (!inspect_load(&load)) return 0;
    lua_createtable(L, 0, 3);
    put_seconds(L, "seconds", load.us);
    put_seconds(L, "busy", load.busy_us);
    put_seconds(L, "longest_turn", load.turn_us);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.inspect.malformed",
     .params = "most?: integer",
     .returns = "table",
     .text = "The last inputs that a decoder refused, newest first: { number, at, decoder, error, what, who, peer, "
             "door, text, offset, size, shown }; shown is all of it for people, with the bytes in hex.",
     .example = "#mu.inspect.malformed() <= 64",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_malformed},
    {.name = "mu.inspect.slow",
     .params = "most?: integer",
     .returns = "table",
     .text = "The last handlers that took inspect.slow_ms or longer, newest first: { number, at, what, who, seconds, "
             "longest, waited, where, generation, error }; longest is the part of it that took longest: a wait in the "
             "function `waited`, or a stay inside the scripts.",
     .example = "#mu.inspect.slow(10) <= 10",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_slow},
    {.name = "mu.inspect.failures",
     .params = "most?: integer",
     .returns = "table",
     .text = "The last failures of handlers, newest first: { number, count, first, last, what, who, text, trace, "
             "generation }.",
     .example = "#mu.inspect.failures(10) <= 10",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_failures},
    {.name = "mu.inspect.tasks",
     .params = "most?: integer",
     .returns = "table[]",
     .text = "The handlers and background tasks that live, newest first: { what, who, state, waits_for, waited, age, "
             "background, generation, trace }.",
     .example = "#mu.inspect.tasks() > 0",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_tasks},
    {.name = "mu.inspect.timers",
     .params = "most?: integer",
     .returns = "table, integer",
     .text = "The timers that run, the next one first: { name, left, owner }; and how many there are in all.",
     .example = "local list, count = mu.inspect.timers(10)",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_timers},
    {.name = "mu.inspect.metrics",
     .returns = "string",
     .text = "The page /metrics: everything the server counts.",
     .example = "mu.inspect.metrics():find(\"murelay_\") ~= nil",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_metrics},
    {.name = "mu.inspect.load",
     .returns = "table?",
     .text = "How busy the one thread of all logic was in the last minute: { seconds (looked at), busy (of them, "
             "processor time), longest_turn (seconds) }; nil when nobody watches over it (inspect.stall_ms = 0).",
     .example = "local load = mu.inspect.load()",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_load},
    {.name = "mu.inspect.entry_lines",
     .params = "word: string",
     .returns = "string, table",
     .text = "While a file is being required: its name, and the lines at which the entries of the table behind the "
             "first `word` in it begin; so that messages about declarations can name their line. Nothing at other "
             "times.",
     .example = "local file, lines = mu.inspect.entry_lines \"messages\"",
     .since = "0.2",
     .call = l_entry_lines},
    {.name = "mu.inspect.generation",
     .returns = "table",
     .text = "The generation of scripts that asks: { number, hash }.",
     .example = "mu.inspect.generation().number >= 1",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_generation},
};

/* ---- a generation's life ---- */

typedef struct inspect_settings {
    int64_t slow_us, stall_us;
} inspect_settings;

static int open_inspect(generation *g, lua_State *L) {
    inspect_watch_open(g, L);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

static int64_t setting(lua_State *L, const char *key) {
    lua_getfield(L, -1, key);
    int64_t ms = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return ms * 1000;
}

static int check_inspect(generation *g) {
    lua_State *L = g->L;
    int top = lua_gettop(L);
    inspect_settings *to = calloc(1, sizeof *to);
    if (!to) return E_MEMORY;
    g->slots[SLOT_INSPECT] = to;
    lua_getglobal(L, "mu");
    if (lua_getfield(L, -1, "config") == LUA_TTABLE && lua_getfield(L, -1, "inspect") == LUA_TTABLE)
        *to = (inspect_settings){setting(L, "slow_ms"), setting(L, "stall_ms")};
    lua_settop(L, top);
    return 0;
}

static void note_slow(void *ctx, const slow_task *t) {
    char who[128];
    describe(t->subject, who, sizeof who);
    inspect_note_slow(t, who);
}

static void note_failure(void *ctx, const char *what, handle subject, uint32_t number, const char *text,
                         const char *trace) {
    char who[128];
    describe(subject, who, sizeof who);
    inspect_note_failure(what, who, number, text, trace);
}

static void enter_inspect(generation *g) {
    const inspect_settings *to = g->slots[SLOT_INSPECT];
    server *s = engine_server(g->engine);
    if (!s || !s->loop) return;
    engine_observe(g->engine, &(engine_observer){.slow_us = to->slow_us, .slow = note_slow, .failed = note_failure});
    inspect_watch_start(s);
    if (!s->client) inspect_stall_start(s, to->stall_us);
}

static void close_inspect(generation *g) {
    free(g->slots[SLOT_INSPECT]);
    g->slots[SLOT_INSPECT] = NULL;
}

void inspect_stop(void) {
    inspect_stall_start(NULL, 0);
    inspect_watch_stop();
}

const script_module module_inspect = {
    .name = "inspect", .open = open_inspect, .check = check_inspect, .enter = enter_inspect, .close = close_inspect};
