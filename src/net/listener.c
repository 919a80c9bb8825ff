/* listener.c: accepts connections and finds out what they speak (sniff.h), then hands them over.
 *
 * The idea: a fresh connection has the sniffing handler, which consumes nothing. A hello puts the filter underneath
 * the stream, the same bytes run through it, and the plain bytes are sniffed once more. When HTTP or BLAZE is known the
 * user's `accept` sets the handler that then sees everything from the first byte.
 *
 * Accepting is our own (poll and accept4), not libuv's: when descriptors run out libuv would accept and drop whoever
 * comes or spin; here accepting pauses for a moment and the others wait in the kernel's queue. */
#include "base/clock.h"
#include "base/log.h"
#include "base/malformed.h"
#include "net/private.h"
#include "net/sniff.h"
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SNIFF_US       ((int64_t)10 * 1000000)
#define BACK_OFF_US    ((int64_t)100 * 1000)
#define ACCEPT_AT_ONCE 64
#define BACKLOG        1024
#define FIRST_SHOWN    16 /* bytes of what is refused at once */

/* Handshakes under way cost memory and public-key work before anybody is known (reference 05 A.11, 1). */
#define HANDSHAKES_MAX      1024
#define HANDSHAKES_PER_PEER 64

/* A connection not handed over yet: the sniffing handler's ctx. */
typedef struct guest {
    listener *of;
    stream *s;
    struct guest *next, *previous;
    bool inner; /* a filter is in place */
} guest;

struct listener {
    uv_poll_t poll;
    loop *loop;
    listener *next, *previous;
    listener_config config; /* its texts are not ours, see name */
    origin *origin;
    guest *guests;  /* not sniffed yet */
    guest *shaking; /* a filter is in place */
    uint32_t shaking_count;
    loop_timer back_off;
    int fd;
    uint16_t port;
    bool closing;
};

void origin_drop(origin *o) {
    if (o && --o->refs == 0) free(o);
}

/* -- sniffing ----------------------------------------------------------------------------------------------------- */

static void guest_link(guest *g, guest **list) {
    g->previous = NULL;
    g->next = *list;
    if (g->next) g->next->previous = g;
    *list = g;
}

static void guest_unlink(guest *g) {
    guest **list = g->inner ? &g->of->shaking : &g->of->guests;
    if (g->previous) g->previous->next = g->next;
    if (*list == g) *list = g->next;
    if (g->next) g->next->previous = g->previous;
}

static void guest_free(guest *g) {
    guest_unlink(g);
    if (g->inner) g->of->shaking_count--;
    free(g);
}

/* Too many unfinished handshakes, in all or from this peer's address. */
static bool crowded(const guest *g) {
    if (g->of->shaking_count >= HANDSHAKES_MAX) return true;
    uint32_t same = 0;
    for (const guest *o = g->of->shaking; o; o = o->next)
        same += memcmp(o->s->peer.ip, g->s->peer.ip, sizeof o->s->peer.ip) == 0;
    return same >= HANDSHAKES_PER_PEER;
}

/* For whoever wonders what that was: its first bytes, which no protocol of ours begins with. */
static void note_malformed(const guest *g, bytes in) {
    malformed m = {.decoder = "first bytes", .code = E_PROTOCOL, .offset = -1, .size = in.n};
    snprintf(m.peer, sizeof m.peer, "%s", stream_peer(g->s));
    snprintf(m.door, sizeof m.door, "%s", g->of->origin->name);
    snprintf(m.text, sizeof m.text, "nothing that is served at this door begins so");
    malformed_add(&m, (bytes){in.p, in.n < FIRST_SHOWN ? in.n : FIRST_SHOWN});
}

static void refuse(guest *g, bytes in) {
    counter_add(COUNTER_NET_REFUSED_PROTOCOL, 1);
    note_malformed(g, in);
    log_debug("net", "%s: %s speaks nothing that is served here", g->of->origin->name, stream_peer(g->s));
    stream_close(g->s, E_PROTOCOL);
}

static void put_filter(guest *g, int kind) {
    if (crowded(g)) {
        counter_add(COUNTER_NET_REFUSED_FULL, 1);
        stream_abort(g->s, E_BUSY);
        return;
    }
    fault f = {0};
    buf none = {0};
    filter *made = kind == PROTOCOL_SSL3 ? filter_ssl3_new(g->of->config.ssl3, &none, &f)
                                         : filter_tls_server(g->of->config.tls, &f);
    buf_free(&none);
    if (!made) {
        log_warn("net", "%s: %s", g->of->origin->name, f.text);
        stream_close_why(g->s, &f);
        return;
    }
    guest_unlink(g);
    g->inner = true;
    g->of->shaking_count++;
    guest_link(g, &g->of->shaking);
    stream_set_filter(g->s, made);
}

static unsigned inner_allowed(const listener_config *c) {
    unsigned set = c->inner ? c->inner : c->protocols & (PROTOCOL_HTTP | PROTOCOL_BLAZE);
    return set ? set : PROTOCOL_HTTP | PROTOCOL_BLAZE;
}

