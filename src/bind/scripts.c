/* scripts.c: mu.scripts: reload, check, rollback, and what there is to be seen of the scripts. See scripts.h.
 *
 * A reload that a script asks for answers the task that asked, in the generation it began in, although that one is the
 * old one by then. While it waits its generation does not count as one that still has something to do: two such tasks
 * would wait for each other otherwise. */
#include "bind/scripts.h"

#include <lauxlib.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bind/scripts_watch.h"
#include "bind/server.h"
#include "script/declare.h"
#include "script/event.h"
#include "script/task.h"

#define QUEUE_MAX  16   /* builds that are asked for and not begun */
#define LOG_PIECE  7000 /* bytes of a report in one line of the log */
#define REPORT_MAX 400

typedef struct wish {
    server *server;
    enum engine_how how;
    char why[160];
    engine_built done;
    void *ctx;
    struct wish *next;
} wish;

static struct {
    wish *first; /* the one under way */
    unsigned count;
} queue; /* one server a process */

/* ---- the queue ---- */

/* All errors, in as many lines of the log as they need. */
static void log_report(const char *head, const char *report) {
    char text[LOG_PIECE + REPORT_MAX];
    for (const char *at = report; *at;) {
        size_t n = strlen(at);
        if (n > LOG_PIECE) {
            n = LOG_PIECE;
            while (n > 1 && at[n] != '\n') n--;
            if (n == 1) n = LOG_PIECE;
        }
        snprintf(text, sizeof text, "%.*s", (int)n, at);
        log_error("reload", "%s:\n%s", at == report ? head : "… and", text);
        at += n;
        while (*at == '\n') at++;
    }
}

static void tell(const wish *w, const engine_outcome *o) {
    const generation *g = engine_current(w->server->engine);
    char head[REPORT_MAX];
    if (o->good && o->swapped) {
        log_info("reload", "generation %u (%s) is running (%s%s; built in %lld ms)", o->number, o->hash, w->why,
                 o->how == ENGINE_ROLLBACK ? ": what was before is back" : "", (long long)(o->build_us / 1000));
    } else if (o->good && o->how == ENGINE_CHECK) {
        log_info("reload", "the scripts (%s) are fine; generation %u (%s) goes on (%s)", o->hash, g->number, g->hash,
                 w->why);
    } else if (!o->good) {
        snprintf(head, sizeof head, "nothing was changed; generation %u (%s) goes on. What is wrong with %u (%s, %s)",
                 g->number, g->hash, o->number, o->hash, w->why);
        log_report(head, *o->report ? o->report : "?");
    }
}

static void start_first(void);

static void built(void *ctx, const engine_outcome *o) {
    wish *w = ctx;
    tell(w, o);
    queue.first = w->next;
    queue.count--;
    if (w->done) w->done(w->ctx, o);
    free(w);
    start_first();
}

static const char *refusal(int code) {
    switch (code) {
    case E_NOT_FOUND: return "there is no earlier generation to go back to";
    case E_CLOSED: return "the server stops";
    case E_BUSY: return "too many reloads are asked for already; try again in a moment";
    default: return "out of memory";
    }
}

static void refuse(enum engine_how how, int code, engine_built done, void *ctx) {
    engine_outcome o = {.how = how, .hash = "", .report = refusal(code)};
    log_warn("reload", "%s", o.report);
    if (done) done(ctx, &o);
}

static void start_first(void) {
    wish *w;
    while ((w = queue.first)) {
        int code = engine_build(w->server->engine, w->how, built, w);
        if (code == 0) return;
        queue.first = w->next;
        queue.count--;
        refuse(w->how, code, w->done, w->ctx);
        free(w);
    }
}

