/* wait.c: the deadlines of waiting tasks: a binary heap, so that thousands of waits cost little each. */
#include "script/state.h"
#include "base/check.h"
#include <stdlib.h>

static bool earlier(const task *a, const task *b) { return a->limit_us < b->limit_us; }

static void set(engine *e, unsigned at, task *t) {
    e->heap[at - 1] = t;
    t->heap_at = at;
}

static void up(engine *e, unsigned at, task *t) {
    for (; at > 1 && earlier(t, e->heap[at / 2 - 1]); at /= 2) set(e, at, e->heap[at / 2 - 1]);
    set(e, at, t);
}

static void down(engine *e, unsigned at, task *t) {
    for (;;) {
        unsigned child = at * 2;
        if (child > e->heap_count) break;
        if (child < e->heap_count && earlier(e->heap[child], e->heap[child - 1])) child++;
        if (!earlier(e->heap[child - 1], t)) break;
        set(e, at, e->heap[child - 1]);
        at = child;
    }
    set(e, at, t);
}

/* The room for it was made when the task was: tasks_reserve in task.c. */
void heap_put(engine *e, task *t) {
    require(e->heap_count < e->heap_room && t->heap_at == 0);
    up(e, ++e->heap_count, t);
}

void heap_remove(engine *e, task *t) {
    unsigned at = t->heap_at;
    if (!at) return;
    t->heap_at = 0;
    task *last = e->heap[--e->heap_count];
    if (last == t) return;
    if (at > 1 && earlier(last, e->heap[at / 2 - 1]))
        up(e, at, last);
    else
        down(e, at, last);
}
