/* console_job.c: one thing that a caller asked for: a command, or what could come next.
 *
 * The line is read at once, in C; what is wrong with it is said without a task. Then the function that scripts gave
 * (mu.console.run, mu.console.complete) runs as a task of the current generation. An endless command is cancelled with
 * its generation like every background task; it begins anew in the next one, so that watching survives a reload. */
#include "bind/console_caller.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/server.h"
#include "script/task.h"

#define MEMORY_MAX ((size_t)1 << 20) /* of one line's words */

typedef struct console_job {
    handle caller, task;
    engine *engine;
    char *line;
    size_t n;
    arena memory;
    console_call call;
    console_completion completion;
    bool completes, cancelled;
    char who[64]; /* for the audit log, when the caller has gone */
    int exit;
    buf list; /* the body of a LIST */
} console_job;

static void job_free(console_job *j) {
    arena_free(&j->memory);
    buf_free(&j->list);
    free(j->line);
    free(j);
}

static console_job *job_new(console_caller *c, bytes line) {
    console_job *j = calloc(1, sizeof *j);
    char *copy = malloc(line.n + 1);
    if (!j || !copy) {
        free(j), free(copy);
        return NULL;
    }
    memcpy(copy, line.p, line.n);
    copy[line.n] = 0;
    *j = (console_job){.caller = c->self, .engine = console_server()->engine, .line = copy, .n = line.n};
    snprintf(j->who, sizeof j->who, "%s", c->who.name);
    c->job = j;
    c->jobs++;
    return j;
}

/* The caller, when this job is still his. */
static console_caller *caller_of(const console_job *j) {
    console_caller *c = console_caller_find(j->caller);
    return c && c->job == j ? c : NULL;
}

/* ---- answers ---- */

static void say(console_caller *c, const char *text) { console_send_line(c, CONSOLE_ERROR, text, strlen(text)); }

static void end_with(console_job *j, const char *sentence, int code, int flags) {
    console_caller *c = caller_of(j);
    if (c) {
        c->job = NULL;
        if (sentence) say(c, sentence);
        if (j->call.secret) flags |= CONSOLE_HAS_SECRET;
        console_send_exit(c, code, flags);
        if (flags & CONSOLE_BYE) stream_close(c->stream, 0);
    }
    job_free(j);
}

/* ---- running a command ---- */

static void push_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void push_value(lua_State *L, const console_param *p, const console_value *v) {
    switch ((enum console_kind)p->kind) {
    case CONSOLE_INTEGER: lua_pushinteger(L, v->integer); break;
    case CONSOLE_NUMBER: lua_pushnumber(L, v->number); break;
    case CONSOLE_BOOLEAN: lua_pushboolean(L, v->boolean); break;
    default: lua_pushstring(L, v->text); break;
    }
}

