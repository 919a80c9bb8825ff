/* memory.c: the allocator of a generation: counts, refuses past a limit, turns a refusal into a kill.
 *
 * Lua answers a refused allocation with a full collection and asks once more. When that is refused as well, the task is
 * over: the script may not catch it and go on. While the kill is on its way a small reserve is open, so that closing
 * and reporting have something to work with. Lua itself handles NULL everywhere; the process never ends over memory.
 * Before it comes to that, past a soft limit, the watchdog's hook collects at the next instruction and ends the task
 * there if that did not help: so the place is known, and the string buffers of Lua's library, which ask only once and
 * without a collection, meet the hard limit rarely.
 *
 * Pieces of up to 256 bytes, nearly all that a handler makes, come from chunks cut into sizes of 16, 32, … with a list
 * of free ones a size: a generation is used by one thread at a time and Lua tells the size of what it frees, so a piece
 * needs neither lock nor header. The chunks are the system's own pages and go back to it with the generation. The
 * address sanitizer sees every piece.
 */
#include "script/state.h"
#include "base/pages.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK ((size_t)256 << 10)
#define STEP  16u

#if defined(__SANITIZE_ADDRESS__)
#define SMALL_MAX 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMALL_MAX 0u
#endif
#endif
#ifndef SMALL_MAX
#define SMALL_MAX (STEP * MEMORY_SIZES)
#endif

typedef struct chunk {
    struct chunk *next;
    size_t unused; /* keeps what follows aligned */
} chunk;

static inline bool is_small(size_t size) { return size <= SMALL_MAX; }
static inline unsigned size_class(size_t size) { return (unsigned)((size + STEP - 1) / STEP) - 1; }

static void put_small(script_memory *m, void *p, unsigned size) {
    *(void **)p = m->free[size];
    m->free[size] = p;
}

static void *cut_small(script_memory *m, unsigned size) {
    size_t piece = (size_t)(size + 1) * STEP;
    if (m->left < piece) {
        chunk *c = pages_take(CHUNK);
        if (!c) return NULL;
        if (m->left >= STEP) put_small(m, m->cut, size_class(m->left)); /* less than the largest size */
        c->next = m->chunks;
        m->chunks = c;
        m->cut = (char *)(c + 1);
        m->left = CHUNK - sizeof *c;
    }
    void *p = m->cut;
    m->cut += piece;
    m->left -= piece;
    return p;
}

static inline void *take_small(script_memory *m, unsigned size) {
    void *p = m->free[size];
    if (!p) return cut_small(m, size);
    m->free[size] = *(void **)p;
    return p;
}

static inline void release(script_memory *m, void *p, size_t size) {
    if (p && is_small(size))
        put_small(m, p, size_class(size));
    else
        free(p);
}

/* realloc between the two kinds; NULL leaves p as it was. */
static void *resize(script_memory *m, void *p, size_t old_size, size_t new_size) {
    if (!p) return is_small(new_size) ? take_small(m, size_class(new_size)) : malloc(new_size);
    if (!is_small(old_size) && !is_small(new_size)) return realloc(p, new_size);
    if (is_small(old_size) && is_small(new_size) && size_class(old_size) == size_class(new_size)) return p;
    void *q = is_small(new_size) ? take_small(m, size_class(new_size)) : malloc(new_size);
    if (!q) return NULL;
    memcpy(q, p, old_size < new_size ? old_size : new_size);
    release(m, p, old_size);
    return q;
}

void memory_free(script_memory *m) {
    while (m->chunks) {
        chunk *c = m->chunks;
        m->chunks = c->next;
        pages_give(c, CHUNK);
    }
}

/* The hard limit lies an eighth above. */
void memory_limit(script_memory *m, size_t soft) {
    m->soft = soft;
    m->limit = soft + soft / 8;
}

static void *refuse(script_memory *m, void *p, size_t new_size) {
    if (m->refused == p && m->refused_size == new_size) {
        if (m->watch && watch_inside(m->watch)) watch_kill(m->watch, WATCH_MEMORY);
    }
    m->refused = p, m->refused_size = new_size;
    return NULL;
}

void memory_pressed(watch *w, lua_State *L) {
    script_memory *m = &generation_of(L)->own->memory;
    lua_gc(L, LUA_GCCOLLECT);
    if (m->used > m->soft) watch_kill(w, WATCH_MEMORY);
}

void *memory_alloc(void *memory, void *p, size_t old_size, size_t new_size) {
    script_memory *m = memory;
    if (!p) old_size = 0; /* then it is the kind of object */
    if (new_size == 0) {
        if (p) release(m, p, old_size);
        m->used -= old_size;
        return NULL;
    }
    bool grows = new_size > old_size;
    if (__builtin_expect(grows && m->used + (new_size - old_size) > m->limit, 0)) {
        bool dying = m->watch && watch_inside(m->watch) && (m->watch->cause != WATCH_NO_CAUSE);
        if (!dying || m->used + (new_size - old_size) > m->limit + SCRIPT_RESERVE) return refuse(m, p, new_size);
    }
    uintptr_t same = (uintptr_t)p; /* of use only where resizing fails, and then it is still good */
    void *q = resize(m, p, old_size, new_size);
    if (__builtin_expect(!q, 0)) {
        if (grows) return refuse(m, (void *)same, new_size);
        q = (void *)same; /* Lua relies on shrinking to succeed: a large piece may end up among the small ones */
    }
    m->used += new_size - old_size;
    if (grows) {
        m->refused_size = 0;
        if (__builtin_expect(m->used > m->soft, 0) && m->watch && watch_inside(m->watch)) watch_press(m->watch);
    }
    return q;
}
