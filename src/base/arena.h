/* arena.h: memory that is released all at once.
 *
 * For values whose life is one decode or one build: many small pieces, no single free. Limited, so that a small input
 * cannot ask for much. Pieces are aligned for any type and zeroed.
 *
 *     arena a;  arena_init(&a, 1 << 20);  node *n = arena_new(&a, sizeof *n);  arena_free(&a); */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

typedef struct arena {
    struct arena_block *blocks;
    size_t used, limit; /* bytes handed out; bytes allowed (0 = no limit) */
} arena;

void arena_init(arena *a, size_t limit);
void *arena_new(arena *a, size_t size);                      /* NULL when out of memory or past the limit */
char *arena_text(arena *a, const char *text, size_t length); /* a NUL-terminated copy, or NULL */
void arena_free(arena *a);

#endif
