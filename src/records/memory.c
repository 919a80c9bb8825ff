/* memory.c: malloc with a countdown. The countdown is a plain global: only single-threaded tests ever set it. */
#include "records/memory.h"

#include <stdlib.h>

static uint64_t countdown; /* 0 = off, 1 = fail now, n = n-1 good ones first */

static int fails(void) {
    if (countdown > 1) countdown--;
    return countdown == 1;
}

void *memory_get(size_t size) { return countdown && fails() ? NULL : malloc(size); }

void *memory_zeroed(size_t size) { return countdown && fails() ? NULL : calloc(1, size); }

void *memory_resize(void *p, size_t size) { return countdown && fails() ? NULL : realloc(p, size); }

void memory_drop(void *p) { free(p); }

void memory_fail_in(uint64_t n) { countdown = n ? n + 1 : 0; }
