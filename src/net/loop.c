/* loop.c: the event loop on libuv: life, posts, turn-end items, work, signals. Timers are in timer.c.
 *
 * The idea: libuv says what is ready; everything that should happen "once, at the end" hangs in one list that is run
 * before the loop waits, after the poll phase (check) and before the next one (prepare, for what timers queued). Items
 * queued by items run in the same pass, but only a bounded number of rounds: whatever is left then keeps the loop from
 * sleeping (idle handle) instead of keeping it from its sockets.
 *
 * What it does not do: no priorities, no second thread; workers are libuv's pool. */
#include "base/check.h"
#include "base/clock.h"
#include "net/private.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define TURN_ROUNDS 16

static _Thread_local loop *current;

static void run_posts(loop *l) {
    pthread_mutex_lock(&l->lock);
    struct loop_post *p = l->posts;
    l->posts = l->posts_last = NULL;
    pthread_mutex_unlock(&l->lock);
    while (p) {
        struct loop_post *next = p->next;
        p->fn(p->ctx);
        free(p);
        p = next;
    }
}

static void on_wake(void *ctx) {
    loop *l = ctx;
    run_posts(l);
    if (atomic_load(&l->stopping)) uv_stop(&l->uv);
}

static void on_idle(uv_idle_t *i) {}

/* Moves the list out and runs it, round by round. */
static void run_items(loop *l) {
    for (int round = 0; l->items && round < TURN_ROUNDS; round++) {
        loop_item *last = l->items_last;
        while (l->items) {
            loop_item *item = l->items;
            bool is_last = item == last;
            loop_turn_cancel(l, item);
            item->fn(item->ctx);
            if (is_last) break;
        }
    }
    if (l->items)
        uv_idle_start(&l->idle, on_idle);
    else
        uv_idle_stop(&l->idle);
}

static void count(loop *l) {
    if (l->tally_in) counter_add(COUNTER_NET_BYTES_IN, l->tally_in);
    if (l->tally_out) counter_add(COUNTER_NET_BYTES_OUT, l->tally_out);
    if (l->tally_writes) counter_add(COUNTER_NET_WRITES, l->tally_writes);
    l->tally_in = l->tally_out = l->tally_writes = 0;
}

/* libuv looks at its clock when the poll returns, before it calls anybody; here the loop is about to wait again. */
static void measure_turn(loop *l) {
    int64_t us = l->woke_us ? clock_mono_us() - l->woke_us : 0;
    if (us > l->longest_turn_us) l->longest_turn_us = us;
}

int64_t loop_longest_turn(loop *l) {
    int64_t us = l->longest_turn_us;
    l->longest_turn_us = 0;
    return us;
}

static void on_prepare(uv_prepare_t *p) {
    run_items(p->data);
    count(p->data);
    measure_turn(p->data);
}

static void on_check(uv_check_t *c) {
    loop *l = c->data;
    l->woke_us = (int64_t)uv_now(&l->uv) * 1000;
    run_items(l);
}

void loop_turn_end(loop *l, loop_item *item) {
    if (item->queued) return;
    item->queued = true;
    item->next = NULL;
    item->previous = l->items_last;
    if (l->items_last)
        l->items_last->next = item;
    else
        l->items = item;
    l->items_last = item;
}

void loop_turn_cancel(loop *l, loop_item *item) {
    if (!item->queued) return;
    if (item->previous)
        item->previous->next = item->next;
    else
        l->items = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        l->items_last = item->previous;
    item->queued = false;
    item->next = item->previous = NULL;
}

static void close_handle(uv_handle_t *h, void *ctx) {
    if (!uv_is_closing(h)) uv_close(h, NULL);
}

loop *loop_new(fault *f) {
    loop *l = calloc(1, sizeof *l);
    if (!l) {
        fault_set(f, E_MEMORY, "out of memory for the event loop");
        return NULL;
    }
    int rc = uv_loop_init(&l->uv);
    if (rc < 0) {
        fault_set(f, E_SYSTEM, "the event loop cannot start: %s", uv_strerror(rc));
        free(l);
        return NULL;
    }
    l->uv.data = l;
    pthread_mutex_init(&l->lock, NULL);
    slab_init(&l->streams, sizeof(stream *));
    slab_init(&l->requests, sizeof(void *));
    uv_prepare_init(&l->uv, &l->prepare);
    uv_check_init(&l->uv, &l->check);
    uv_idle_init(&l->uv, &l->idle);
    uv_timer_init(&l->uv, &l->timer);
    l->prepare.data = l->check.data = l->idle.data = l->timer.data = l;
    uv_prepare_start(&l->prepare, on_prepare);
    uv_check_start(&l->check, on_check);
    if (wake_open(&l->wake, &l->uv, on_wake, l) < 0) {
        fault_set(f, E_SYSTEM, "the event loop cannot start: no descriptor for its wake-ups");
        uv_walk(&l->uv, close_handle, NULL);
        uv_run(&l->uv, UV_RUN_DEFAULT);
        uv_loop_close(&l->uv);
        free(l);
        return NULL;
    }
    return l;
}

