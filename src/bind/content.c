/* content.c: mu.content: when a build runs, and who waits for it.
 *
 * One set is served: the last that was built. A build starts when a generation is entered, when somebody asks and the
 * sources have not been looked at for FRESH_US, and on command; one at a time, on a worker thread. Looking costs the
 * listing of a few folders: what has not changed is not built again. Who asks for content waits for the build that may
 * change it, so that after a reload the next answer is the new one; nobody else waits. */
#include "bind/content.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/server.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/task.h"

#define FRESH_US 2000000 /* sources looked at so lately are not looked at again */

typedef struct waiter {
    struct engine *engine;
    task_token token;
    uint64_t job; /* the one it waits for */
    char name[16];
    struct waiter *next;
} waiter;

typedef struct job {
    content_inputs in;
    content_set *last, *made;
    fault f;
} job;

static struct {
    server *server;
    content_set *set;
    change_list *changes, *built; /* of the current generation; those that `set` was built with */
    int64_t looked_us;            /* when the last job began; 0 = never */
    uint64_t started, finished;   /* numbers of jobs */
    job *out;
    waiter *first;
    bool told; /* what is missing */
} all;

const content_set *content_served(void) { return all.set; }

change_list *content_changes(generation *g) { return g->slots[SLOT_CONTENT]; }

/* ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static void work(void *ctx) {
    job *j = ctx;
    j->made = content_build(&j->in, j->last, &j->f);
}

static void tell_what_is_missing(void) {
    if (all.told || !all.set) return;
    all.told = true;
    if (all.set->has_base) return;
    log_info("content", "there is no live configuration and no talk table of the game: players keep the one of their "
                        "own game. They are not ours to ship; if you have them, put the coalesced file as "
                        "assets/game/bini.bin (or Pocket Relay's coalesced.json as assets/game/bini.json) and the talk "
                        "tables as assets/game/tlk/<language>.tlk into the data folder");
}

static int push_hash(lua_State *L, void *ctx) {
    const waiter *w = ctx;
    const content_product *p = content_find(all.set, w->name);
    if (p && p->text)
        lua_pushstring(L, p->hash);
    else
        lua_pushnil(L);
    return 1;
}

static void start(void);

static void done(void *ctx) {
    job *j = ctx;
    all.out = NULL;
    all.finished = all.started;
    if (j->made) {
        content_set_drop(all.set);
        all.set = j->made;
        tell_what_is_missing();
    } else {
        log_error("content", "nothing is built: %s", j->f.text);
    }
    change_list_drop(all.built);
    all.built = j->in.changes;
    free(j);
    bool more = false;
    for (waiter **at = &all.first, *w; (w = *at);) {
        if (w->job > all.finished) {
            more = true;
            at = &w->next;
            continue;
        }
        *at = w->next;
        task_wake(w->engine, w->token, push_hash, w, free);
    }
    if (more || all.changes != all.built) start();
}

static void start(void) {
    if (all.out || !all.server || !all.server->loop) return;
    const engine_options *o = engine_get_options(all.server->engine);
    job *j = calloc(1, sizeof *j);
    if (!j) return;
    *j = (job){.in = {.data_dir = o->data_dir, .asset_dir = o->asset_dir, .changes = change_list_hold(all.changes)},
               .last = all.set};
    all.out = j;
    all.started++;
    all.looked_us = clock_mono_us();
    if (loop_work(all.server->loop, work, done, j) == 0) return;
    fault_set(&j->f, E_BUSY, "no worker for the content");
    done(j);
}

/* ── Lua ─────────────────────────────────────────────────────────────────────────────────────────────────────────── */

/* Waits for the next job, or for the one that is out when that will do. name "": nobody asks for a product. */
static int wait_for_build(lua_State *L, const char *what, const char *name, bool next) {
    task_token token = task_suspend(L, what);
    waiter *w = calloc(1, sizeof *w);
    if (!w) {
        task_suspend_cancel(L, token);
        return luaL_error(L, "%s: out of memory", what);
    }
    bool will_do = all.out && !next && all.out->in.changes == all.changes;
    *w = (waiter){
        .engine = all.server->engine, .token = token, .job = all.started + (will_do ? 0 : 1), .next = all.first};
    strncpy(w->name, name, sizeof w->name - 1);
    all.first = w;
    start(); /* w may be gone afterwards */
    return task_yield(L, token);
}

static server *server_here(lua_State *L, const char *what) {
    server *s = server_of(L);
    if (!s || !s->loop) luaL_error(L, "%s: this program builds no content", what);
    all.server = s;
    if (!s->engine) s->engine = generation_of(L)->engine;
    return s;
}

static int l_fresh(lua_State *L) {
    const char *name = lua_tostring(L, 1);
    server_here(L, "mu.content.fresh");
    bool known = false;
    for (unsigned i = 0; i < CONTENT_PRODUCTS; i++) known = known || strcmp(content_names[i], name) == 0;
    luaL_argcheck(L, known, 1, "must be \"bini\" or \"tlk.\" and a language");
    bool fresh = all.set && !all.out && all.built == all.changes && clock_mono_us() - all.looked_us < FRESH_US;
    if (!fresh) return wait_for_build(L, "mu.content.fresh", name, false);
    const content_product *p = content_find(all.set, name);
    if (p && p->text)
        lua_pushstring(L, p->hash);
    else
        lua_pushnil(L);
    return 1;
}

static int l_build(lua_State *L) {
    server_here(L, "mu.content.build");
    return wait_for_build(L, "mu.content.build", "", true);
}

static const script_function functions[] = {
    {.name = "mu.content.fresh",
     .params = "name: string",
     .returns = "string?",
     .text = "A text that names the content (\"bini\", \"tlk.en\" …) as its sources are now: another one when it is "
             "another one. nil when there are no sources. Waits where a build may change it; as a rule it does not.",
     .errors = "a name that there is not",
     .example = "local hash = mu.content.fresh \"bini\"",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_fresh},
    {.name = "mu.content.build",
     .params = "",
     .returns = "",
     .text = "Looks at all sources now and builds what has changed. What came of it: mu.content.status().",
     .example = "mu.content.build() == nil",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_build},
};

static int content_open(generation *g, lua_State *L) {
    g->slots[SLOT_CONTENT] = change_list_new();
    if (!g->slots[SLOT_CONTENT]) return E_MEMORY;
    content_open_changes(L);
    content_open_view(L);
    content_open_files(L);
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

static void content_enter(generation *g) {
    server *s = engine_server(g->engine);
    change_list_drop(all.changes);
    all.changes = change_list_hold(content_changes(g));
    if (!s || !s->loop || s->client) return;
    all.server = s;
    if (!s->engine) s->engine = g->engine;
    start();
}

static void content_leave_generation(generation *g) {
    change_list_drop(g->slots[SLOT_CONTENT]);
    g->slots[SLOT_CONTENT] = NULL;
}

void content_close(void) {
    for (waiter *w = all.first, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    content_set_drop(all.set);
    change_list_drop(all.changes);
    change_list_drop(all.built);
    memset(&all, 0, sizeof all);
}

const script_module module_content = {
    .name = "content", .open = content_open, .enter = content_enter, .close = content_leave_generation};
