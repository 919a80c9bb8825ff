/* connect.h: connections that we open, and a small HTTP client on them.
 *
 *     connect_config c = {.host = "127.0.0.1", .port = 42127, .filter = FILTER_SSL3};
 *     stream_connect(loop, &c, on_opened, ctx);
 *     static void on_opened(void *ctx, stream *s, const fault *why) { if (!s) log_warn("x", "%s", why->text); … }
 *
 * Names are looked up off the loop thread; every address is tried in turn within one timeout; a TLS or SSLv3 handshake
 * is part of it. For tests, the client of our own and the retriever. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include "net/http.h"

struct ssl3_config;

enum filter_kind { FILTER_PLAIN, FILTER_TLS, FILTER_SSL3 };

typedef struct connect_config {
    const char *host; /* name or address; copied, like server_name */
    uint16_t port;
    enum filter_kind filter;
    bool verify;                    /* TLS: check the certificate and its name against the system's authorities */
    const char *server_name;        /* TLS: name sent and checked; NULL = host */
    const struct ssl3_config *ssl3; /* borrowed until opened; NULL = any certificate is fine */
    int64_t timeout_us;             /* all together; 0 = 10 s */
} connect_config;

/* opened(ctx, s, NULL): set a handler before returning. opened(ctx, NULL, why): E_NOT_FOUND no such name, E_TIMEOUT,
 * E_IO refused or unreachable, E_HANDSHAKE, E_CANCELLED. Exactly once, never from inside this call, unless this call
 * itself fails (returns a fault code). */
int stream_connect(loop *l, const connect_config *config, void (*opened)(void *ctx, stream *s, const fault *why),
                   void *ctx);

/* One HTTP exchange on a connection of its own. */
typedef struct http_exchange {
    connect_config to;
    const char *method; /* NULL = GET */
    const char *target; /* "/api/server"; NULL = "/" */
    const http_header *headers;
    size_t header_count; /* host, content-length and connection are added unless given */
    bytes body;
    const char *upgrade; /* ask for this protocol; a 101 hands over the stream */
    size_t max_body;     /* of the answer; 0 = 4 MiB */
    int64_t timeout_us;  /* whole exchange; 0 = 30 s */
} http_exchange;

typedef struct http_answer {
    int status;
    const http_header *headers;
    size_t header_count;
    bytes body;
    stream *upgraded; /* after a 101: set a handler before returning; early bytes go to it */
} http_answer;

/* Everything in *x is copied. done(ctx, answer, NULL) or done(ctx, NULL, why), exactly once, never from inside the
 * call; the answer is gone after it returns. Returns 0 or a fault code (then done does not run). */
int http_fetch(loop *l, const http_exchange *x, void (*done)(void *ctx, const http_answer *a, const fault *why),
               void *ctx);

#endif
