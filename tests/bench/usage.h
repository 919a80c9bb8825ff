/* usage.h: what a process uses, read from /proc: CPU time of all its threads, memory; its system calls.
 *
 * CPU time in total is the scheduler's own count in nanoseconds (/proc/PID/task/T/schedstat); its split into user and
 * kernel is by clock ticks (utime and stime), so only long windows have a good split. All system calls are counted by
 * strace in a run of its own, because that slows the process down. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct usage {
    double total_us;           /* CPU time of all threads that live */
    double user_us, system_us; /* by clock ticks, dead threads included */
} usage;

void usage_read(pid_t pid, usage *out);
double usage_memory_kb(pid_t pid); /* proportional set size: RSS with shared pages shared out */

typedef struct tracer {
    pid_t pid; /* strace */
    char path[256];
} tracer;

/* Counts system calls of a process from start to stop; < 0 when strace is not installed or not allowed. */
int tracer_start(tracer *t, pid_t pid, const char *folder);
/* Number of calls in all; the commonest as text "epoll_wait 34%, read 33%, …" in `top`. */
double tracer_stop(tracer *t, char *top, size_t size);

#endif