void scripts_change(server *s, enum engine_how how, const char *why, engine_built done, void *ctx) {
    wish *w = queue.count < QUEUE_MAX ? malloc(sizeof *w) : NULL;
    if (!w) {
        refuse(how, queue.count < QUEUE_MAX ? E_MEMORY : E_BUSY, done, ctx);
        return;
    }
    *w = (wish){.server = s, .how = how, .done = done, .ctx = ctx};
    snprintf(w->why, sizeof w->why, "%s", why);
    wish **last = &queue.first;
    while (*last) last = &(*last)->next;
    *last = w;
    if (++queue.count == 1) start_first();
}

/* ---- reload, rollback ---- */

typedef struct answer {
    task_token token;
    generation *generation;
    bool good;
    char *report;
} answer;

static int push_answer(lua_State *L, void *ctx) {
    const answer *a = ctx;
    lua_pushboolean(L, a->good);
    lua_pushstring(L, a->report ? a->report : "out of memory");
    return 2;
}

static void answer_free(void *ctx) {
    answer *a = ctx;
    generation_drop(a->generation);
    free(a->report);
    free(a);
}

static void answer_built(void *ctx, const engine_outcome *o) {
    answer *a = ctx;
    engine *e = a->generation->engine;
    char text[REPORT_MAX];
    engine_task_excuse(a->generation, false);
    a->good = o->good;
    if (o->how == ENGINE_CHECK)
        snprintf(text, sizeof text, "the scripts (%s) are fine; built in %lld ms", o->hash,
                 (long long)(o->build_us / 1000));
    else
        snprintf(text, sizeof text, "generation %u (%s) is running; built in %lld ms", o->number, o->hash,
                 (long long)(o->build_us / 1000));
    a->report = strdup(o->good ? text : o->report);
    task_wake(e, a->token, push_answer, a, answer_free);
}

static int change(lua_State *L, enum engine_how how, const char *what) {
    generation *g = generation_of(L);
    task_token token = task_suspend_for(L, what, 0); /* limits.task_seconds bounds it */
    answer *a = calloc(1, sizeof *a);
    if (!a) {
        task_suspend_cancel(L, token);
        return luaL_error(L, "%s: out of memory", what);
    }
    a->token = token;
    a->generation = g;
    generation_hold(g);
    engine_task_excuse(g, true);
    scripts_change(server_of(L), how, task_what(L), answer_built, a);
    return task_yield(L, token);
}

static int scripts_reload(lua_State *L) {
    bool check = false;
    if (lua_istable(L, 1)) {
        for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
            if (lua_type(L, -2) != LUA_TSTRING || strcmp(lua_tostring(L, -2), "check") != 0)
                return luaL_error(L, "mu.scripts.reload: the only option is check, not '%s'",
                                  luaL_tolstring(L, -2, NULL));
            check = lua_toboolean(L, -1);
        }
    }
    return change(L, check ? ENGINE_CHECK : ENGINE_RELOAD, "mu.scripts.reload");
}

static int scripts_rollback(lua_State *L) { return change(L, ENGINE_ROLLBACK, "mu.scripts.rollback"); }

/* ---- looking ---- */

