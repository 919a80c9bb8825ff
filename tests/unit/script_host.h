/* script_host.h: a hand-made host for the engine and a folder of scripts, for the unit tests of src/script.
 *
 *     struct world w;  world_open(&w);
 *     world_write(&w, "scripts/main.lua", "mu.on('started', function() … end)");
 *     world_start(&w);  …  world_run(&w);  …  world_close(&w);
 *
 * The clock is virtual: world_pass(&w, seconds). Work runs on a real thread. Log lines are kept in w.log. */
#ifndef TESTS_UNIT_SCRIPT_HOST_H
#define TESTS_UNIT_SCRIPT_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/log.h"
#include "script/declare.h"
#include "script/engine.h"
#include "script/event.h"
#include "script/module.h"
#include "script/task.h"
#include <lauxlib.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct work {
    void (*run)(void *), (*done)(void *);
    void *arg;
    pthread_t thread;
    struct work *next;
};

struct outcome {
    int calls, code;
    char text[512];
    char result[512];
};

struct world {
    char root[64], log[65536];
    size_t log_used;
    engine *engine;
    engine_options options;
    script_root roots[3];
    const char *configs[3];
    const char *overrides[8];
    int64_t now, wake_at;
    bool pump, stopped;
    struct work *works;
    int reloads, reload_ok;
    char report[8192];
    char heard[4096];  /* what scripts said by mu.say */
    task_token parked; /* by mu.park */
};

static inline void world_sink(enum log_level level, const char *line, size_t length, void *context) {
    struct world *w = context;
    (void)level;
    if (w->log_used + length + 1 > sizeof w->log) return;
    memcpy(w->log + w->log_used, line, length);
    w->log_used += length;
    w->log[w->log_used] = 0;
}

static inline void *world_thread(void *arg) {
    struct work *k = arg;
    k->run(k->arg);
    return NULL;
}

static inline void world_work(void *ctx, void (*run)(void *), void (*done)(void *), void *arg) {
    struct world *w = ctx;
    struct work *k = calloc(1, sizeof *k), **at = &w->works;
    *k = (struct work){.run = run, .done = done, .arg = arg};
    assert_int_equal(pthread_create(&k->thread, NULL, world_thread, k), 0);
    while (*at) at = &(*at)->next;
    *at = k;
}

static inline void world_pump_soon(void *ctx) { ((struct world *)ctx)->pump = true; }
static inline void world_wake_at(void *ctx, int64_t at) { ((struct world *)ctx)->wake_at = at; }
static inline int64_t world_now(void *ctx) { return ((struct world *)ctx)->now; }

/* Runs until nothing is left to do: work that is under way is waited for. */
static inline void world_run(struct world *w) {
    for (;;) {
        if (w->pump || (w->wake_at && w->now >= w->wake_at)) {
            w->pump = false;
            if (w->wake_at && w->now >= w->wake_at) w->wake_at = 0;
            engine_pump(w->engine);
        } else if (w->works) {
            struct work *k = w->works;
            w->works = k->next;
            pthread_join(k->thread, NULL);
            k->done(k->arg);
            free(k);
        } else {
            return;
        }
    }
}

static inline void world_pass(struct world *w, double seconds) {
    int64_t until = w->now + (int64_t)(seconds * 1e6);
    while (w->wake_at && w->wake_at <= until) {
        if (w->wake_at > w->now) w->now = w->wake_at;
        world_run(w);
    }
    w->now = until;
    world_run(w);
}

