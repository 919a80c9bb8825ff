/* counter.c: see counter.h. One array of relaxed atomics; a reader may be a moment behind, never torn. */
#include "base/counter.h"

#include <stdatomic.h>

static _Atomic int64_t values[COUNTER_COUNT_];

static const counter_about about[COUNTER_COUNT_] = {
#define X(id, name, gauge, text) {name, text, gauge},
    COUNTER_LIST(X)
#undef X
};

void counter_add(enum counter c, int64_t n) { atomic_fetch_add_explicit(&values[c], n, memory_order_relaxed); }

int64_t counter_get(enum counter c) { return atomic_load_explicit(&values[c], memory_order_relaxed); }

const counter_about *counter_info(enum counter c) { return &about[c]; }
