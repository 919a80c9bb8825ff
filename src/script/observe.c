/* observe.c: see observe.h. What a task notes of itself for it (task.c calls in here) is made only for a task with a
 * part that took long: as a rule it costs two looks at the coarse clock and two comparisons. */
#include "script/observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "script/state.h"

void engine_observe(engine *e, const engine_observer *o) { e->observer = *o; }

bool engine_ask_where(engine *e) { return watch_ask(&e->watch); }

int64_t observe_now(const engine *e) {
    return e->options.host.now ? e->options.host.now(e->options.host.ctx) : clock_coarse_us();
}

static void note(task *t, int64_t us, const char *waited) {
    if (t->longest && t->longest->us >= us) return;
    if (!t->longest && !(t->longest = calloc(1, sizeof *t->longest))) return;
    t->longest->us = us;
    t->longest->waited = waited;
    t->longest->where[0] = 0;
    if (t->L && t->state != TASK_FREE)
        trace_place(t->chain_count ? t->chain[0] : t->L, 0, t->longest->where, sizeof t->longest->where);
}

/* A wait is over, the task is about to go on. */
void observe_wait(engine *e, task *t, int64_t now) {
    if (e->observer.slow_us && !t->call.background && now - t->since_us >= e->observer.slow_us)
        note(t, now - t->since_us, t->waits_for);
}

/* A stay inside Lua is over; `alive`: its stack is still there. */
void observe_burst(engine *e, task *t, int64_t began, bool alive) {
    int64_t now = observe_now(e);
    t->since_us = e->looked_us = now;
    if (!e->observer.slow_us || now - began < e->observer.slow_us) return;
    if (alive)
        note(t, now - began, NULL);
    else if (!t->longest || t->longest->us < now - began) {
        if (!t->longest) t->longest = calloc(1, sizeof *t->longest);
        if (t->longest) *t->longest = (struct task_part){.us = now - began};
    }
}

void observe_end(engine *e, task *t) {
    const engine_observer *o = &e->observer;
    if (o->slow_us && o->slow) {
        int64_t now = t->state == TASK_RUNNING ? t->since_us : observe_now(e); /* a burst has just ended, or not */
        int64_t us = now - t->started_us;
        bool ran_long = t->longest && !t->longest->waited;
        if (t->call.background ? ran_long : us >= o->slow_us) {
            const struct task_part *l = t->longest;
            slow_task s = {t->call.what,
                           t->call.subject,
                           t->call.generation->number,
                           us,
                           l ? l->us : 0,
                           l ? l->waited : t->waits_for,
                           l ? l->where : "",
                           t->outcome};
            o->slow(o->ctx, &s);
        }
    }
    free(t->longest);
    t->longest = NULL;
}

/* Says it, or counts it when the same place has failed a few times just now. */
bool observe_failure(engine *e, const task *t, const char *text, const char *trace) {
    char key[REPEAT_KEY];
    const char *place = text ? strstr(text, ".lua:") : NULL;
    size_t n = place ? (size_t)(place - text) + 5 : 0;
    if (place) n += strspn(text + n, "0123456789");
    const engine_observer *o = &e->observer;
    if (o->failed)
        o->failed(o->ctx, t->call.what, t->call.subject, t->call.generation->number, text ? text : "out of memory",
                  trace ? trace : "");
    if (n && n < 120)
        snprintf(key, sizeof key, "%.*s", (int)n, text);
    else
        snprintf(key, sizeof key, "%s", t->call.what);
    int64_t now = engine_now(e);
    bool said = repeat_take(&e->repeats, key, now);
    if (!said && !e->repeat_at) e->repeat_at = now + REPEAT_US;
    return said;
}

void observe_repeats(engine *e, int64_t now) {
    if (e->repeat_at && now >= e->repeat_at) e->repeat_at = repeat_due(&e->repeats, now);
}

static void tell_repeated(void *ctx, const char *key, uint64_t unsaid) {
    log_error("script", "%s failed %llu more times within %d s; the first ones are above", key,
              (unsigned long long)unsaid, (int)(REPEAT_US / 1000000));
}

void observe_open(engine *e) { e->repeats.tell = tell_repeated; }

/* ---- all tasks ---- */

static void write_trace(const task *t, char *out, size_t room) {
    size_t n = 0;
    out[0] = 0;
    if (!t->started || !t->L) return;
    for (unsigned i = 0; i < t->chain_count && n + 1 < room; i++) n += trace_write(t->chain[i], 0, out + n, room - n);
    if (n + 1 < room) trace_write(t->L, 0, out + n, room - n);
}

void engine_each_task(engine *e, bool (*tell)(void *ctx, const task_view *t), void *ctx) {
    static const char *const states[] = {"free", "ready", "runs", "waits"};
    char trace[WATCH_TRACE];
    int64_t now = observe_now(e);
    for (const task *t = e->all; t; t = t->live_next) {
        write_trace(t, trace, sizeof trace);
        task_view v = {.what = t->call.what,
                       .subject = t->call.subject,
                       .generation = t->call.generation->number,
                       .state = states[t->state],
                       .waits_for = t->state == TASK_WAITING ? t->waits_for : NULL,
                       .age_us = now - t->started_us,
                       .waited_us = t->state == TASK_RUNNING ? 0 : now - t->since_us,
                       .background = t->call.background,
                       .trace = trace[0] == '\n' ? trace + 1 : trace};
        if (!tell(ctx, &v)) return;
    }
}
