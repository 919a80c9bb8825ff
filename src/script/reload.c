/* reload.c: the generations after the first: built beside the running one, swapped in when proved, or forgotten.
 *
 * What a generation was built from stays in memory with it, every file and every config file as it was read. When it is
 * replaced its sources become "the previous ones", so that a rollback needs nothing from the disk, whatever an editor
 * has done to the files meanwhile.
 *
 * A build that is ready waits while two older generations still finish what they started. So nothing that was begun is
 * ever cut short by many reloads in a row; a handler that hangs ends at its own limit, and the next swap with it. */
#include "script/state.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define DRAINING_MAX 2 /* generations that may still finish what they started */

typedef struct build {
    engine *engine;
    generation *generation;
    int result;
    enum engine_how how;
    int64_t build_us;
    engine_built done;
    void *ctx;
} build;

/* ---- the end of a build ---- */

static unsigned draining(const engine *e) {
    unsigned count = 0;
    for (const generation *g = e->live; g; g = g->own->next) {
        count += g != e->current && g->own->tasks > g->own->excused;
    }
    return count;
}

void engine_task_excuse(generation *g, bool waits) {
    engine *e = g->engine;
    g->own->excused += waits ? 1 : -1;
    if (!e->ready) return;
    e->drained = true;
    engine_ask_pump(e);
}

static bool wants_swap(const engine *e, const build *b) {
    if (b->result < 0 || b->how == ENGINE_CHECK || e->stopping) return false;
    return b->how != ENGINE_RELOAD_NEW || strcmp(b->generation->hash, e->current->hash) != 0;
}

/* What was read for a rollback goes back: it may be wanted again. */
static void give_back(engine *e, generation *g) {
    require(e->previous.files == NULL);
    e->previous.files = g->own->sources;
    g->own->sources = NULL;
}

static void complete(engine *e, build *b, bool swap) {
    generation *g = b->generation;
    char hash[17];
    memcpy(hash, g->hash, sizeof hash);
    engine_outcome o = {b->how, b->result == 0, swap, g->number, hash, e->report, b->build_us};
    e->building = false;
    if (b->how != ENGINE_CHECK && (swap || !o.good)) o.good ? e->counts.reloads++ : e->counts.reloads_failed++;
    if (swap) {
        engine_enter(e, g);
        e->rolled_back = b->how == ENGINE_ROLLBACK;
    } else {
        if (b->how == ENGINE_ROLLBACK) give_back(e, g);
        engine_close(g);
    }
    if (b->done) b->done(b->ctx, &o);
    free(b);
    engine_settle(e);
}

static void build_done(void *arg) {
    build *b = arg;
    engine *e = b->engine;
    engine_keep_report(e, b->generation);
    if (wants_swap(e, b) && draining(e) >= DRAINING_MAX) {
        e->ready = b;
        log_info("reload",
                 "generation %u (%s) is ready; it waits for what older generations are still doing "
                 "(limits.task_seconds = %lld at most)",
                 b->generation->number, b->generation->hash, (long long)(e->current->own->limits.task_us / 1000000));
        return;
    }
    complete(e, b, wants_swap(e, b));
}

void engine_drained(engine *e) {
    build *b = e->ready;
    if (!b || (!e->stopping && draining(e) >= DRAINING_MAX)) return;
    e->ready = NULL;
    complete(e, b, wants_swap(e, b));
}

/* ---- its beginning ---- */

static void build_on_worker(void *arg) {
    build *b = arg;
    int64_t begin = clock_mono_us();
    b->result = build_generation(b->generation);
    b->build_us = clock_mono_us() - begin;
}

int engine_build(engine *e, enum engine_how how, engine_built done, void *ctx) {
    if (e->building) return E_BUSY;
    if (e->stopping) return E_CLOSED;
    if (how == ENGINE_ROLLBACK && !e->previous.files) return E_NOT_FOUND;
    build *b = malloc(sizeof *b);
    generation *g = b ? generation_new(e, e->next_number + 1, NULL) : NULL;
    if (!g) {
        free(b);
        return E_MEMORY;
    }
    e->next_number++;
    if (how == ENGINE_ROLLBACK) {
        g->own->sources = e->previous.files;
        e->previous.files = NULL;
    }
    *b = (build){.engine = e, .generation = g, .how = how, .done = done, .ctx = ctx};
    e->building = true;
    e->options.host.work(e->options.host.ctx, build_on_worker, build_done, b);
    return 0;
}

/* ---- what was before ---- */

void engine_keep_sources(engine *e, generation *old) {
    if (e->previous.files) sources_free(e->previous.files);
    free(e->previous.files);
    e->previous.files = old->own->sources;
    e->previous.number = old->number;
    memcpy(e->previous.hash, old->hash, sizeof old->hash);
    if (e->previous.files) e->previous.files->sealed = true;
    old->own->sources = NULL;
}

bool engine_previous(const engine *e, uint32_t *number, char hash[17]) {
    if (!e->previous.files) return false;
    *number = e->previous.number;
    memcpy(hash, e->previous.hash, 17);
    return true;
}

bool engine_rolled_back(const engine *e) { return e->rolled_back; }

/* ---- looking ---- */

bool engine_generation_at(const engine *e, unsigned i, engine_generation *out) {
    const generation *g = e->live;
    while (g && i--) g = g->own->next;
    if (!g) return false;
    *out = (engine_generation){.number = g->number,
                               .current = g == e->current,
                               .age_us = engine_now(e) - g->own->entered_us,
                               .tasks = g->own->tasks,
                               .memory = g->own->memory.used};
    memcpy(out->hash, g->hash, sizeof out->hash);
    return true;
}

bool engine_file_at(const engine *e, size_t i, script_file *out) {
    return e->current && generation_file_at(e->current, i, out);
}

bool generation_file_at(const generation *g, size_t i, script_file *out) {
    const source_set *s = g->own->sources;
    if (!s || i >= s->count) return false;
    const source *f = &s->list[i];
    *out = (script_file){f->name, f->path, f->key, f->text, f->size, f->config};
    return true;
}