static void set_string(lua_State *L, const char *key, const char *value) {
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, lua_Integer value) {
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

static void set_boolean(lua_State *L, const char *key, bool value) {
    lua_pushboolean(L, value);
    lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

static lua_Integer lines_of(const script_file *f) {
    lua_Integer lines = 0;
    for (size_t i = 0; i < f->size; i++) lines += f->text[i] == '\n';
    return lines + (f->size && f->text[f->size - 1] != '\n');
}

static int scripts_list(lua_State *L) {
    script_file f;
    lua_newtable(L);
    for (size_t i = 0; engine_file_at(generation_of(L)->engine, i, &f); i++) {
        unsigned char digest[SHA256_DIGEST_LENGTH];
        char hash[17];
        size_t root = strlen(f.name) > strlen(f.key) ? strlen(f.name) - strlen(f.key) - 1 : 0;
        SHA256((const unsigned char *)f.text, f.size, digest);
        for (int k = 0; k < 8; k++) snprintf(hash + 2 * k, 3, "%02x", digest[k]);
        lua_createtable(L, 0, 6);
        set_string(L, "name", f.name);
        set_string(L, "hash", hash);
        set_integer(L, "bytes", (lua_Integer)f.size);
        set_integer(L, "lines", lines_of(&f));
        lua_pushlstring(L, f.config ? "config" : f.name, f.config ? 6 : root);
        lua_setfield(L, -2, "root");
        set_string(L, "path", f.path);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int scripts_generations(lua_State *L) {
    engine_generation g;
    lua_newtable(L);
    for (unsigned i = 0; engine_generation_at(generation_of(L)->engine, i, &g); i++) {
        lua_createtable(L, 0, 6);
        set_integer(L, "number", g.number);
        set_string(L, "hash", g.hash);
        set_boolean(L, "current", g.current);
        set_number(L, "age", (double)g.age_us / 1e6);
        set_integer(L, "tasks", g.tasks);
        set_integer(L, "memory", (lua_Integer)g.memory);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int scripts_status(lua_State *L) {
    const engine *e = generation_of(L)->engine;
    const generation *g = engine_current(e);
    engine_counts counts;
    uint32_t number;
    char hash[17];
    engine_get_counts(e, &counts);
    lua_createtable(L, 0, 10);
    set_integer(L, "number", g->number);
    set_string(L, "hash", g->hash);
    set_boolean(L, "building", queue.count > 0);
    set_boolean(L, "rolled_back", engine_rolled_back(e));
    set_boolean(L, "auto_reload", scripts_watched());
    set_string(L, "errors", engine_report(e));
    set_integer(L, "reloads", (lua_Integer)counts.reloads);
    set_integer(L, "reloads_failed", (lua_Integer)counts.reloads_failed);
    if (engine_previous(e, &number, hash)) {
        lua_createtable(L, 0, 2);
        set_integer(L, "number", number);
        set_string(L, "hash", hash);
        lua_setfield(L, -2, "previous");
    }
    const char *text = !scripts_watched()      ? "reloads when asked (scripts.auto_reload is off)"
                       : engine_rolled_back(e) ? "rolled back; reloads at the next save"
                                               : "reloads when a file is saved";
    set_string(L, "text", text);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.scripts.reload",
     .params = "options: table?",
     .returns = "boolean, string",
     .text = "builds the scripts and config anew and swaps them in; { check = true } only proves them. true and a "
             "sentence, or false and every error found, one a line; then nothing has changed",
     .errors = "an unknown option",
     .example = "local fine, report = mu.scripts.reload { check = true }",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = scripts_reload},
    {.name = "mu.scripts.rollback",
     .returns = "boolean, string",
     .text = "goes back to what the generation before was built from, kept in memory, whatever the files say now; as "
             "mu.scripts.reload. The next save reloads again",
     .example = "local fine, report = mu.scripts.rollback()",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = scripts_rollback},
    {.name = "mu.scripts.list",
     .returns = "table[]",
     .text = "the files in use: { name, root, path, lines, bytes, hash } each",
     .example = "#mu.scripts.list() > 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = scripts_list},
    {.name = "mu.scripts.generations",
     .returns = "table[]",
     .text = "the generations there are, newest first: { number, hash, current, age (seconds), tasks (in flight), "
             "memory } each",
     .example = "mu.scripts.generations()[1].number >= 1",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = scripts_generations},
    {.name = "mu.scripts.status",
     .returns = "table",
     .text = "number, hash, building, rolled_back, auto_reload, previous { number, hash }, reloads, reloads_failed, "
             "errors (of the last build), text (when it reloads)",
     .example = "mu.scripts.status().errors == ''",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = scripts_status},
};

static int open_scripts(generation *g, lua_State *L) {
    (void)g;
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

static void enter_scripts(generation *g) { scripts_watch_follow(g); }

const script_module module_scripts = {
    .name = "scripts", .open = open_scripts, .check = scripts_watch_read, .enter = enter_scripts};
