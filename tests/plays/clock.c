/* clock.c: a library to preload (LD_PRELOAD) into a server under test: its time goes on when a play says so.
 *
 *     server:passes(30)        thirty seconds are over for the server, at once
 *
 * What a server waits for (a search that ends, a seat that is kept, a connection that is silent) takes seconds, and a
 * play that waits along is slow on every machine and wrong on a slow one: whatever it does before such a moment may
 * come too late. So plays give the server long times and let these pass.
 *
 * MU_CLOCK names a file of eight bytes: nanoseconds that are added to the system's monotonic clock. Whoever waits for
 * sockets looks again after WAIT_MS, because nobody wakes him when the number grows. The time of day stays as it is:
 * it is what condition variables wait by. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 10

static const volatile int64_t *ahead; /* NULL: the system's own time */

__attribute__((constructor)) static void open_clock(void) {
    const char *path = getenv("MU_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (page != MAP_FAILED) ahead = page;
}

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t id, struct timespec *t) {
    REAL(clock_gettime);
    int rc = real(id, t);
    if (rc != 0 || !ahead || (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)) return rc;
    int64_t ns = t->tv_nsec + *ahead % 1000000000;
    t->tv_sec += *ahead / 1000000000 + ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
    return 0;
}

static int soon(int ms) { return ahead && ms > WAIT_MS ? WAIT_MS : ms; }

int epoll_wait(int fd, struct epoll_event *events, int room, int ms) {
    REAL(epoll_wait);
    return real(fd, events, room, soon(ms));
}

int epoll_pwait(int fd, struct epoll_event *events, int room, int ms, const sigset_t *set) {
    REAL(epoll_pwait);
    return real(fd, events, room, soon(ms), set);
}

int poll(struct pollfd *all, nfds_t n, int ms) {
    REAL(poll);
    return real(all, n, soon(ms));
}
