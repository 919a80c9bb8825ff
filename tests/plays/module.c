/* module.c: the Lua table mu.test, for plays and in-engine tests only: plays and servers under test. The
 * rest of it is in tools.c.
 *
 * A server under test is a process (tools/process.h). Whatever waits for it runs on a worker thread and wakes the play
 * when it is done, so the engine of the play never stands still: its own watchdog runs as everywhere. */
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "plays/runner.h"
#include "script/declare.h"
#include "script/task.h"

#define SERVER_TYPE "murelay under test"
#define WORDS_MAX   64
#define PATIENCE    60.0 /* seconds: what does come comes at once; only what never does takes so long */

struct test_server {
    process process;
    bool ended; /* by the runner: its play is over */
    int users;  /* the runner's list and jobs under way */
};
typedef struct test_server test_server;

static void server_drop(test_server *s) {
    if (--s->users > 0) return;
    process_remove(&s->process, false);
    free(s);
}

void test_servers_end(bool tell) {
    for (int i = 0; i < PLAY_SERVERS; i++) {
        test_server *s = the_runner.servers[i];
        if (!s) continue;
        the_runner.servers[i] = NULL;
        s->ended = true;
        if (tell) {
            char *log = process_log(&s->process, s->process.log_from);
            size_t n = strlen(log);
            fprintf(stderr, "---- the end of what server %d printed ----\n%s\n----\n", i + 1,
                    n > 6000 ? log + n - 6000 : log);
            free(log);
        }
        process_signal(&s->process, SIGKILL);
        server_drop(s);
    }
}

/* ── jobs: what blocks, on a worker thread ───────────────────────────────────────────────────────────────────────── */

enum job_kind { JOB_START, JOB_RESTART, JOB_WAIT, JOB_STOP, JOB_RELOAD, JOB_WAIT_LOG, JOB_STEP };

typedef struct job {
    enum job_kind kind;
    task_token token;
    test_server *server;
    char *config, *data, *text; /* owned */
    char *sets[WORDS_MAX + 1];
    process_file files[WORDS_MAX + 1];
    unsigned long long memory;
    double seconds;
    long from;
    int code, status;
    char *log;
    fault f;
    test_server *all[PLAY_SERVERS]; /* JOB_STEP: every server that runs */
} job;

static void job_free(void *ctx) {
    job *j = ctx;
    free(j->config), free(j->data), free(j->text), free(j->log);
    for (int i = 0; i < WORDS_MAX; i++) {
        free(j->sets[i]);
        free((char *)(uintptr_t)j->files[i].path), free((char *)(uintptr_t)j->files[i].text);
    }
    for (int i = 0; i < PLAY_SERVERS; i++)
        if (j->all[i]) server_drop(j->all[i]);
    if (j->server) server_drop(j->server);
    free(j);
}

/* All of a refusal is there once a line stands below its first. */
static bool is_refused(const char *log) {
    const char *wrong = strstr(log, "What is wrong"), *line = wrong ? strchr(wrong, '\n') : NULL;
    return line && line[1];
}

/* HUP, then its outcome from the log. true when the new generation runs. */
static bool reload(test_server *s, job *j) {
    long from = j->from;
    char *log = NULL;
    bool fine = false;
    if (process_signal(&s->process, SIGHUP) < 0) return false;
    for (int64_t until = clock_mono_us() + (int64_t)(PATIENCE * 1e6); clock_mono_us() < until;) {
        if (process_wait_log(&s->process, from, "reload", 0.02) < 0) continue;
        free(log);
        log = process_log(&s->process, from);
        fine = strstr(log, "is running") != NULL;
        if (fine || is_refused(log) || strstr(log, "is under way")) break;
    }
    free(j->log);
    j->log = log;
    return fine;
}

static long log_length(const process *s) {
    char *log = process_log(s, 0);
    long n = (long)strlen(log);
    free(log);
    return n;
}

