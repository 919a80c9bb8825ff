/* engine.c: the generations of one server: first load, swap, drain, stop. See engine.h; reload.c builds the later ones.
 */
#include "script/state.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void warn_burst(watch *w, lua_State *L) {
    generation *g = generation_of(L);
    char where[LUA_IDSIZE + 16], who[256] = "while scripts load", trace[WATCH_TRACE];
    trace_place(L, 0, where, sizeof where);
    trace_write(L, 0, trace, sizeof trace);
    if (g->own->running) task_describe(g->own->running, who, sizeof who);
    log_warn("script", "%s has run for %lld ms without a pause, now at %s (limits.burst_warn_ms); %s%s",
             g->own->running ? g->own->running->call.what : "a script",
             (long long)(g->own->limits.burst_warn_us / 1000), where[0] ? where : "?", who, trace);
    g->engine->counts.bursts_long++;
    (void)w;
}

engine *engine_new(const engine_options *o, fault *f) {
    engine *e = calloc(1, sizeof *e);
    script_limits l;
    if (!e) {
        fault_set(f, E_MEMORY, "no memory for the script engine");
        return NULL;
    }
    e->options = *o;
    e->watch.warn = warn_burst;
    e->watch.press = memory_pressed;
    e->watch.trace = e->trace;
    e->report = strdup("");
    tasks_init(e);
    observe_open(e);
    settings_limits_default(&l);
    if (!e->report || watch_open(&e->watch, l.burst_warn_us, l.burst_us) < 0) {
        fault_set(f, E_SYSTEM, "the watchdog over scripts cannot be started");
        free(e->report), free(e);
        return NULL;
    }
    return e;
}

generation *engine_current(const engine *e) { return e->current; }
void *engine_server(const engine *e) { return e->options.server; }
const engine_options *engine_get_options(const engine *e) { return &e->options; }
const char *engine_report(const engine *e) { return e->report; }

int64_t engine_now(const engine *e) {
    return e->options.host.now ? e->options.host.now(e->options.host.ctx) : clock_mono_us();
}

/* ---- closing a generation ---- */

typedef struct closing {
    engine *engine;
    generation *generation;
} closing;

static void close_on_worker(void *arg) {
    closing *c = arg;
    generation_free(c->generation);
    pages_trim(); /* what it was built from, and what it held outside Lua */
}

static void close_done(void *arg) {
    closing *c = arg;
    engine *e = c->engine;
    free(c);
    e->closing--;
    engine_settle(e);
}

void engine_close(generation *g) {
    engine *e = g->engine;
    for (generation **at = &e->live; *at; at = &(*at)->own->next) {
        if (*at != g) continue;
        *at = g->own->next;
        break;
    }
    closing *c = malloc(sizeof *c);
    if (!c || !e->options.host.work) {
        free(c);
        generation_free(g);
        return;
    }
    *c = (closing){e, g};
    e->closing++;
    e->options.host.work(e->options.host.ctx, close_on_worker, close_done, c);
}

void generation_unref(generation *g) {
    require(g->own->refs > 0);
    if (--g->own->refs == 0) engine_close(g);
}

/* ---- entering ---- */

static void drop_event(void *ctx, const fault *why) { (void)ctx, (void)why; }

void engine_enter(engine *e, generation *g) {
    generation *old = e->current;
    const struct script_module *const *modules = e->options.modules;
    g->own->watch = g->own->memory.watch = &e->watch;
    memory_limit(&g->own->memory, g->own->limits.memory);
    g->own->refs = 1;
    g->own->entered_us = engine_now(e);
    g->own->next = e->live;
    e->live = g;
    watch_set_limits(&e->watch, g->own->limits.burst_warn_us, g->own->limits.burst_us);
    for (const struct script_module *const *m = modules; old && m && *m; m++) {
        if ((*m)->leave) (*m)->leave(old);
    }
    e->current = g;
    for (const struct script_module *const *m = modules; m && *m; m++) {
        if ((*m)->enter) (*m)->enter(g);
    }
    if (old) {
        engine_keep_sources(e, old);
        task_end_all(e, old, true, E_CANCELLED);
        generation_unref(old);
    }
    core_enter(g);
    engine_event(e, old ? "reloaded" : "started", (handle){0, 0}, NULL, drop_event, NULL);
}

void engine_keep_report(engine *e, const generation *g) {
    char *text = generation_errors_text(g);
    if (!text) return;
    free(e->report);
    e->report = text;
}

int engine_load(engine *e, fault *f) {
    require(!e->current && !e->building);
    generation *g = generation_new(e, ++e->next_number, f);
    if (!g) return E_MEMORY;
    int result = build_generation(g);
    engine_keep_report(e, g);
    if (result < 0) {
        size_t first = strcspn(e->report, "\n");
        fault_set(f, E_LOAD, "%.*s", (int)(first < 480 ? first : 480),
                  e->report[0] ? e->report : "the scripts cannot be loaded");
        generation_free(g);
        return E_LOAD;
    }
    engine_enter(e, g);
    return 0;
}

/* ---- the end ---- */

void engine_settle(engine *e) {
    if (!e->stopping) return;
    if (e->live_count && engine_now(e) >= e->stop_deadline && !e->stop_killed) {
        e->stop_killed = true;
        task_end_all(e, NULL, false, E_CLOSED);
        return; /* the pump that was asked for ends them and comes back here */
    }
    if (e->live_count || e->building || e->closing || !e->stopped) return;
    void (*stopped)(void *) = e->stopped;
    e->stopped = NULL;
    stopped(e->stopped_ctx);
}

void engine_stop(engine *e, int64_t grace_us, void (*stopped)(void *ctx), void *ctx) {
    if (e->stopping) return;
    if (e->current) engine_event(e, "stopping", (handle){0, 0}, NULL, drop_event, NULL);
    e->stopping = true;
    e->stopped = stopped;
    e->stopped_ctx = ctx;
    e->stop_deadline = engine_now(e) + grace_us;
    task_end_all(e, NULL, true, E_CLOSED);
    engine_ask_pump(e); /* which asks to be woken at the deadline */
}

void engine_free(engine *e) {
    if (!e) return;
    require(e->live_count == 0 && !e->building && e->closing == 0);
    for (const struct script_module *const *m = e->options.modules; e->current && m && *m; m++) {
        if ((*m)->leave) (*m)->leave(e->current);
    }
    while (e->live) {
        generation *g = e->live;
        e->live = g->own->next;
        generation_free(g);
    }
    watch_close(&e->watch);
    exclusive_free(e);
    slab_free(&e->tasks);
    if (e->previous.files) sources_free(e->previous.files);
    free(e->previous.files), free(e->heap), free(e->report), free(e);
}

void engine_get_counts(const engine *e, engine_counts *c) {
    *c = e->counts;
    c->tasks_live = e->live_count;
    c->tasks_ready = e->ready_count;
    c->coroutines_idle = 0;
    c->generations_live = 0;
    c->memory = 0;
    for (const generation *g = e->live; g; g = g->own->next) {
        c->coroutines_idle += g->own->idle_count;
        c->generations_live++;
        c->memory += g->own->memory.used;
    }
}