static loop *enter(loop *l) {
    loop *outer = current;
    current = l;
    atomic_store(&l->running, true);
    return outer;
}

static void leave(loop *l, loop *outer) {
    atomic_store(&l->running, false);
    current = outer;
}

void loop_run(loop *l) {
    loop *outer = enter(l);
    while (!atomic_exchange(&l->stopping, false)) uv_run(&l->uv, UV_RUN_DEFAULT);
    leave(l, outer);
}

/* Stopping matters where the limit is reached before libuv polls: with its only timer fired it would wait for ever. */
static void on_turn_over(void *ctx) { uv_stop(&((loop *)ctx)->uv); }

void loop_turn(loop *l, int64_t wait_us) {
    loop *outer = enter(l);
    loop_timer limit = {0};
    if (wait_us > 0) loop_timer_start(l, &limit, wait_us, 0, on_turn_over, l);
    uv_run(&l->uv, wait_us == 0 ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    run_items(l);
    count(l);
    loop_timer_stop(&limit);
    leave(l, outer);
}

void loop_stop(loop *l) {
    atomic_store(&l->stopping, true);
    wake_send(&l->wake);
}

bool loop_is_here(const loop *l) { return current == l || !atomic_load(&l->running); }

int loop_post(loop *l, void (*fn)(void *ctx), void *ctx) {
    struct loop_post *p = malloc(sizeof *p);
    if (!p) return E_MEMORY;
    *p = (struct loop_post){.fn = fn, .ctx = ctx};
    atomic_fetch_add(&l->posting, 1);
    pthread_mutex_lock(&l->lock);
    if (l->posts_last)
        l->posts_last->next = p;
    else
        l->posts = p;
    l->posts_last = p;
    pthread_mutex_unlock(&l->lock);
    wake_send(&l->wake); /* not under the lock: who wakes up wants it at once */
    atomic_fetch_sub(&l->posting, 1);
    return 0;
}

struct loop_job {
    uv_work_t uv;
    loop *loop;
    void (*work)(void *ctx);
    void (*done)(void *ctx);
    void *ctx;
};

static void job_work(uv_work_t *w) {
    struct loop_job *j = (struct loop_job *)w;
    j->work(j->ctx);
}

static void job_done(uv_work_t *w, int status) {
    struct loop_job *j = (struct loop_job *)w;
    j->loop->works--;
    if (j->done) j->done(j->ctx);
    free(j);
}

int loop_work(loop *l, void (*work)(void *ctx), void (*done)(void *ctx), void *ctx) {
    struct loop_job *j = calloc(1, sizeof *j);
    if (!j) return E_MEMORY;
    j->loop = l;
    j->work = work;
    j->done = done;
    j->ctx = ctx;
    if (uv_queue_work(&l->uv, &j->uv, job_work, job_done) < 0) {
        free(j);
        return E_SYSTEM;
    }
    l->works++;
    return 0;
}

static void on_signal(uv_signal_t *u, int signum) {
    struct loop_signal_slot *slot = u->data;
    slot->fn(slot->ctx, signum);
}

int loop_signal(loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx) {
    struct loop_signal_slot *slot = NULL;
    for (int i = 0; i < LOOP_SIGNALS && !slot; i++)
        if (!l->signals[i].used || l->signals[i].uv.signum == signum) slot = &l->signals[i];
    if (!slot) return E_LIMIT;
    if (!slot->used) {
        if (uv_signal_init(&l->uv, &slot->uv) < 0) return E_SYSTEM;
        slot->uv.data = slot;
        slot->used = true;
    }
    slot->loop = l;
    slot->fn = fn;
    slot->ctx = ctx;
    return uv_signal_start(&slot->uv, on_signal, signum) < 0 ? E_SYSTEM : 0;
}

/* Streams and listeners first, by their own rules, so that every `closed` runs; then whatever is still posted or at
 * work; then the loop's own handles. */
void loop_free(loop *l) {
    if (!l) return;
    loop *outer = enter(l);
    l->freeing = true;
    listener_free_all(l);
    for (int i = 0; i < 64; i++) { /* callbacks may open new ones; a bounded number of rounds ends that */
        for (stream *s = l->first_stream, *next; s; s = next) {
            next = s->next;
            stream_abort(s, E_CANCELLED);
        }
        run_items(l);
        uv_run(&l->uv, UV_RUN_NOWAIT);
        run_posts(l);
        if (!l->first_stream && !l->items && !l->posts) break;
    }
    while (l->works) uv_run(&l->uv, UV_RUN_ONCE);
    run_items(l);
    run_posts(l);
    while (l->timer_count) loop_timer_stop(l->timers[0]);
    uv_walk(&l->uv, close_handle, NULL);
    uv_run(&l->uv, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&l->uv);
    expect(rc == 0);
    out_queues_free(l);
    buf_free(&l->wire);
    buf_free(&l->plain);
    slab_free(&l->streams);
    slab_free(&l->requests);
    free(l->timers);
    while (atomic_load(&l->posting)) sched_yield(); /* a loop_post has appended and is about to come back */
    wake_free(&l->wake);
    pthread_mutex_destroy(&l->lock);
    current = outer;
    free(l);
}
