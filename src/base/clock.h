/* clock.h: the two clocks. Monotonic for durations, Unix for dates. Microseconds in 64 bits. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_us(void);       /* never goes back; the origin means nothing */
int64_t clock_mono_ns(void);       /* the same clock, finer */
int64_t clock_unix_us(void);       /* since 1970-01-01 UTC */
int64_t clock_coarse_us(void);     /* as clock_mono_us, a few milliseconds late, and a fraction of its cost */
int64_t clock_thread_cpu_us(void); /* CPU time used by the calling thread */

#endif