static void push_values(lua_State *L, const char *key, const console_param *list, const console_value *values,
                        unsigned count) {
    lua_createtable(L, (int)count, 0);
    for (unsigned i = 0; i < count; i++) {
        lua_createtable(L, 0, 5);
        push_text(L, "name", list[i].name);
        if (values[i].given) {
            push_value(L, &list[i], &values[i]);
            lua_setfield(L, -2, "value");
            if (list[i].word) {
                push_text(L, "word", list[i].word->name);
                lua_rawgeti(L, LUA_REGISTRYINDEX, list[i].word->find_ref);
                lua_setfield(L, -2, "find");
                lua_rawgeti(L, LUA_REGISTRYINDEX, list[i].word->complete_ref);
                lua_setfield(L, -2, "complete");
            }
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, key);
}

static int push_run(lua_State *L, void *ctx) {
    const console_job *j = ctx;
    const console_command *c = j->call.command;
    const console_caller *caller = caller_of(j);
    luaL_checkstack(L, 10, "console");
    console_push_caller(L, j->caller);
    lua_createtable(L, 0, 10);
    push_text(L, "command", c->name);
    push_text(L, "line", j->call.loggable);
    lua_rawgeti(L, LUA_REGISTRYINDEX, c->handle_ref);
    lua_setfield(L, -2, "handle");
    lua_rawgeti(L, LUA_REGISTRYINDEX, console_set_of(generation_of(L))->audit_ref);
    lua_setfield(L, -2, "audit");
    lua_pushboolean(L, c->changes);
    lua_setfield(L, -2, "changes");
    lua_pushboolean(L, j->call.json || (caller && (caller->flags & CONSOLE_JSON)));
    lua_setfield(L, -2, "json");
    lua_pushboolean(L, j->call.help);
    lua_setfield(L, -2, "help");
    push_values(L, "params", c->params, j->call.params, c->param_count);
    push_values(L, "options", c->options, j->call.options, c->option_count);
    return 2;
}

static int finish_run(lua_State *L, int first, int count, void *ctx) {
    console_job *j = ctx;
    if (count > 0 && lua_isinteger(L, first)) j->exit = (int)lua_tointeger(L, first) & 0xff;
    return 0;
}

static void start_run(console_job *j);

static void run_done(void *ctx, const fault *why) {
    console_job *j = ctx;
    const console_caller *c = caller_of(j);
    char text[600];
    if (why && j->call.command->changes)
        console_audit_ended(j->engine, j->who, &j->call, why->code == E_CANCELLED ? "cancelled" : why->text);
    if (!why) {
        end_with(j, NULL, j->exit, 0);
    } else if (why->code == E_CANCELLED && j->cancelled) {
        end_with(j, "cancelled", 1, 0);
    } else if (why->code == E_CANCELLED && c && j->call.command->endless) {
        snprintf(text, sizeof text, "-- the scripts were reloaded: generation %u goes on with this --",
                 engine_current(j->engine)->number);
        say(console_caller_find(j->caller), text);
        start_run(j);
    } else if (why->code == E_CANCELLED) {
        end_with(j, "the scripts were reloaded, more than once: this command belonged to the old ones and was cut off",
                 1, 0);
    } else if (why->code == E_CLOSED) {
        end_with(j, "the server is ending", 1, CONSOLE_BYE);
    } else {
        end_with(j, why->text, 1, 0);
    }
}

/* May end and free the job. */
static void start_run(console_job *j) {
    generation *g = engine_current(j->engine);
    const console_set *s = console_set_of(g);
    fault f;
    arena_free(&j->memory);
    arena_init(&j->memory, MEMORY_MAX);
    j->task = (handle){0, 0};
    if (console_parse(s, j->line, j->n, &j->memory, &j->call, &f) < 0) {
        end_with(j, f.text, 2, 0);
    } else if (!j->call.command) {
        end_with(j, NULL, 0, 0);
    } else if (s->runner_ref == LUA_NOREF) {
        end_with(j, "the scripts of this server give no mu.console.run: is scripts/console/ complete?", 1, 0);
    } else {
        task_call call = {.generation = g,
                          .function_ref = s->runner_ref,
                          .what = j->call.command->what,
                          .push = push_run,
                          .finish = finish_run,
                          .done = run_done,
                          .ctx = j,
                          .background = j->call.command->endless};
        handle caller = j->caller, t = task_start(j->engine, &call);
        const console_caller *c = console_caller_find(caller);
        if (c && c->job == j) j->task = t; /* else it has ended already */
    }
}

void console_job_run(console_caller *c, bytes line) {
    console_job *j = job_new(c, line);
    if (j)
        start_run(j);
    else
        stream_abort(c->stream, E_MEMORY);
}

/* ---- completing ---- */

static bool begins(const char *text, const char *prefix) {
    for (; *prefix; text++, prefix++)
        if (tolower((unsigned char)*text) != tolower((unsigned char)*prefix)) return false;
    return true;
}

/* As it has to stand in a line. */
static void add_candidate(console_job *j, const char *text, bool quote) {
    buf b = {0};
    if (!*text || strlen(text) > 1000) return;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20) return;
    quote = quote && strpbrk(text, " \"'") != NULL;
    if (quote) buf_u8(&b, '"');
    for (const char *p = text; *p; p++) {
        if (quote && (*p == '"' || *p == '\\')) buf_u8(&b, '\\');
        buf_u8(&b, (uint8_t)*p);
    }
    if (quote) buf_u8(&b, '"');
    if (!b.failed) console_list_add(&j->list, buf_bytes(&b));
    buf_free(&b);
}

