/* connect.c: opening a connection: name, addresses one after another, handshake, all within one timeout.
 *
 * The idea: an attempt is a small struct that lives until `opened` has been told. While a socket connects, the stream
 * has the attempt's handler; when the filter is ready (or at once, where there is none) the user's handler replaces it.
 * Every failure goes through `step`, at the end of a turn, so that nothing is ever told from inside stream_connect. */
#include "crypto/ssl3.h"
#include "net/private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_US    ((int64_t)10 * 1000000)
#define MAX_ADDRESSES 8

typedef struct attempt {
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    loop *loop;
    stream *s; /* being connected; NULL between two addresses */
    connect_config config;
    struct sockaddr_storage addresses[MAX_ADDRESSES];
    int count, at;
    bool looking_up, connecting, told;
    fault why;
    loop_item step;
    loop_timer timer;
    void (*opened)(void *ctx, stream *s, const fault *why);
    void *ctx;
    char *host, *server_name;
} attempt;

static const ssl3_config any_certificate = {.role = SSL3_CLIENT};

/* libuv still holds the struct while a lookup or a connect is under way. */
static void attempt_free_when_idle(attempt *a) {
    if (!a->told || a->looking_up || a->connecting) return;
    loop_turn_cancel(a->loop, &a->step);
    loop_timer_stop(&a->timer);
    free(a->host);
    free(a->server_name);
    free(a);
}

static void tell(attempt *a, stream *s) {
    if (a->told) return;
    a->told = true;
    loop_timer_stop(&a->timer);
    counter_add(s ? COUNTER_NET_CONNECTED : COUNTER_NET_CONNECT_FAILED, 1);
    a->opened(a->ctx, s, s ? NULL : &a->why);
    if (s && !s->handler) stream_close(s, E_CANCELLED);
}

static void drop_stream(attempt *a) {
    if (!a->s) return;
    stream_set_handler(a->s, NULL, NULL);
    stream_abort(a->s, E_CANCELLED);
    a->s = NULL;
}

static void give_up(attempt *a) {
    drop_stream(a);
    tell(a, NULL);
    attempt_free_when_idle(a);
}

static void on_timeout(void *ctx) {
    attempt *a = ctx;
    fault_set(&a->why, E_TIMEOUT, "no connection to %s port %d within %lld ms", a->host, a->config.port,
              (long long)(a->config.timeout_us / 1000));
    if (a->looking_up) uv_cancel((uv_req_t *)&a->lookup);
    give_up(a);
}

static void on_ready(void *ctx, stream *s) {
    attempt *a = ctx;
    a->s = NULL;
    stream_set_handler(s, NULL, NULL);
    tell(a, s);
    attempt_free_when_idle(a);
}

static size_t on_data(void *ctx, stream *s, bytes in) { return 0; }

static void on_closed(void *ctx, stream *s, const fault *why) {
    attempt *a = ctx;
    a->s = NULL;
    a->why = *why;
    if (why->code == E_CLOSED)
        fault_set(&a->why, E_HANDSHAKE, "%s port %d closed the connection during the handshake", a->host,
                  a->config.port);
    if (s->loop->freeing) a->why.code = E_CANCELLED;
    tell(a, NULL);
    attempt_free_when_idle(a);
}

static const stream_handler connecting = {.data = on_data, .closed = on_closed};

static filter *make_filter(attempt *a, buf *out) {
    const connect_config *c = &a->config;
    if (c->filter == FILTER_SSL3) return filter_ssl3_new(c->ssl3 ? c->ssl3 : &any_certificate, out, &a->why);
    return filter_tls_client(a->server_name ? a->server_name : a->host, c->verify, out, &a->why);
}

static void start_handshake(attempt *a) {
    buf out = {0};
    filter *f = make_filter(a, &out);
    if (!f) {
        buf_free(&out);
        give_up(a);
        return;
    }
    f->ready = on_ready;
    a->s->filter = f;
    stream_put_raw(a->s, buf_bytes(&out));
    buf_free(&out);
    stream_start(a->s);
}

