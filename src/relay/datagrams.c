/* datagrams.c: see datagrams.h. The two ways are side by side; MU_ONE_BY_ONE chooses the portable one on Linux, too.
 *
 * On Linux what goes to one peer in a row, in equal lengths, is handed over as one message that the system cuts apart
 * (UDP_SEGMENT): bursts cost a fifth less. */
#include "relay/datagrams.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_ROOM (4 << 20) /* asked for; the system gives less (net.core.rmem_max), which is fine */

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* linux/udp.h */
#endif

#if defined(__linux__) && !defined(MU_ONE_BY_ONE)
#define MANY_AT_ONCE 1
#else
#define MANY_AT_ONCE 0
#endif

#if MANY_AT_ONCE

#define RUN_MAX 40   /* 64 at most, and 64 KiB */
#define CUT_MAX 1300 /* a piece has to fit into one packet all the way */

struct datagrams_in_system {
    struct mmsghdr messages[DATAGRAMS];
    struct iovec parts[DATAGRAMS];
    uint8_t room[DATAGRAMS][DATAGRAM_ROOM];
};

/* One message carries a run of datagrams of equal length to one peer, in parts that the system cuts apart again. */
struct datagrams_out_system {
    struct mmsghdr messages[DATAGRAMS];
    struct iovec parts[DATAGRAMS];
    relay_address to[DATAGRAMS];
    int runs; /* messages in use */
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(uint16_t))];
    } cut[DATAGRAMS];
    bool one_by_one; /* the system cannot cut */
};

int datagrams_receive(datagrams_in *in, int fd) {
    struct datagrams_in_system *s = in->system;
    for (int i = 0; i < DATAGRAMS; i++) s->messages[i].msg_hdr.msg_namelen = sizeof(relay_address);
    int n = recvmmsg(fd, s->messages, DATAGRAMS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        in->length[i] = s->messages[i].msg_len;
        in->cut[i] = s->messages[i].msg_hdr.msg_flags & MSG_TRUNC;
    }
    return n < 0 ? 0 : n;
}

/* Says where the system has to cut a run; nothing for a single datagram. */
static void mark_cuts(struct datagrams_out_system *s, int run) {
    struct msghdr *m = &s->messages[run].msg_hdr;
    bool several = m->msg_iovlen > 1;
    m->msg_control = several ? s->cut[run].room : NULL;
    m->msg_controllen = several ? sizeof s->cut[run].room : 0;
    if (!several) return;
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    uint16_t length = (uint16_t)m->msg_iov[0].iov_len;
    c->cmsg_level = IPPROTO_UDP, c->cmsg_type = UDP_SEGMENT, c->cmsg_len = CMSG_LEN(sizeof length);
    memcpy(CMSG_DATA(c), &length, sizeof length);
}

/* One run, a call each: for a device or a way on which nothing can be cut. */
static int send_singly(struct datagrams_out_system *s, int fd, int run) {
    int sent = 0;
    struct msghdr m = s->messages[run].msg_hdr;
    m.msg_control = NULL, m.msg_controllen = 0;
    size_t count = m.msg_iovlen;
    m.msg_iovlen = 1;
    for (size_t i = 0; i < count; i++, m.msg_iov++) sent += sendmsg(fd, &m, MSG_DONTWAIT) >= 0;
    return sent;
}

int datagrams_send(datagrams_out *out, int fd) {
    struct datagrams_out_system *s = out->system;
    int done = 0, sent = 0;
    for (int i = 0; i < s->runs; i++) mark_cuts(s, i);
    while (done < s->runs) {
        int n = sendmmsg(fd, s->messages + done, (unsigned)(s->runs - done), MSG_DONTWAIT);
        for (int i = 0; i < n; i++) sent += (int)s->messages[done + i].msg_hdr.msg_iovlen;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && s->messages[done].msg_hdr.msg_iovlen > 1) { /* a device that cannot do it: EIO, EINVAL */
            s->one_by_one = true;
            sent += send_singly(s, fd, done);
        }
        done += n > 0 ? n : 1; /* the first one cannot be sent: the next may */
    }
    out->count = 0;
    s->runs = 0;
    return sent;
}

static void set_up_in(datagrams_in *in) {
    struct datagrams_in_system *s = in->system;
    for (int i = 0; i < DATAGRAMS; i++) {
        in->data[i] = s->room[i];
        s->parts[i] = (struct iovec){s->room[i], DATAGRAM_ROOM};
        s->messages[i].msg_hdr = (struct msghdr){.msg_name = &in->from[i], .msg_iov = &s->parts[i], .msg_iovlen = 1};
    }
}

static void set_up_out(datagrams_out *out) {
    struct datagrams_out_system *s = out->system;
    for (int i = 0; i < DATAGRAMS; i++) s->messages[i].msg_hdr = (struct msghdr){.msg_name = &s->to[i]};
}

