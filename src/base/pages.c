/* pages.c: anonymous mappings, and glibc's way to give back (pages.h). */
#include "base/pages.h"

#include <stdlib.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void *pages_take(size_t size) {
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void pages_give(void *p, size_t size) {
    if (p) munmap(p, size);
}

void pages_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
