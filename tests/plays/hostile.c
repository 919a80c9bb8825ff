/* hostile.c: a library to preload (LD_PRELOAD) that makes the system around a program as unkind as it is allowed to be.
 *
 *   MU_HOSTILE=bytes   every read, write, send, recv and writev on a stream socket moves one byte
 *   MU_HOSTILE=delay   fsync and fdatasync take 10 ms longer: whoever waits for a commit waits longer
 *
 * All of it is behaviour the system promises no better than; a program that fails under it would fail one day without.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int mode_is(const char *name) {
    const char *mode = getenv("MU_HOSTILE");
    return mode && !strcmp(mode, name);
}

static int bytes_mode(void) {
    static int known = -1;
    if (known < 0) known = mode_is("bytes");
    return known;
}

/* Only stream sockets of the network: pipes and eventfds carry messages of a fixed size. */
static int is_stream(int fd) {
    int type = 0;
    struct sockaddr_storage address;
    socklen_t size = sizeof type, length = sizeof address;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM) return 0;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return 0;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

static size_t cut(int fd, size_t n) { return n > 1 && bytes_mode() && is_stream(fd) ? 1 : n; }

#define REAL(name)                                                                                                     \
    static __typeof__(&name) real;                                                                                     \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

ssize_t read(int fd, void *p, size_t n) {
    REAL(read);
    return real(fd, p, cut(fd, n));
}

ssize_t recv(int fd, void *p, size_t n, int flags) {
    REAL(recv);
    return real(fd, p, cut(fd, n), flags);
}

ssize_t write(int fd, const void *p, size_t n) {
    REAL(write);
    return real(fd, p, cut(fd, n));
}

ssize_t send(int fd, const void *p, size_t n, int flags) {
    REAL(send);
    return real(fd, p, cut(fd, n), flags);
}

ssize_t writev(int fd, const struct iovec *v, int count) {
    REAL(writev);
    for (int i = 0; i < count; i++)
        if (v[i].iov_len > 0 && cut(fd, v[i].iov_len + 1) == 1) {
            struct iovec one = {v[i].iov_base, 1};
            return real(fd, &one, 1);
        }
    return real(fd, v, count);
}

ssize_t readv(int fd, const struct iovec *v, int count) {
    REAL(readv);
    if (count > 0 && v[0].iov_len > 0 && cut(fd, 2) == 1) {
        struct iovec one = {v[0].iov_base, 1};
        return real(fd, &one, 1);
    }
    return real(fd, v, count);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags) {
    REAL(sendmsg);
    if (m->msg_iovlen > 0 && m->msg_controllen == 0 && cut(fd, 2) == 1) {
        struct msghdr first = *m;
        struct iovec one = {0};
        for (size_t i = 0; i < m->msg_iovlen && one.iov_len == 0; i++)
            if (m->msg_iov[i].iov_len > 0) one = (struct iovec){m->msg_iov[i].iov_base, 1};
        first.msg_iov = &one, first.msg_iovlen = 1;
        return real(fd, &first, flags);
    }
    return real(fd, m, flags);
}

static void wait_longer(void) {
    struct timespec t = {.tv_nsec = 10000000};
    if (mode_is("delay")) nanosleep(&t, NULL);
}

int fsync(int fd) {
    REAL(fsync);
    wait_longer();
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    wait_longer();
    return real(fd);
}