static int push_complete(lua_State *L, void *ctx) {
    const console_job *j = ctx;
    luaL_checkstack(L, 6, "console");
    console_push_caller(L, j->caller);
    if (j->completion.word)
        lua_rawgeti(L, LUA_REGISTRYINDEX, j->completion.word->complete_ref);
    else
        lua_pushnil(L);
    lua_pushstring(L, j->completion.prefix);
    lua_pushboolean(L, j->completion.topic);
    return 4;
}

static int finish_complete(lua_State *L, int first, int count, void *ctx) {
    console_job *j = ctx;
    if (count < 1 || !lua_istable(L, first)) return 0;
    for (lua_Integer i = 1; i <= CONSOLE_CANDIDATES_MAX; i++) {
        if (lua_rawgeti(L, first, i) == LUA_TNIL) break;
        const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        if (begins(text, j->completion.prefix)) add_candidate(j, text, !j->completion.lua);
        lua_pop(L, 1);
    }
    return 0;
}

static void complete_done(void *ctx, const fault *why) {
    console_job *j = ctx;
    console_caller *c = caller_of(j);
    buf b = {0};
    if (c) {
        c->job = NULL;
        console_frame_put(&b, CONSOLE_LIST, buf_bytes(&j->list));
        if (!b.failed) stream_write(c->stream, buf_bytes(&b));
        buf_free(&b);
    }
    job_free(j);
}

static void start_complete(console_job *j) {
    generation *g = engine_current(j->engine);
    const console_set *s = console_set_of(g);
    const console_completion *found = &j->completion;
    arena_init(&j->memory, MEMORY_MAX);
    int code = console_complete(s, j->line, j->n, &j->memory, &j->completion);
    console_list_begin(&j->list, found->from);
    for (unsigned i = 0; code == 0 && i < found->count; i++) add_candidate(j, found->candidates[i], false);
    bool ask = code == 0 && (found->lua || found->topic || (found->word && found->word->complete_ref != LUA_NOREF));
    if (!ask || s->completer_ref == LUA_NOREF) {
        complete_done(j, NULL);
        return;
    }
    task_call call = {.generation = g,
                      .function_ref = s->completer_ref,
                      .what = "console: completion",
                      .push = push_complete,
                      .finish = finish_complete,
                      .done = complete_done,
                      .ctx = j};
    handle caller = j->caller, t = task_start(j->engine, &call);
    const console_caller *c = console_caller_find(caller);
    if (c && c->job == j) j->task = t;
}

void console_job_complete(console_caller *c, bytes line) {
    console_job *j = job_new(c, line);
    if (j) {
        j->completes = true;
        start_complete(j);
    } else {
        stream_abort(c->stream, E_MEMORY);
    }
}

/* ---- ending early ---- */

void console_job_cancel(console_caller *c) {
    if (!c->job) return; /* it has ended meanwhile */
    c->job->cancelled = true;
    task_cancel(c->job->engine, c->job->task, E_CANCELLED);
}

void console_job_leave(console_caller *c) {
    console_job *j = c->job;
    c->job = NULL; /* from here on the job has no caller, and frees itself */
    if (!j) return;
    j->cancelled = true;
    task_cancel(j->engine, j->task, E_CANCELLED);
}