static void job_run(void *ctx) {
    job *j = ctx;
    test_server *s = j->server;
    switch (j->kind) {
    case JOB_START: {
        process_options o = {.program = the_runner.program,
                             .checkout = the_runner.checkout,
                             .config = j->config,
                             .data = j->data,
                             .sets = (const char *const *)j->sets,
                             .files = j->files,
                             .seconds = j->seconds,
                             .max_memory = j->memory,
                             .clock = the_runner.clock[0] ? the_runner.clock : NULL};
        j->code = process_start(&s->process, &o, &j->f);
        break;
    }
    case JOB_RESTART: j->code = process_again(&s->process, &j->f); break;
    case JOB_STOP:
        process_signal(&s->process, SIGTERM);
        j->code = process_wait(&s->process, j->seconds, &j->status);
        break;
    case JOB_WAIT: j->code = process_wait(&s->process, j->seconds, &j->status); break;
    case JOB_WAIT_LOG: j->code = process_wait_log(&s->process, j->from, j->text, j->seconds); break;
    case JOB_RELOAD:
        j->from = log_length(&s->process);
        j->code = reload(s, j) ? 0 : E_LOAD;
        break;
    case JOB_STEP:
        for (int i = 0; i < PLAY_SERVERS; i++) {
            if (!j->all[i] || !process_running(&j->all[i]->process)) continue;
            j->from = log_length(&j->all[i]->process);
            reload(j->all[i], j); /* a play may have broken a script on purpose: then the old generation goes on */
        }
        break;
    }
}

static int push_server(lua_State *L, test_server *s) {
    test_server **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = s;
    s->users++;
    luaL_setmetatable(L, SERVER_TYPE);
    return 1;
}

static int job_push(lua_State *L, void *ctx) {
    job *j = ctx;
    switch (j->kind) {
    case JOB_START:
    case JOB_RESTART:
        if (j->code < 0) return luaL_error(L, "%s", j->f.text);
        if (j->kind == JOB_START) return push_server(L, j->server);
        lua_pushboolean(L, 1);
        return 1;
    case JOB_STOP:
    case JOB_WAIT:
        if (j->code < 0) {
            lua_pushnil(L);
            lua_pushstring(L, fault_name(j->code));
            return 2;
        }
        lua_pushinteger(L, j->status);
        return 1;
    case JOB_WAIT_LOG:
        if (j->code < 0) return luaL_error(L, "the server's log does not say '%s' within %f s", j->text, j->seconds);
        return 0;
    case JOB_RELOAD:
        lua_pushboolean(L, j->code == 0);
        lua_pushstring(L, j->log ? j->log : "");
        return 2;
    default: lua_pushboolean(L, j->code == 0); return 1;
    }
}

static void job_done(void *ctx) {
    job *j = ctx;
    task_wake(the_runner.self.engine, j->token, job_push, j, job_free);
}

static int job_go(lua_State *L, job *j, const char *what) {
    j->token = task_suspend_for(L, what, 0);
    if (loop_work(the_runner.self.loop, job_run, job_done, j) < 0) {
        task_suspend_cancel(L, j->token);
        job_free(j);
        return luaL_error(L, "%s: no worker thread is to be had", what);
    }
    return task_yield(L, j->token);
}

static job *job_new(lua_State *L, enum job_kind kind, test_server *s, double seconds) {
    job *j = calloc(1, sizeof *j);
    if (!j) luaL_error(L, "out of memory");
    j->kind = kind, j->seconds = seconds, j->server = s;
    if (s) s->users++;
    return j;
}

/* ── starting ────────────────────────────────────────────────────────────────────────────────────────────────────── */

static char *copy_field(lua_State *L, const char *field) { /* a string field of the table at 1, or NULL */
    char *copy = NULL;
    if (lua_getfield(L, 1, field) == LUA_TSTRING) copy = strdup(lua_tostring(L, -1));
    lua_pop(L, 1);
    return copy;
}

