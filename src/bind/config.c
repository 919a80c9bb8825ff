/* config.c: config.set.lua: what the console's `config set` has set. It lies in the data folder and wins over every
 * other config file, key by key.
 *
 * A config.lua is a person's, with his comments, so a program must not write into it. This file is written whole, by a
 * program alone: complete or not at all, and on disk before the answer. What stands in it is the scripts' matter
 * (console/config.lua); whether a value fits its setting is asked here, by the same rules that a reload applies. */
#include "bind/config.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bind/server.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/settings.h"
#include "script/task.h"

#define OVERLAY     "config.set.lua"
#define OVERLAY_MAX (256u << 10)

static void overlay_path(lua_State *L, char *path, size_t room) {
    const server *s = server_of(L);
    if (!s->data_dir || (size_t)snprintf(path, room, "%s/%s", s->data_dir, OVERLAY) >= room)
        luaL_error(L, "this program has no data folder");
}

/* ---- does a value fit? ---- */

typedef struct complaints {
    char text[1000];
    size_t n;
} complaints;

static void take(void *ctx, const char *path, const char *sentence) {
    complaints *c = ctx;
    if (c->n < sizeof c->text)
        c->n += (size_t)snprintf(c->text + c->n, sizeof c->text - c->n, "%s%s: %s", c->n ? "\n" : "", path, sentence);
}

static int check(lua_State *L) {
    complaints c = {{0}, 0};
    settings_place p = {.generation = generation_of(L), .tell = take, .ctx = &c};
    lua_settop(L, 2);
    if (settings_try(L, lua_tostring(L, 1), 2, &p) == 0) return 0;
    lua_pushstring(L, c.text);
    return 1;
}

/* ---- the file ---- */

static int read_overlay(lua_State *L) {
    char path[600];
    overlay_path(L, path, sizeof path);
    char *text = lua_newuserdatauv(L, OVERLAY_MAX, 0);
    FILE *file = fopen(path, "rbe");
    if (!file) return 0;
    size_t n = fread(text, 1, OVERLAY_MAX, file);
    fclose(file);
    lua_pushlstring(L, text, n);
    return 1;
}

typedef struct writing {
    struct engine *engine;
    task_token token;
    char path[600];
    fault why;
    int code;
    size_t n;
    char text[];
} writing;

static void write_now(void *ctx) {
    writing *w = ctx;
    w->code = file_write(w->path, w->text, w->n, true, &w->why);
}

static int push_result(lua_State *L, void *ctx) {
    const writing *w = ctx;
    if (w->code < 0) return luaL_error(L, "%s", w->why.text);
    lua_pushboolean(L, true);
    return 1;
}

static void written(void *ctx) {
    writing *w = ctx;
    task_wake(w->engine, w->token, push_result, w, free);
}

static int write_overlay(lua_State *L) {
    size_t n;
    char path[600];
    const char *text = lua_tolstring(L, 1, &n);
    if (n > OVERLAY_MAX) return luaL_error(L, "%s: longer than %d bytes", OVERLAY, (int)OVERLAY_MAX);
    overlay_path(L, path, sizeof path);
    server *s = server_of(L);
    task_token token = task_suspend(L, "mu.settings_write");
    writing *w = calloc(1, sizeof *w + n);
    if (w) {
        w->engine = s->engine, w->token = token, w->n = n;
        memcpy(w->text, text, n);
        snprintf(w->path, sizeof w->path, "%s", path);
    }
    if (!w || loop_work(s->loop, write_now, written, w) < 0) {
        free(w);
        task_suspend_cancel(L, token);
        return luaL_error(L, "mu.settings_write: out of memory");
    }
    return task_yield(L, token);
}

static const script_function functions[] = {
    {.name = "mu.settings_check",
     .params = "path: string, value: any",
     .returns = "string?",
     .text = "does the value fit the setting? nil, or what is wrong with it, one mistake a line",
     .errors = "",
     .example = "mu.settings_check(\"limits.burst_ms\", \"long\"):find \"must be an integer\"",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = check},
    {.name = "mu.settings_read",
     .returns = "string?",
     .text = "the text of config.set.lua in the data folder, which wins over config.lua; nil when there is none",
     .errors = "",
     .example = "mu.settings_read() == nil",
     .since = "0.2",
     .flags = SCRIPT_RUN_ONLY,
     .call = read_overlay},
    {.name = "mu.settings_write",
     .params = "text: string",
     .returns = "boolean",
     .text = "puts text in the place of config.set.lua; on disk when it returns, used from the next reload on",
     .errors = "what cannot be written; more than 256 KiB",
     .example = "mu.settings_write \"return {}\"",
     .since = "0.2",
     .flags = SCRIPT_SUSPENDS,
     .call = write_overlay},
};

static int open_config(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_config = {.name = "config", .open = open_config};
