/* arena.c: blocks that double in size up to 256 KiB. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    max_align_t data[];
};

void arena_init(arena *a, size_t limit) { *a = (arena){.limit = limit}; }

void *arena_new(arena *a, size_t size) {
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + align - 1) / align * align;
    if (a->limit && (size > a->limit || a->used > a->limit - size)) return NULL;
    struct arena_block *b = a->blocks;
    if (!b || b->size - b->used < size) {
        size_t room = b ? b->size * 2 : 1024;
        if (room > 256 * 1024) room = 256 * 1024;
        if (room < size) room = size;
        b = malloc(sizeof *b + room);
        if (!b) return NULL;
        *b = (struct arena_block){.next = a->blocks, .size = room};
        a->blocks = b;
    }
    void *p = (char *)b->data + b->used;
    b->used += size;
    a->used += size;
    return memset(p, 0, size);
}

char *arena_text(arena *a, const char *text, size_t length) {
    char *p = arena_new(a, length + 1);
    if (p) memcpy(p, text, length);
    return p;
}

void arena_free(arena *a) {
    for (struct arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena_init(a, a->limit);
}