static void read_words(lua_State *L, job *j) {
    int n = 0;
    j->sets[n++] = strdup("scripts.auto_reload=false"); /* a play says when; one about saving switches it on */
    if (the_runner.mode == MODE_MEMORY) {
        j->sets[n++] = strdup("limits.memory_mib=16");
        j->sets[n++] = strdup("limits.task_memory_mib=2");
    }
    if (lua_getfield(L, 1, "set") == LUA_TTABLE)
        for (lua_Integer i = 1; n < WORDS_MAX && lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
            j->sets[n++] = strdup(lua_tostring(L, -1));
            lua_pop(L, 1);
        }
    lua_settop(L, 1);
    n = 0;
    if (lua_getfield(L, 1, "files") == LUA_TTABLE)
        for (lua_pushnil(L); n < WORDS_MAX && lua_next(L, 2); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING)
                j->files[n++] = (process_file){strdup(lua_tostring(L, -2)), strdup(lua_tostring(L, -1))};
    lua_settop(L, 1);
}

static int start_server(lua_State *L) {
    int place = 0;
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    while (place < PLAY_SERVERS && the_runner.servers[place]) place++;
    if (place == PLAY_SERVERS) return luaL_error(L, "a play has at most %d servers", PLAY_SERVERS);
    test_server *s = calloc(1, sizeof *s);
    if (!s) return luaL_error(L, "out of memory");
    s->users = 1;
    the_runner.servers[place] = s;
    job *j = job_new(L, JOB_START, s, PATIENCE);
    j->config = copy_field(L, "config");
    j->data = copy_field(L, "data");
    lua_getfield(L, 1, "memory");
    j->memory = (unsigned long long)lua_tointeger(L, -1);
    lua_pop(L, 1);
    read_words(L, j);
    return job_go(L, j, "mu.test.start_server");
}

static int step(lua_State *L) {
    if (the_runner.mode != MODE_RELOAD) return 0;
    job *j = job_new(L, JOB_STEP, NULL, 0);
    for (int i = 0; i < PLAY_SERVERS; i++)
        if ((j->all[i] = the_runner.servers[i])) j->all[i]->users++;
    return job_go(L, j, "mu.test.step");
}

/* The function on top of the stack becomes the next play. */
static void add_play(lua_State *L, const char *name) {
    runner *r = &the_runner;
    if (r->play_count == PLAYS_MAX) luaL_error(L, "at most %d plays", PLAYS_MAX);
    play *p = &r->plays[r->play_count];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->function_ref = generation_ref(L);
    r->play_count++;
}

static int declare_play(lua_State *L) {
    lua_settop(L, 2);
    add_play(L, lua_tostring(L, 1));
    return 0;
}

/* ── methods of a server ─────────────────────────────────────────────────────────────────────────────────────────── */

static test_server *self(lua_State *L) {
    test_server *s = *(test_server **)luaL_checkudata(L, 1, SERVER_TYPE);
    if (s->ended) luaL_error(L, "this server's play is over");
    return s;
}

static int m_port(lua_State *L) {
    test_server *s = self(L);
    const char *name = luaL_checkstring(L, 2);
    int port = process_port(&s->process, name);
    if (port == 0) return luaL_error(L, "the server opened no door named '%s'", name);
    lua_pushinteger(L, port);
    return 1;
}

static int m_signal(lua_State *L) {
    static const char *const names[] = {"HUP", "TERM", "KILL", "INT", "STOP", "CONT", "QUIT", NULL};
    static const int numbers[] = {SIGHUP, SIGTERM, SIGKILL, SIGINT, SIGSTOP, SIGCONT, SIGQUIT};
    lua_pushboolean(L, process_signal(&self(L)->process, numbers[luaL_checkoption(L, 2, NULL, names)]) == 0);
    return 1;
}

static int m_wait(lua_State *L) {
    return job_go(L, job_new(L, JOB_WAIT, self(L), luaL_optnumber(L, 2, PATIENCE)), "server:wait");
}

static int m_stop(lua_State *L) {
    return job_go(L, job_new(L, JOB_STOP, self(L), luaL_optnumber(L, 2, PATIENCE)), "server:stop");
}

