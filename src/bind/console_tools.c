/* console_tools.c: what scripts/console/ needs from C to show things: where a function stands, what a failed call says,
 * the nearest of some words, and what this process is. */
#include "bind/console_caller.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/suggest.h"
#include "bind/server.h"
#include "script/declare.h"
#include "script/task.h"
#include "script/watch.h"

/* ---- calling with a traceback ---- */

static char last_trace[WATCH_TRACE]; /* one logic thread; empty: none */

static int keep_trace(lua_State *L) {
    if (!watch_here || !watch_killed(watch_here)) trace_write(L, 1, last_trace, sizeof last_trace);
    return 1;
}

/* Stack: the message handler, true, results; or …, the error. */
static int try_ended(lua_State *L, int status, lua_KContext unused) {
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
    task_poll(L); /* a kill is passed on: it does not return then */
    lua_pushboolean(L, false);
    if (status == LUA_ERRMEM)
        lua_pushliteral(L, "not enough memory (limits.task_memory_mib, limits.memory_mib)");
    else
        lua_pushvalue(L, -2);
    lua_pushstring(L, status == LUA_ERRMEM ? "" : last_trace); /* no handler saw the other one */
    return 3;
}

static int l_try(lua_State *L) {
    last_trace[0] = 0;
    lua_pushcfunction(L, keep_trace);
    lua_insert(L, 1);
    lua_pushboolean(L, true);
    lua_insert(L, 2); /* keeper, true, function, arguments */
    return try_ended(L, lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 1, 0, try_ended), 0);
}

/* ---- where ---- */

static int l_where(lua_State *L) {
    lua_Debug ar;
    lua_settop(L, 1);
    if (lua_iscfunction(L, 1)) return 0;
    lua_getinfo(L, ">S", &ar);
    lua_pushfstring(L, "%s:%d", ar.short_src, ar.linedefined);
    return 1;
}

/* ---- the nearest ---- */

static int l_nearest(lua_State *L) {
    suggestion near = suggest_begin(lua_tostring(L, 1));
    for (lua_Integer i = 1; i <= CONSOLE_LIST_MAX * 10; i++) {
        if (lua_rawgeti(L, 2, i) == LUA_TNIL) break;
        if (lua_type(L, -1) == LUA_TSTRING) suggest_offer(&near, lua_tostring(L, -1)); /* the table keeps it alive */
        lua_pop(L, 1);
        task_poll(L);
    }
    lua_pushstring(L, near.best);
    return 1;
}

/* ---- this process ---- */

static void put_integer(lua_State *L, const char *key, int64_t value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

static double seconds(struct timeval t) { return (double)t.tv_sec + (double)t.tv_usec / 1e6; }

static int64_t resident(void) {
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static int l_process(lua_State *L) {
    const generation *g = generation_of(L);
    const server *s = server_of(L);
    engine_counts c;
    struct rusage used;
    engine_get_counts(g->engine, &c);
    lua_createtable(L, 0, 16);
    lua_pushstring(L, MU_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushstring(L, g->hash);
    lua_setfield(L, -2, "hash");
    lua_pushstring(L, s->data_dir ? s->data_dir : "");
    lua_setfield(L, -2, "data");
    lua_pushnumber(L, (double)(clock_mono_us() - console_started_us()) / 1e6);
    lua_setfield(L, -2, "uptime");
    put_integer(L, "pid", getpid());
    put_integer(L, "generation", g->number);
    put_integer(L, "generations", c.generations_live);
    put_integer(L, "tasks", c.tasks_live);
    put_integer(L, "reloads", (int64_t)c.reloads);
    put_integer(L, "failed_tasks", (int64_t)c.tasks_failed);
    put_integer(L, "killed_tasks", (int64_t)c.tasks_killed);
    put_integer(L, "scripts_memory", (int64_t)c.memory);
    put_integer(L, "memory", resident());
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        lua_pushnumber(L, seconds(used.ru_utime) + seconds(used.ru_stime));
        lua_setfield(L, -2, "cpu");
    }
    return 1;
}

/* As a signal from outside would: what is under way is finished first. */
static int l_shutdown(lua_State *L) {
    if (server_of(L)->client) return luaL_error(L, "mu.console.shutdown: this program is no server");
    kill(getpid(), SIGTERM);
    return 0;
}

static const script_function functions[] = {
    {.name = "mu.console.try",
     .params = "fn: function, ...: any",
     .returns = "boolean, ...any",
     .text = "calls fn(...), which may wait: true and what it returns; or false, the error, and a traceback",
     .errors = "none but a limit that ends the task",
     .example = "(mu.console.try(error, 'no')) == false",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_try},
    {.name = "mu.console.where",
     .params = "fn: function",
     .returns = "string?",
     .text = "where a function of a script is defined: \"scripts/services/players.lua:12\"; nil for one of C",
     .errors = "none",
     .example = "mu.console.where(print) == nil",
     .since = "0.2",
     .call = l_where},
    {.name = "mu.console.nearest",
     .params = "word: string, words: table",
     .returns = "string?",
     .text = "the one of the words that is most like it, for \"did you mean\"; nil when none is",
     .errors = "none",
     .example = "mu.console.nearest('alcie', { 'alice', 'bob' }) == 'alice'",
     .since = "0.2",
     .call = l_nearest},
    {.name = "mu.console.shutdown",
     .params = "",
     .returns = "",
     .text = "ends the server in order: requests in hand are answered, what was accepted is saved",
     .errors = "a program that is no server",
     .example = "type(mu.console.shutdown) == 'function'",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_shutdown},
    {.name = "mu.console.process",
     .params = "",
     .returns = "table",
     .text = "this server as a process: { version, pid, uptime, cpu (seconds), memory, scripts_memory (bytes), data, "
             "generation, hash, generations, tasks, reloads, failed_tasks, killed_tasks }",
     .errors = "none",
     .example = "mu.console.process().generation == mu.generation",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = l_process},
};

void console_tools_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