bool datagrams_add(datagrams_out *out, const relay_address *to, const uint8_t *p, size_t n) {
    struct datagrams_out_system *s = out->system;
    if (out->count == DATAGRAMS) return false;
    int i = out->count++;
    s->parts[i] = (struct iovec){(void *)(uintptr_t)p, n};
    struct msghdr *last = s->runs ? &s->messages[s->runs - 1].msg_hdr : NULL;
    if (last && !s->one_by_one && n == last->msg_iov[0].iov_len && last->msg_iovlen < RUN_MAX && n > 0 &&
        n <= CUT_MAX && relay_address_same(to, &s->to[s->runs - 1])) {
        last->msg_iovlen++; /* parts lie side by side */
        return true;
    }
    s->to[s->runs] = *to;
    struct msghdr *m = &s->messages[s->runs++].msg_hdr;
    m->msg_namelen = relay_address_length(to);
    m->msg_iov = &s->parts[i];
    m->msg_iovlen = 1;
    return true;
}

#else

struct datagrams_in_system {
    uint8_t room[DATAGRAMS][DATAGRAM_ROOM + 1];
};

struct datagrams_out_system {
    relay_address to[DATAGRAMS];
    bytes data[DATAGRAMS];
};

int datagrams_receive(datagrams_in *in, int fd) {
    int n = 0;
    for (; n < DATAGRAMS; n++) {
        socklen_t length = sizeof in->from[n];
        ssize_t got =
            recvfrom(fd, in->data[n], DATAGRAM_ROOM + 1, 0, &in->from[n].any, &length); /* one more: it was longer */
        if (got < 0) break;
        in->cut[n] = got > DATAGRAM_ROOM;
        in->length[n] = (size_t)got;
    }
    return n;
}

int datagrams_send(datagrams_out *out, int fd) {
    struct datagrams_out_system *s = out->system;
    int sent = 0;
    for (int i = 0; i < out->count; i++) {
        ssize_t n = sendto(fd, s->data[i].p, s->data[i].n, 0, &s->to[i].any, relay_address_length(&s->to[i]));
        if (n >= 0)
            sent++;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
    }
    out->count = 0;
    return sent;
}

static void set_up_in(datagrams_in *in) {
    for (int i = 0; i < DATAGRAMS; i++) in->data[i] = in->system->room[i];
}

static void set_up_out(datagrams_out *out) {}

bool datagrams_add(datagrams_out *out, const relay_address *to, const uint8_t *p, size_t n) {
    if (out->count == DATAGRAMS) return false;
    out->system->to[out->count] = *to;
    out->system->data[out->count++] = (bytes){p, n};
    return true;
}

#endif

/* ---- both ways ---- */

datagrams_in *datagrams_in_new(void) {
    datagrams_in *in = calloc(1, sizeof *in);
    if (in && !(in->system = calloc(1, sizeof *in->system))) {
        free(in);
        return NULL;
    }
    if (in) set_up_in(in);
    return in;
}

void datagrams_in_free(datagrams_in *in) {
    if (in) free(in->system);
    free(in);
}

datagrams_out *datagrams_out_new(void) {
    datagrams_out *out = calloc(1, sizeof *out);
    if (out && !(out->system = calloc(1, sizeof *out->system))) {
        free(out);
        return NULL;
    }
    if (out) set_up_out(out);
    return out;
}

void datagrams_out_free(datagrams_out *out) {
    if (out) free(out->system);
    free(out);
}

/* Tries "::" for "", and IPv4 alone where the system has no IPv6. */
static int open_socket(relay_address *a, bool either) {
    int fd = socket(a->any.sa_family, SOCK_DGRAM, 0);
    if (fd < 0 && either && a->any.sa_family == AF_INET6) {
        relay_address_read("0.0.0.0", relay_address_port(a), a);
        fd = socket(AF_INET, SOCK_DGRAM, 0);
    }
    return fd;
}

int datagrams_bind(const char *address, uint16_t port, fault *f) {
    relay_address a;
    int no = 0, room = SOCKET_ROOM;
    if (relay_address_read(*address ? address : "::", port, &a) < 0)
        return fault_set(f, E_CONFIG, "'%s' is no address a UDP door can have: an IPv4 or IPv6 address, or \"\"",
                         address);
    int fd = open_socket(&a, *address == 0);
    if (fd < 0) return fault_set(f, E_SYSTEM, "a UDP socket cannot be had: %s", strerror(errno));
    if (a.any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
        bind(fd, &a.any, relay_address_length(&a)) < 0) {
        int e = errno;
        close(fd);
        return fault_set(f, E_IO, "UDP port %u on %s cannot be opened: %s", port,
                         *address ? address : "::", strerror(e));
    }
    return fd;
}

uint16_t datagrams_port(int fd) {
    relay_address a;
    socklen_t length = sizeof a;
    return getsockname(fd, &a.any, &length) == 0 ? relay_address_port(&a) : 0;
}