static int m_restart(lua_State *L) { return job_go(L, job_new(L, JOB_RESTART, self(L), PATIENCE), "server:restart"); }
static int m_reload(lua_State *L) { return job_go(L, job_new(L, JOB_RELOAD, self(L), PATIENCE), "server:reload"); }

static int m_wait_log(lua_State *L) {
    test_server *s = self(L);
    const char *text = luaL_checkstring(L, 2);
    long from = (long)luaL_optinteger(L, 3, s->process.log_from);
    job *j = job_new(L, JOB_WAIT_LOG, s, PATIENCE);
    j->text = strdup(text), j->from = from;
    return job_go(L, j, "server:wait_log");
}

static int m_log(lua_State *L) {
    test_server *s = self(L);
    char *log = process_log(&s->process, (long)luaL_optinteger(L, 2, s->process.log_from));
    lua_pushstring(L, log);
    free(log);
    return 1;
}

static int m_mark(lua_State *L) {
    lua_pushinteger(L, log_length(&self(L)->process));
    return 1;
}

static int m_write(lua_State *L) {
    fault f = {0};
    size_t n;
    const char *path = luaL_checkstring(L, 2), *text = luaL_checklstring(L, 3, &n);
    if (process_write_bytes(&self(L)->process, path, text, n, &f) < 0) return luaL_error(L, "%s", f.text);
    return 0;
}

static int m_passes(lua_State *L) {
    if (process_passes(&self(L)->process, luaL_checknumber(L, 2)) < 0)
        return luaL_error(L, "the server's time cannot be moved: libmu_clock.so is not beside mu_play");
    return 0;
}

static int m_running(lua_State *L) {
    lua_pushboolean(L, process_running(&self(L)->process));
    return 1;
}

static int m_folder(lua_State *L) {
    lua_pushstring(L, self(L)->process.folder);
    return 1;
}

static int m_memory(lua_State *L) { /* kB resident */
    char path[64], line[256];
    long long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)self(L)->process.pid);
    FILE *in = fopen(path, "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "VmRSS: %lld kB", &kb) == 1) break;
    if (in) fclose(in);
    lua_pushinteger(L, kb);
    return 1;
}

static int m_ctl(lua_State *L) { return server_ctl(L, &self(L)->process); }

static int m_collect(lua_State *L) {
    test_server **box = luaL_checkudata(L, 1, SERVER_TYPE);
    if (*box) server_drop(*box);
    *box = NULL;
    return 0;
}

#define METHOD(method, takes, gives, what, shown, function, more)                                                      \
    {                                                                                                                  \
        .name = "server:" method, .params = takes, .returns = gives, .text = what, .example = shown, .since = "0.1",   \
        .flags = SCRIPT_TEST | (more), .call = function                                                                \
    }

