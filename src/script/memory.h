/* memory.h: the counting allocator of a generation (memory.c): what a script takes is counted, bounded, and known.
 *
 *     lua_State *L = lua_newstate(memory_alloc, &m);   memory_limit(&m, 64 << 20);   …   lua_close(L); memory_free(&m);
 *
 * Not for other rooms. */
#ifndef SCRIPT_MEMORY_H
#define SCRIPT_MEMORY_H

#include "script/watch.h"
#include <stddef.h>

#define MEMORY_SIZES 16 /* of small pieces: 16, 32, … 256 bytes */

typedef struct script_memory {
    size_t used;
    size_t soft;   /* past it the hook collects, and ends the task if that did not help */
    size_t limit;  /* past it an allocation is refused, then, after Lua's own collection, a kill */
    void *refused; /* the request that was refused last, to know its repetition */
    size_t refused_size;
    watch *watch;             /* of the thread that runs the generation now; NULL = none */
    void *free[MEMORY_SIZES]; /* lists of free small pieces */
    struct chunk *chunks;
    char *cut; /* what is left of the newest chunk */
    size_t left;
} script_memory;

#define SCRIPT_RESERVE (1u << 20) /* bytes past the limit while a kill is on its way */
void *memory_alloc(void *memory, void *p, size_t old_size, size_t new_size);
void memory_free(script_memory *m); /* after lua_close */
void memory_limit(script_memory *m, size_t soft);
void memory_pressed(watch *w, lua_State *L); /* what the hook calls */

#endif
