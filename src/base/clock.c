/* clock.c: reads the system's clocks. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t clock_mono_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
#ifdef CLOCK_MONOTONIC_COARSE
int64_t clock_coarse_us(void) { return read_clock(CLOCK_MONOTONIC_COARSE); }
#else
int64_t clock_coarse_us(void) { return clock_mono_us(); }
#endif
int64_t clock_unix_us(void) { return read_clock(CLOCK_REALTIME); }
int64_t clock_thread_cpu_us(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
