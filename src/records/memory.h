/* memory.h: where the records room gets its memory, with one switch for tests.
 *
 * Every allocation of this room goes through here, so that a test can make the n-th one fail and see that nothing is
 * lost, leaked or half done (allocation failure is an ordinary path, not an abort).
 *
 *     memory_fail_in(3);  … the third allocation from here returns NULL, and all that follow until memory_fail_in(0) */
#ifndef RECORDS_MEMORY_H
#define RECORDS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

void *memory_get(size_t size);             /* not zeroed; NULL when out of memory */
void *memory_zeroed(size_t size);          /* zeroed; NULL when out of memory */
void *memory_resize(void *p, size_t size); /* like realloc; p stays good when NULL comes back */
void memory_drop(void *p);                 /* NULL is fine */

/* Tests only: the n-th allocation from now fails, and every one after it; 0 ends this. */
void memory_fail_in(uint64_t n);

#endif