static inline void world_write(struct world *w, const char *name, const char *text) {
    char path[256];
    for (const char *p = name; (p = strchr(p, '/')) != NULL; p++) {
        snprintf(path, sizeof path, "%s/%.*s", w->root, (int)(p - name), name);
        mkdir(path, 0755);
    }
    snprintf(path, sizeof path, "%s/%s", w->root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static inline int world_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* ---- a module of the tests: mu.handler(name, fn), mu.say(text), mu.park() ---- */

struct handlers {
    struct {
        char name[64];
        int ref;
    } list[64];
    int count;
};

static inline int test_handler(lua_State *L) {
    struct handlers *h = generation_of(L)->slots[0];
    snprintf(h->list[h->count].name, sizeof h->list[0].name, "%s", lua_tostring(L, 1));
    lua_settop(L, 2);
    h->list[h->count++].ref = generation_ref(L);
    return 0;
}

static inline int test_say(lua_State *L) {
    struct world *w = engine_server(generation_of(L)->engine);
    size_t n = strlen(w->heard);
    snprintf(w->heard + n, sizeof w->heard - n, "%s%s", n ? " " : "", luaL_tolstring(L, 1, NULL));
    return 0;
}

static inline int test_park(lua_State *L) {
    struct world *w = engine_server(generation_of(L)->engine);
    w->parked = task_suspend(L, "mu.park");
    return task_yield(L, w->parked);
}

static inline int test_wrong(lua_State *L) {
    generation_error_here(L, "wrong: %s", lua_tostring(L, 1));
    return 0;
}

static const script_function test_functions[] = {
    {.name = "mu.handler", .params = "name: string, fn: function", .flags = SCRIPT_LOAD_ONLY, .call = test_handler},
    {.name = "mu.say", .params = "what: any", .call = test_say},
    {.name = "mu.park", .params = "", .flags = SCRIPT_SUSPENDS, .call = test_park},
    {.name = "mu.wrong", .params = "what: string", .call = test_wrong},
    {.name = "mu.deep.check",
     .params = "count: integer, text?: string, either: string|table?, ...: any",
     .call = test_say},
};

static inline int test_open(generation *g, lua_State *L) {
    g->slots[0] = calloc(1, sizeof(struct handlers));
    script_event_declare(g, "knock", "who: string", "somebody knocked");
    return script_declare(L, test_functions, sizeof test_functions / sizeof *test_functions);
}

static inline void test_close(generation *g) { free(g->slots[0]); }

static const script_module module_test = {.name = "test", .open = test_open, .close = test_close};
static const script_module *const test_modules[] = {&module_test, NULL};

/* ---- life ---- */

static inline void world_open(struct world *w) {
    memset(w, 0, sizeof *w);
    w->now = 1000000;
    strcpy(w->root, "/tmp/mu-script-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    static char data[2][96], config[2][96];
    snprintf(data[0], sizeof data[0], "%s/data", w->root);
    snprintf(data[1], sizeof data[1], "%s/scripts", w->root);
    snprintf(config[0], sizeof config[0], "%s/config.lua", w->root);
    w->roots[0] = (script_root){data[0], "data/scripts"};
    w->roots[1] = (script_root){data[1], "scripts"};
    w->configs[0] = config[0];
    log_set_sink(world_sink, w);
    world_write(w, "scripts/main.lua", "");
    w->options = (engine_options){
        .host = {w, world_work, world_pump_soon, world_wake_at, world_now},
        .roots = w->roots,
        .config_files = w->configs,
        .overrides = w->overrides,
        .modules = test_modules,
        .server = w,
    };
}

static inline int world_try(struct world *w) {
    fault f = {0};
    if (!w->engine) w->engine = engine_new(&w->options, &f);
    assert_non_null(w->engine);
    int result = engine_load(w->engine, &f);
    if (result == 0) world_run(w);
    return result;
}

static inline void world_start(struct world *w) {
    int result = world_try(w);
    if (result < 0) fprintf(stderr, "%s\n", engine_report(w->engine));
    assert_int_equal(result, 0);
}

static inline void world_stopped(void *ctx) { ((struct world *)ctx)->stopped = true; }

static inline void world_close(struct world *w) {
    if (w->engine) {
        engine_stop(w->engine, 0, world_stopped, w);
        world_run(w);
        assert_true(w->stopped);
        engine_counts c;
        engine_get_counts(w->engine, &c);
        assert_int_equal(c.tasks_live, 0);
        engine_free(w->engine);
    }
    log_set_sink(NULL, NULL);
    nftw(w->root, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void world_reloaded(void *ctx, const engine_outcome *o) {
    struct world *w = ctx;
    w->reloads++;
    w->reload_ok = o->good;
    snprintf(w->report, sizeof w->report, "%s", o->report);
}

static inline bool world_reload(struct world *w) {
    assert_int_equal(engine_build(w->engine, ENGINE_RELOAD, world_reloaded, w), 0);
    world_run(w);
    return w->reload_ok;
}

/* ---- running handlers ---- */

static inline int keep_result(lua_State *L, int first, int count, void *ctx) {
    struct outcome *o = ctx;
    o->result[0] = 0;
    for (int i = 0; i < count; i++) {
        size_t n = strlen(o->result);
        snprintf(o->result + n, sizeof o->result - n, "%s%s", i ? " " : "", luaL_tolstring(L, first + i, NULL));
        lua_pop(L, 1);
    }
    return 0;
}

static inline void keep_outcome(void *ctx, const fault *why) {
    struct outcome *o = ctx;
    o->calls++;
    o->code = why ? why->code : 0;
    snprintf(o->text, sizeof o->text, "%s", why ? why->text : "");
}

/* Starts the handler of that name; the outcome fills in when it ends. */
static inline handle world_call(struct world *w, const char *name, struct outcome *o) {
    generation *g = engine_current(w->engine);
    struct handlers *h = g->slots[0];
    memset(o, 0, sizeof *o);
    for (int i = 0; i < h->count; i++) {
        if (strcmp(h->list[i].name, name) != 0) continue;
        task_call call = {.generation = g,
                          .function_ref = h->list[i].ref,
                          .what = h->list[i].name,
                          .finish = keep_result,
                          .done = keep_outcome,
                          .ctx = o};
        return task_start(w->engine, &call);
    }
    fail_msg("no handler %s", name);
    return (handle){0, 0};
}

/* A world whose main.lua is one handler "it" with that body, called once and run to the end. */
static inline void world_body(struct world *w, const char *body, struct outcome *o) {
    size_t n = strlen(body) + 200;
    char *text = malloc(n);
    snprintf(text, n, "mu.handler('it', function()\n%s\nend)\nmu.handler('fine', function() return 'fine' end)\n",
             body);
    world_open(w);
    world_write(w, "scripts/main.lua", text);
    free(text);
    world_start(w);
    world_call(w, "it", o);
    world_run(w);
}

#define assert_contains(text, part)                                                                                    \
    do {                                                                                                               \
        if (!strstr((text), (part))) fail_msg("'%s' not found in:\n%s", (part), (text));                               \
    } while (0)

#endif