static void on_connected(uv_connect_t *c, int status) {
    attempt *a = c->data;
    a->connecting = false;
    int fd;
    if (a->told) {
        attempt_free_when_idle(a);
    } else if (!a->s) { /* the stream was taken down under it: a->why says why */
        give_up(a);
    } else if (status < 0) {
        fault_set(&a->why, a->loop->freeing ? E_CANCELLED : E_IO, "no connection to %s port %d: %s", a->host,
                  a->config.port, uv_strerror(status));
        drop_stream(a);
        loop_turn_end(a->loop, &a->step);
    } else {
        if (uv_fileno((uv_handle_t *)&a->s->tcp, &fd) == 0) socket_tune(fd);
        if (a->config.filter != FILTER_PLAIN) {
            start_handshake(a);
        } else {
            stream *s = a->s;
            on_ready(a, s);
            if (s->state == STREAM_OPEN) stream_start(s);
        }
    }
}

/* The next address, or the end. */
static void step(void *ctx) {
    attempt *a = ctx;
    if (a->loop->freeing) fault_set(&a->why, E_CANCELLED, "the server stops");
    if (a->at >= a->count || a->told || a->loop->freeing) {
        give_up(a);
        return;
    }
    const struct sockaddr *to = (struct sockaddr *)&a->addresses[a->at++];
    a->s = stream_new(a->loop);
    if (!a->s) {
        fault_set(&a->why, E_MEMORY, "out of memory for a connection");
        give_up(a);
        return;
    }
    stream_set_handler(a->s, &connecting, a);
    net_address_set(&a->s->peer, to);
    a->connect.data = a;
    int rc = uv_tcp_connect(&a->connect, &a->s->tcp, to, on_connected);
    if (rc < 0) {
        fault_set(&a->why, E_IO, "no connection to %s port %d: %s", a->host, a->config.port, uv_strerror(rc));
        drop_stream(a);
        loop_turn_end(a->loop, &a->step);
    } else {
        a->connecting = true;
    }
}

static void on_looked_up(uv_getaddrinfo_t *r, int status, struct addrinfo *list) {
    attempt *a = r->data;
    a->looking_up = false;
    if (status < 0 && !a->told)
        fault_set(&a->why, E_NOT_FOUND, "the name %s cannot be looked up: %s", a->host, uv_strerror(status));
    for (struct addrinfo *i = list; i && a->count < MAX_ADDRESSES; i = i->ai_next)
        memcpy(&a->addresses[a->count++], i->ai_addr, i->ai_addrlen);
    uv_freeaddrinfo(list);
    if (a->told)
        attempt_free_when_idle(a);
    else if (a->loop->freeing)
        step(a);
    else
        loop_turn_end(a->loop, &a->step);
}

static bool literal(attempt *a) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)&a->addresses[0];
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&a->addresses[0];
    if (inet_pton(AF_INET, a->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET, v4->sin_port = htons(a->config.port);
    } else if (inet_pton(AF_INET6, a->host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6, v6->sin6_port = htons(a->config.port);
    } else {
        return false;
    }
    a->count = 1;
    return true;
}

static int look_up(attempt *a) {
    char port[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    snprintf(port, sizeof port, "%d", a->config.port);
    a->lookup.data = a;
    if (uv_getaddrinfo(&a->loop->uv, &a->lookup, on_looked_up, a->host, port, &hints) < 0) return E_SYSTEM;
    a->looking_up = true;
    return 0;
}

int stream_connect(loop *l, const connect_config *config, void (*opened)(void *ctx, stream *s, const fault *why),
                   void *ctx) {
    attempt *a = calloc(1, sizeof *a);
    if (!a) return E_MEMORY;
    a->loop = l;
    a->config = *config;
    if (!a->config.timeout_us) a->config.timeout_us = CONNECT_US;
    a->opened = opened;
    a->ctx = ctx;
    a->step.fn = step;
    a->step.ctx = a;
    a->host = strdup(config->host ? config->host : "");
    a->server_name = config->server_name ? strdup(config->server_name) : NULL;
    int rc = a->host && (a->server_name || !config->server_name) ? 0 : E_MEMORY;
    if (rc == 0 && !*a->host) rc = E_ARGUMENT;
    if (rc == 0) rc = loop_timer_start(l, &a->timer, a->config.timeout_us, 0, on_timeout, a);
    if (rc == 0 && !literal(a))
        rc = look_up(a);
    else if (rc == 0)
        loop_turn_end(l, &a->step);
    if (rc == 0) return 0;
    a->told = true;
    attempt_free_when_idle(a);
    return rc;
}