static const script_function methods[] = {
    METHOD("port", "door: string", "integer", "the port of one of its listeners", "server:port \"http\" > 0", m_port,
           0),
    METHOD("signal", "name: string", "boolean", "sends it a signal: HUP, TERM, KILL, INT, STOP, CONT, QUIT",
           "server:signal \"HUP\"", m_signal, 0),
    METHOD("wait", "seconds: number?", "integer?, string?",
           "waits until it has ended: its exit code (256 + signal), or nil and \"timeout\"", "not server:wait(0.01)",
           m_wait, SCRIPT_SUSPENDS),
    METHOD("stop", "seconds: number?", "integer?, string?", "ends it cleanly and waits for it", "server:stop() == 0",
           m_stop, SCRIPT_SUSPENDS),
    METHOD("restart", "", "", "starts it again on what is left in its folder", "server:stop()  server:restart()",
           m_restart, SCRIPT_SUSPENDS),
    METHOD("reload", "", "boolean, string?", "reloads its scripts: false and what the log said when it refused",
           "server:reload() == true", m_reload, SCRIPT_SUSPENDS),
    METHOD("log", "from: integer?", "string", "what it has logged since its last start, or since server:mark()",
           "#server:log() > 0", m_log, 0),
    METHOD("wait_log", "text: string, from: integer?", "boolean", "waits until the log says so",
           "server:wait_log \"ready\"", m_wait_log, SCRIPT_SUSPENDS),
    METHOD("mark", "", "integer", "the length of its log, for server:log and server:wait_log", "server:mark() > 0",
           m_mark, 0),
    METHOD("write", "file: string, text: string", "", "writes a file of its folder",
           "server:write(\"data/note\", \"x\")", m_write, 0),
    METHOD("passes", "seconds: number", "", "so many seconds are over for the server, at once (its time of day stays)",
           "server:passes(1)", m_passes, 0),
    METHOD("running", "", "boolean", "does the process run?", "server:running()", m_running, 0),
    METHOD("folder", "", "string", "where it lives", "#server:folder() > 0", m_folder, 0),
    METHOD("memory", "", "integer", "kB of memory it has", "server:memory() > 0", m_memory, 0),
    METHOD("ctl", "line: string, ends: number|string?, input: string?", "table",
           "runs one command of its console (murelay ctl), ended after so many seconds or once that file is in its "
           "folder: { code, out, err }",
           "server:ctl(\"status\").code == 0", m_ctl, SCRIPT_SUSPENDS),
};

/* ── the module ──────────────────────────────────────────────────────────────────────────────────────────────────── */

static const script_function functions[] = {
    {.name = "mu.test.play",
     .params = "name: string, play: function",
     .text = "declares a play",
     .since = "0.1",
     .example = "mu.test.play(\"ping\", function() end)",
     .flags = SCRIPT_LOAD_ONLY | SCRIPT_TEST,
     .call = declare_play},
    {.name = "mu.test.start_server",
     .params = "options?: table",
     .returns = "server",
     .since = "0.1",
     .text = "starts murelay in a folder of its own and waits until it is ready",
     .errors = "what the server printed",
     .example = "local server = mu.test.start_server { set = { \"client.ping_period=20\" } }",
     .flags = SCRIPT_SUSPENDS | SCRIPT_TEST,
     .call = start_server},
    {.name = "mu.test.step",
     .params = "",
     .text = "between the steps of a play: reloads every server in reload mode",
     .since = "0.1",
     .example = "mu.test.step()",
     .flags = SCRIPT_SUSPENDS | SCRIPT_TEST,
     .call = step},
};

/* Names of the functions in the table on top of the stack, sorted, so that they always run in the same order. */
static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void add_table(lua_State *L, const char *module) {
    const char *names[PLAYS_MAX];
    size_t n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING && lua_isfunction(L, -1) && n < PLAYS_MAX) names[n++] = lua_tostring(L, -2);
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        char full[120];
        snprintf(full, sizeof full, "%s.%s", module, names[i]);
        lua_getfield(L, -1, names[i]);
        add_play(L, full);
    }
}

static int test_open(generation *g, lua_State *L) {
    script_declare(L, functions, sizeof functions / sizeof functions[0]);
    script_declare(L, methods, sizeof methods / sizeof *methods);
    test_tools_open(L);
    test_sockets_open(L);
    luaL_newmetatable(L, SERVER_TYPE);
    script_methods(L, "server");
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, m_collect), lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0), lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}

/* After main.lua: the modules that declare plays. A table of functions counts as well: name → play. */
static int test_check(generation *g) {
    lua_State *L = g->L;
    for (const char *const *name = the_runner.modules; *name; name++) {
        lua_getglobal(L, "require");
        lua_pushstring(L, *name);
        if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
            generation_error(g, NULL, 0, "%s", luaL_tolstring(L, -1, NULL));
            lua_pop(L, 2);
            continue;
        }
        if (lua_istable(L, -1)) add_table(L, *name);
        lua_pop(L, 1);
    }
    return 0;
}

const script_module module_test = {.name = "test", .open = test_open, .check = test_check};
