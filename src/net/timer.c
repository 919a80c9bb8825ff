/* timer.c: the loop's timers: one binary heap, one libuv timer for its root.
 *
 * Why not a libuv timer each: those are handles that close asynchronously, so that they cannot live in a struct that
 * is freed at once. Here stopping is final. Times are clock_mono_us; libuv counts milliseconds, so the root is armed
 * rounded up and looked at again when it fires. */
#include "base/check.h"
#include "base/clock.h"
#include "net/private.h"

#include <stdlib.h>

static bool before(const loop_timer *a, const loop_timer *b) {
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put(loop *l, size_t at, loop_timer *t) {
    l->timers[at] = t;
    t->place = at + 1;
}

static void sift_up(loop *l, size_t at, loop_timer *t) {
    while (at > 0 && before(t, l->timers[(at - 1) / 2])) {
        put(l, at, l->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(l, at, t);
}

static void sift_down(loop *l, size_t at, loop_timer *t) {
    for (size_t child; (child = 2 * at + 1) < l->timer_count; at = child) {
        if (child + 1 < l->timer_count && before(l->timers[child + 1], l->timers[child])) child++;
        if (!before(l->timers[child], t)) break;
        put(l, at, l->timers[child]);
    }
    put(l, at, t);
}

/* `least` keeps a firing from arming itself for the same moment: libuv would fire again in the same turn, for ever. */
static void arm(loop *l, uint64_t least) {
    if (l->freeing || !l->timer_count) {
        uv_timer_stop(&l->timer);
        return;
    }
    int64_t wait = l->timers[0]->due_us - clock_mono_us();
    uint64_t ms = wait <= 0 ? 0 : (uint64_t)(wait + 999) / 1000;
    uv_update_time(&l->uv); /* else a long turn would make it fire late by that turn's length */
    uv_timer_start(&l->timer, timer_fired, ms > least ? ms : least, 0);
}

static void take_out(loop *l, loop_timer *t) {
    size_t at = t->place - 1;
    t->place = 0;
    loop_timer *moved = l->timers[--l->timer_count];
    if (moved == t) return;
    if (at > 0 && before(moved, l->timers[(at - 1) / 2]))
        sift_up(l, at, moved);
    else
        sift_down(l, at, moved);
}

static int insert(loop *l, loop_timer *t) {
    if (l->timer_count == l->timer_room) {
        size_t room = l->timer_room ? l->timer_room * 2 : 64;
        loop_timer **more = realloc(l->timers, room * sizeof *more);
        if (!more) return E_MEMORY;
        l->timers = more;
        l->timer_room = room;
    }
    t->order = ++l->timer_order;
    sift_up(l, l->timer_count++, t);
    return 0;
}

/* Runs what is due. Timers started meanwhile wait for the next firing, so that a timer that restarts itself with no
 * delay cannot hold the loop. */
void timer_fired(uv_timer_t *u) {
    loop *l = u->data;
    int64_t now = clock_mono_us();
    uint64_t newest = l->timer_order;
    while (l->timer_count && l->timers[0]->due_us <= now && l->timers[0]->order <= newest) {
        loop_timer *t = l->timers[0];
        take_out(l, t);
        if (t->repeat_us > 0) {
            t->due_us += t->repeat_us;
            if (t->due_us <= now) t->due_us = now + t->repeat_us; /* missed beats are skipped, not made up */
            insert(l, t);                                         /* cannot fail: a place has just become free */
        }
        t->fn(t->ctx);
    }
    arm(l, 1);
}

int loop_timer_start(loop *l, loop_timer *t, int64_t delay_us, int64_t repeat_us, void (*fn)(void *ctx), void *ctx) {
    if (t->place) take_out(l, t);
    t->loop = l;
    t->due_us = clock_mono_us() + (delay_us > 0 ? delay_us : 0);
    t->repeat_us = repeat_us;
    t->fn = fn;
    t->ctx = ctx;
    int rc = insert(l, t);
    if (rc < 0) return rc;
    if (l->timers[0] == t) arm(l, 0);
    return 0;
}

/* The libuv timer is left as it is: when it fires for nothing, it looks at the heap and arms itself again. */
void loop_timer_stop(loop_timer *t) {
    if (t->place) take_out(t->loop, t);
}