static void hand_over(guest *g, int kind) {
    listener *l = g->of;
    stream *s = g->s;
    guest_free(g);
    stream_set_timeout(s, 0);
    stream_set_handler(s, NULL, NULL);
    l->config.accept(l->config.ctx, s, (enum protocol)kind, l);
    if (!s->handler) stream_close(s, E_PROTOCOL);
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    guest *g = ctx;
    const listener_config *c = &g->of->config;
    int kind = sniff_first(in, g->inner ? inner_allowed(c) : c->protocols, c->prefer_ssl3);
    if (kind == SNIFF_MORE) return 0;
    if (kind == SNIFF_REFUSED)
        refuse(g, in);
    else if (kind == PROTOCOL_SSL3 || kind == PROTOCOL_TLS)
        put_filter(g, kind);
    else
        hand_over(g, kind);
    return 0;
}

static void on_timeout(void *ctx, stream *s) {
    counter_add(COUNTER_NET_SNIFF_TIMEOUTS, 1);
    stream_close(s, E_TIMEOUT);
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    guest *g = ctx;
    log_debug("net", "%s: %s left before it was served: %s", g->of->origin->name, stream_peer(s), why->text);
    guest_free(g);
}

static const stream_handler sniffing = {.data = on_data, .timeout = on_timeout, .closed = on_closed};

/* -- accepting ---------------------------------------------------------------------------------------------------- */

static void welcome(listener *l, int fd, const struct sockaddr *peer) {
    stream *s = stream_new(l->loop);
    guest *g = calloc(1, sizeof *g);
    if (!s || !g) {
        counter_add(COUNTER_NET_ACCEPT_ERRORS, 1);
        close(fd);
        free(g);
        if (s) stream_abort(s, E_MEMORY);
        return;
    }
    *g = (guest){.of = l, .s = s};
    guest_link(g, &l->guests);
    s->origin = l->origin;
    s->origin->refs++, s->origin->connections++;
    stream_set_handler(s, &sniffing, g);
    stream_set_timeout(s, l->config.sniff_us ? l->config.sniff_us : SNIFF_US);
#ifndef __linux__
    socket_tune(fd);
#endif
    counter_add(COUNTER_NET_ACCEPTED, 1);
    if (stream_adopt(s, fd, peer) < 0) {
        close(fd);
        stream_abort(s, E_SYSTEM);
    } else if (l->config.immediate) {
        hand_over(g, PROTOCOL_BLAZE);
    }
}

static void on_connection(uv_poll_t *p, int status, int events);

static void on_backed_off(void *ctx) {
    listener *l = ctx;
    uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

static void back_off(listener *l, int error) {
    counter_add(COUNTER_NET_ACCEPT_ERRORS, 1);
    static int64_t last_said;
    int64_t now = clock_mono_us();
    if (now - last_said > 10 * 1000000 || !last_said) {
        last_said = now;
        log_warn("net", "%s: accepting paused: %s; raise the limit of open files (ulimit -n)", l->origin->name,
                 strerror(error));
    }
    uv_poll_stop(&l->poll);
    if (loop_timer_start(l->loop, &l->back_off, BACK_OFF_US, 0, on_backed_off, l) < 0) on_backed_off(l);
}

static void on_connection(uv_poll_t *p, int status, int events) {
    listener *l = p->data;
    for (int i = 0; i < ACCEPT_AT_ONCE && !l->closing; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (l->config.max_connections && l->origin->connections >= l->config.max_connections) {
                counter_add(COUNTER_NET_REFUSED_FULL, 1);
                close(fd);
            } else {
                welcome(l, fd, (struct sockaddr *)&peer);
            }
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            back_off(l, errno);
            return;
        } /* else that one connection died in the queue: the next */
    }
}

/* -- opening ------------------------------------------------------------------------------------------------------ */

static int parse_address(const char *text, uint16_t port, struct sockaddr_storage *to, socklen_t *size) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;
    memset(to, 0, sizeof *to);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET, v4->sin_port = htons(port), *size = sizeof *v4;
        return AF_INET;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6, v6->sin6_port = htons(port), *size = sizeof *v6;
        return AF_INET6;
    }
    return -1;
}

static int refused(const listener_config *c, const char *address, int error, fault *f) {
    const char *join = strchr(address, ':') ? "]" : "", *open = *join ? "[" : "";
    const char *name = c->name ? c->name : "";
    int port = c->port;
    if (error == EADDRINUSE)
        return fault_set(
            f, E_EXISTS,
            "listener \"%s\": port %d on %s%s%s is already in use; stop the program that has it, or set another "
            "port for this listener",
            name, port, open, address, join);
    if (error == EACCES)
        return fault_set(f, E_SYSTEM,
                         "listener \"%s\": port %d needs privileges this process does not have; use a port above 1023 "
                         "or grant CAP_NET_BIND_SERVICE",
                         name, port);
    if (error == EADDRNOTAVAIL)
        return fault_set(f, E_CONFIG, "listener \"%s\": %s is not an address of this machine", name, address);
    return fault_set(f, E_SYSTEM, "listener \"%s\": cannot listen on %s%s%s port %d: %s", name, open, address, join,
                     port, strerror(error));
}

