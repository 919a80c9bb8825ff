/* bare.c: the floor (bare.h): epoll, recv, send. What it leaves out is what a server is for: sessions, decoding,
 * handlers, timeouts, limits. It still finds frame boundaries, because without them there is no reply to count. Short
 * replies are copied into one buffer per read; long ones (LONG bytes and more) leave by reference in one writev, as
 * ours do. */
#include "bench/bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/wire.h"

#define SCRATCH (1u << 18)
#define LONG    2048u
#define CONNS   4096

typedef struct bare_conn {
    buf in;  /* an incomplete request */
    buf out; /* what the socket did not take */
    bool upgraded, waits_out;
} bare_conn;

static bare_conn conns[CONNS]; /* by file descriptor */
static uint8_t scratch[SCRATCH];
static buf replies; /* of one read */
static int epoll_fd, listen_fd;
static bytes canned;
static size_t canned_numbers[64]; /* offsets of the frames in it that carry the request's number */
static unsigned canned_count;

static void find_numbers(void) {
    fire_header h;
    for (size_t at = 0; at < canned.n && canned_count < 64;) {
        int n = fire_parse((bytes){canned.p + at, canned.n - at}, 16u << 20, &h, NULL);
        if (n < 0) return;
        if (h.type != FIRE_NOTIFY) canned_numbers[canned_count++] = at;
        at += (size_t)n + h.body_length;
    }
}

static void finish(int fd) {
    buf_free(&conns[fd].in), buf_free(&conns[fd].out);
    memset(&conns[fd], 0, sizeof conns[fd]);
    close(fd);
}

static void watch(int fd, bool out) {
    if (conns[fd].waits_out == out) return;
    conns[fd].waits_out = out;
    struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.fd = fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &e);
}

static void put_pieces(int fd, struct iovec *v, int count) {
    bare_conn *c = &conns[fd];
    ssize_t sent = c->out.n > 0 ? 0 : writev(fd, v, count);
    if (sent < 0) sent = 0;
    for (int i = 0; i < count; i++) {
        size_t gone = (size_t)sent < v[i].iov_len ? (size_t)sent : v[i].iov_len;
        sent -= (ssize_t)gone;
        buf_put(&c->out, (uint8_t *)v[i].iov_base + gone, v[i].iov_len - gone);
    }
    if (c->out.n > 0) watch(fd, true);
}

/* Long answers: the header copied (numbers differ), the rest by reference. Only for answers of one frame. */
static void reply_long(int fd, const uint32_t *numbers, unsigned count, size_t head) {
    uint8_t heads[16][FIRE_HEADER_MAX];
    struct iovec v[32];
    for (unsigned done = 0; done < count;) {
        unsigned part = count - done < 16 ? count - done : 16;
        for (unsigned i = 0; i < part; i++) {
            memcpy(heads[i], canned.p, head);
            wire_number(heads[i], numbers[done + i]);
            v[2 * i] = (struct iovec){heads[i], head};
            v[2 * i + 1] = (struct iovec){(void *)(uintptr_t)(canned.p + head), canned.n - head};
        }
        put_pieces(fd, v, (int)(2 * part));
        done += part;
    }
}

static void reply_short(int fd, const uint32_t *numbers, unsigned count) {
    replies.n = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t at = replies.n;
        buf_put(&replies, canned.p, canned.n);
        for (unsigned k = 0; k < canned_count; k++) wire_number(replies.p + at + canned_numbers[k], numbers[i]);
    }
    struct iovec v = {replies.p, replies.n};
    if (conns[fd].out.n > 0) {
        put_pieces(fd, &v, 1);
        return;
    }
    ssize_t sent = send(fd, replies.p, replies.n, MSG_NOSIGNAL);
    if (sent < 0) sent = 0;
    if ((size_t)sent < replies.n) {
        buf_put(&conns[fd].out, replies.p + sent, replies.n - (size_t)sent);
        watch(fd, true);
    }
}

/* The HTTP head of the upgrade door, which comes whole. Returns its length or 0. */
static size_t take_upgrade(int fd, bytes in) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: blaze\r\n\r\n";
    const uint8_t *end = memmem(in.p, in.n, "\r\n\r\n", 4);
    if (!end) return 0;
    send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    return (size_t)(end - in.p) + 4;
}

static size_t answer_frames(int fd, bytes in) {
    uint32_t numbers[4096];
    unsigned count = 0;
    size_t at = 0;
    fire_header h;
    if (!conns[fd].upgraded && in.n >= 4 && memcmp(in.p, "GET ", 4) == 0) {
        at = take_upgrade(fd, in);
        if (at == 0) return 0;
    }
    conns[fd].upgraded = true;
    while (count < 4096) {
        int n = fire_parse((bytes){in.p + at, in.n - at}, 1u << 20, &h, NULL);
        if (n < 0 || in.n - at - (size_t)n < h.body_length) break;
        at += (size_t)n + h.body_length;
        numbers[count++] = h.number;
    }
    if (count > 0) {
        int head = fire_parse(canned, 16u << 20, &h, NULL);
        if (canned_count == 1 && head > 0 && canned.n >= LONG && canned.n == (size_t)head + h.body_length)
            reply_long(fd, numbers, count, (size_t)head);
        else
            reply_short(fd, numbers, count);
    }
    return at;
}

static void on_readable(int fd) {
    bare_conn *c = &conns[fd];
    ssize_t got = recv(fd, scratch, SCRATCH, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        finish(fd);
        return;
    }
    if (c->in.n == 0) {
        size_t used = answer_frames(fd, (bytes){scratch, (size_t)got});
        buf_put(&c->in, scratch + used, (size_t)got - used);
    } else {
        buf_put(&c->in, scratch, (size_t)got);
        buf_drop(&c->in, answer_frames(fd, buf_bytes(&c->in)));
    }
}

static void on_writable(int fd) {
    bare_conn *c = &conns[fd];
    ssize_t sent = send(fd, c->out.p, c->out.n, MSG_NOSIGNAL);
    if (sent > 0) buf_drop(&c->out, (size_t)sent);
    if (c->out.n == 0) watch(fd, false);
}

static _Noreturn void serve(void) {
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd, one = 1;
            if (fd == listen_fd) {
                int peer = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (peer < 0) continue;
                if (peer >= CONNS) {
                    close(peer);
                    continue;
                }
                setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                epoll_ctl(epoll_fd, EPOLL_CTL_ADD, peer, &(struct epoll_event){.events = EPOLLIN, .data.fd = peer});
            } else {
                if (events[i].events & EPOLLOUT) on_writable(fd);
                if (events[i].events & ~(uint32_t)EPOLLOUT) on_readable(fd);
            }
        }
    }
}

int bare_listen(int *port, fault *f) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
        if (fd >= 0) close(fd);
        return fault_set(f, E_SYSTEM, "the bare loop cannot listen: %s", strerror(errno));
    }
    *port = ntohs(a.sin_port);
    return fd;
}

pid_t bare_start(bytes answer, int *port, fault *f) {
    int fd = bare_listen(port, f);
    if (fd < 0) return fd;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        listen_fd = fd;
        canned = answer;
        find_numbers();
        epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
        serve();
    }
    close(fd);
    return pid > 0 ? pid : fault_set(f, E_SYSTEM, "cannot fork: %s", strerror(errno));
}

void bare_stop(pid_t pid) {
    if (pid <= 0) return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
