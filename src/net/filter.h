/* filter.h: what stands between a stream and its socket: TLS or SSLv3 (filter_tls.c, filter_ssl3.c). Only for net/.
 *
 *     filter *f = filter_tls_server(identity, &why);      NULL with a sentence
 *     stream_set_filter(s, f);                            from now on the stream's bytes pass through it; it owns f */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "base/bytes.h"
#include "base/fault.h"
#include "net/stream.h"

/* A filter turns wire bytes into plain bytes and back. feed takes all of `in`, appends to plain and out; negative: the
 * connection is over, `out` may hold an alert to send first. */
typedef struct filter filter;
typedef struct filter_kind_ops {
    const char *name;
    int (*feed)(filter *f, bytes in, buf *plain, buf *out, fault *why);
    int (*write)(filter *f, bytes plain, buf *out, fault *why);
    void (*close)(filter *f, buf *out); /* says goodbye, where that is allowed */
    int (*end)(filter *f, fault *why);  /* the peer's socket ended: 0 where that is a normal end */
    bool (*open)(const filter *f);      /* handshake done */
    bool (*ended)(const filter *f);     /* the peer said goodbye */
    void (*free)(filter *f);
} filter_kind_ops;

struct filter {
    const filter_kind_ops *ops;
    void (*ready)(void *ctx, stream *s); /* told once when the handshake is done; of the stream's handler ctx */
    bool ready_told;
};

struct ssl3_config;
struct tls_identity;
struct ssl_ctx_st;
filter *filter_ssl3_new(const struct ssl3_config *config, buf *out, fault *why);
filter *filter_tls_server(struct tls_identity *identity, fault *why);
filter *filter_tls_client(const char *server_name, bool verify, buf *out, fault *why);

#endif