static int open_socket(const listener_config *c, const char *address, fault *f) {
    struct sockaddr_storage at;
    socklen_t size = 0;
    int family = parse_address(address, c->port, &at, &size);
    if (family < 0)
        return fault_set(f, E_CONFIG, "listener \"%s\": \"%s\" is not an IP address", c->name ? c->name : "", address);
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1, off = 0;
    if (fd < 0) return refused(c, address, errno, f);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    socket_tune(fd);
    if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, BACKLOG) < 0) {
        int error = errno;
        close(fd);
        return refused(c, address, error, f);
    }
    return fd;
}

static int check(const listener_config *c, fault *f) {
    const char *name = c->name ? c->name : "";
    bool any = c->immediate || (c->protocols & (PROTOCOL_SSL3 | PROTOCOL_TLS | PROTOCOL_HTTP | PROTOCOL_BLAZE));
    if (!any || !c->accept) return fault_set(f, E_CONFIG, "listener \"%s\" serves no protocol", name);
    if ((c->protocols & PROTOCOL_SSL3) && !c->ssl3)
        return fault_set(f, E_CONFIG, "listener \"%s\" serves SSLv3 but has no certificate for it", name);
    if ((c->protocols & PROTOCOL_TLS) && !c->tls)
        return fault_set(f, E_CONFIG, "listener \"%s\" serves TLS but has no certificate for it", name);
    return 0;
}

int listener_bind(const listener_config *c, fault *f) {
    int fd = open_socket(c, c->address ? c->address : "::", f);
    if (fd < 0 && !c->address) fd = open_socket(c, "0.0.0.0", f);
    return fd;
}

static uint16_t port_of(int fd) {
    struct sockaddr_storage at = {0};
    socklen_t size = sizeof at;
    net_address a = {0};
    if (getsockname(fd, (struct sockaddr *)&at, &size) == 0) net_address_set(&a, (struct sockaddr *)&at);
    return a.port;
}

static origin *origin_new(const char *name) {
    size_t length = name ? strlen(name) : 0;
    origin *o = calloc(1, sizeof *o + length + 1);
    if (!o) return NULL;
    if (length) memcpy(o->name, name, length);
    o->refs = 1;
    return o;
}

/* Copies the settings; the texts but the name are not looked at again. */
static void settle(listener *l, const listener_config *c) {
    tls_identity *old = l->config.tls;
    l->config = *c;
    l->config.name = l->origin->name;
    l->config.address = NULL;
    if (c->tls) tls_identity_hold(c->tls);
    tls_identity_drop(old);
}

listener *listener_open(loop *on, const listener_config *c, fault *f) {
    if (check(c, f) < 0) return NULL;
    int fd = c->socket > 0 ? c->socket : listener_bind(c, f);
    if (fd < 0) return NULL;
    listener *l = calloc(1, sizeof *l);
    origin *o = origin_new(c->name);
    if (!l || !o || uv_poll_init(&on->uv, &l->poll, fd) < 0) {
        fault_set(f, E_MEMORY, "out of memory for listener \"%s\"", c->name ? c->name : "");
        free(l);
        free(o);
        close(fd);
        return NULL;
    }
    l->loop = on, l->origin = o, l->fd = fd, l->port = port_of(fd);
    settle(l, c);
    l->poll.data = l;
    l->next = on->first_listener;
    if (l->next) l->next->previous = l;
    on->first_listener = l;
    uv_poll_start(&l->poll, UV_READABLE, on_connection);
    return l;
}

int listener_update(listener *l, const listener_config *c, fault *f) {
    int rc = check(c, f);
    if (rc < 0) return rc;
    if (strcmp(c->name ? c->name : "", l->origin->name) != 0) {
        origin *o = origin_new(c->name);
        if (!o) return fault_set(f, E_MEMORY, "out of memory for listener \"%s\"", c->name);
        origin_drop(l->origin); /* older connections keep the name they came by */
        l->origin = o;
    }
    settle(l, c);
    return 0;
}

uint16_t listener_port(const listener *l) { return l->port; }
const char *listener_name(const listener *l) { return l->origin->name; }
uint32_t listener_connections(const listener *l) { return l->origin->connections; }

static void on_poll_closed(uv_handle_t *h) {
    listener *l = h->data;
    close(l->fd);
    free(l);
}

void listener_close(listener *l) {
    if (l->closing) return;
    l->closing = true;
    loop_timer_stop(&l->back_off);
    for (guest *g;
         (g = l->guests ? l->guests : l->shaking);) { /* their handler would point at a listener that is gone */
        stream_set_handler(g->s, NULL, NULL);
        stream_close(g->s, E_CANCELLED);
        guest_free(g);
    }
    if (l->previous)
        l->previous->next = l->next;
    else
        l->loop->first_listener = l->next;
    if (l->next) l->next->previous = l->previous;
    tls_identity_drop(l->config.tls);
    origin_drop(l->origin);
    l->origin = NULL;
    uv_poll_stop(&l->poll);
    uv_close((uv_handle_t *)&l->poll, on_poll_closed);
}

void listener_free_all(loop *on) {
    while (on->first_listener) listener_close(on->first_listener);
}
