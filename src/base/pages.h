/* pages.h: memory in whole pages, straight from the system and straight back to it.
 *
 *     void *p = pages_take(size);   …   pages_give(p, size);
 *
 * For what is large and dies as a whole. malloc keeps what it is given back, in the arena of whichever thread asked
 * first, and one small piece that lives on holds all that lies below it. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

void *pages_take(size_t size);         /* zeroed, whole pages; NULL when there is no memory. Any thread */
void pages_give(void *p, size_t size); /* the size it was taken with; NULL is fine. Any thread */

/* Gives the system back what malloc keeps of what was freed, in all threads' arenas, where malloc can do that. Takes
 * about a millisecond and may hold up another thread's malloc for as long: after something large, on a worker. */
void pages_trim(void);

#endif
