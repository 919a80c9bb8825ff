/* net_testing.h: what the tests of net/ share: plain blocking-free peers on 127.0.0.1 that turn the loop while they
 * wait. Every wait is bounded. */
#ifndef NET_TESTING_H
#define NET_TESTING_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "net/listener.h"

#define PATIENCE_US ((int64_t)60 * 1000000) /* a busy machine under valgrind needs seconds */

/* Turns the loop until the condition holds; fails the test when it does not within the time. */
#define turn_until(l, condition)                                                                                       \
    do {                                                                                                               \
        int64_t give_up_at = clock_mono_us() + PATIENCE_US;                                                            \
        while (!(condition)) {                                                                                         \
            if (clock_mono_us() > give_up_at) fail_msg("%s: never came true", #condition);                             \
            loop_turn(l, 1000);                                                                                        \
        }                                                                                                              \
    } while (0)

/* For what is not to happen. Some turns at least, should the machine stand still meanwhile. */
static inline void turn_for(loop *l, int64_t us) {
    int64_t end = clock_mono_us() + us;
    for (int turns = 0; turns < 3 || clock_mono_us() < end; turns++) loop_turn(l, 1000);
}

/* A connected, non-blocking socket. */
static inline int dial(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Sends all of it, `step` bytes a time, turning the loop after each. */
static inline void say_in_steps(loop *l, int fd, const void *data, size_t n, size_t step) {
    const uint8_t *p = data;
    int64_t give_up_at = clock_mono_us() + PATIENCE_US;
    while (n) {
        size_t part = n < step ? n : step;
        ssize_t sent = send(fd, p, part, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
        assert_true(sent > 0 || errno == EAGAIN);
        if (sent > 0) p += sent, n -= (size_t)sent;
        loop_turn(l, 0);
        assert_true(clock_mono_us() < give_up_at);
    }
}

static inline void say(loop *l, int fd, const char *text) { say_in_steps(l, fd, text, strlen(text), 1 << 20); }

/* What has arrived within the time; stops early at `want` bytes or at the end of the stream (*ended). */
static inline size_t hear(loop *l, int fd, char *to, size_t want, int64_t us, bool *ended) {
    size_t n = 0;
    bool over = false;
    for (int64_t end = clock_mono_us() + us; n < want && !over;) {
        ssize_t got = recv(fd, to + n, want - n, 0);
        if (got > 0)
            n += (size_t)got;
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            over = true;
        else if (clock_mono_us() > end)
            break;
        else
            loop_turn(l, 1000);
    }
    if (ended) *ended = over;
    return n;
}

/* Everything until the peer closes; NUL-terminated; fails when it does not close. */
static inline char *hear_all(loop *l, int fd, char *to, size_t room) {
    bool ended = false;
    size_t n = hear(l, fd, to, room - 1, PATIENCE_US, &ended);
    to[n] = 0;
    if (!ended) fail_msg("the connection stayed open after: %s", to);
    return to;
}

/* Exactly this text, with the connection staying open. */
static inline void hear_text(loop *l, int fd, const char *text) {
    char got[4096] = {0};
    size_t want = strlen(text);
    assert_true(want < sizeof got);
    hear(l, fd, got, want, PATIENCE_US, NULL);
    assert_string_equal(got, text);
}

static inline bool is_open(loop *l, int fd) {
    char c;
    turn_for(l, 20000);
    ssize_t n = recv(fd, &c, 1, MSG_PEEK);
    return n > 0 || (n < 0 && errno == EAGAIN);
}

#endif
