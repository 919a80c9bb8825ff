/* memory.c: the allocator of a generation: counts, refuses past a limit, turns a refusal into a kill.
 *
 * Lua answers a refused allocation with a full collection and asks once more. When that is refused as well, the task is
 * over: the script may not catch it and go on. While the kill is on its way a small reserve is open, so that closing
 * and reporting have something to work with. Lua itself handles NULL everywhere; the process never ends over memory. */
#include "script/state.h"
#include <stdlib.h>

static void *refuse(script_memory *m, void *p, size_t new_size) {
    if (m->refused == p && m->refused_size == new_size) {
        if (m->watch && watch_inside(m->watch)) watch_kill(m->watch, WATCH_MEMORY);
    }
    m->refused = p, m->refused_size = new_size;
    return NULL;
}

void *memory_alloc(void *memory, void *p, size_t old_size, size_t new_size) {
    script_memory *m = memory;
    if (!p) old_size = 0; /* then it is the kind of object */
    if (new_size == 0) {
        free(p);
        m->used -= old_size;
        return NULL;
    }
    if (__builtin_expect(new_size > old_size && m->used + (new_size - old_size) > m->limit, 0)) {
        bool dying = m->watch && watch_inside(m->watch) && (m->watch->cause != WATCH_NO_CAUSE);
        if (!dying || m->used + (new_size - old_size) > m->limit + SCRIPT_RESERVE) return refuse(m, p, new_size);
    }
    uintptr_t same = (uintptr_t)p; /* of use only where realloc fails, and then it is still good */
    void *q = realloc(p, new_size);
    if (!q && new_size <= old_size) q = (void *)same; /* Lua relies on shrinking to succeed */
    if (!q) return refuse(m, (void *)same, new_size);
    if (new_size > old_size) m->refused_size = 0;
    m->used += new_size - old_size;
    return q;
}
