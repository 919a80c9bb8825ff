/* listener.h: a TCP port that tells its protocols apart by the first bytes a peer sends.
 *
 * SSLv3 or TLS hello, HTTP, and raw frames (everything else); after a TLS or SSLv3 handshake the first plain bytes
 * decide between HTTP and frames again. What a listener does not allow is closed and counted.
 *
 *     listener_config c = {.name = "main", .address = "0.0.0.0", .port = 14219,
 *                          .protocols = PROTOCOL_HTTP | PROTOCOL_BLAZE, .accept = on_accept, .ctx = server};
 *     listener *l = listener_open(loop, &c, &f);
 *
 * A hello in SSLv3's own version is SSLv3, the SSLv2-compatible form as well; where a hello offers TLS and both are
 * allowed, `prefer_ssl3` decides (reference 05 A.9, A.11). Accept errors (no file descriptors) pause accepting for a
 * moment. Loop thread only. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/stream.h"

struct ssl3_config;
struct tls_identity;
typedef struct listener listener;

enum protocol { PROTOCOL_SSL3 = 1, PROTOCOL_TLS = 2, PROTOCOL_HTTP = 4, PROTOCOL_BLAZE = 8 };

typedef struct listener_config {
    const char *name;    /* what logs, scripts and stream_listener_name say; copied */
    const char *address; /* "0.0.0.0", "::" (both families), "127.0.0.1"; NULL = "::", or 0.0.0.0 without IPv6 */
    uint16_t port;       /* 0 = any free one, see listener_port */
    int socket;          /* from listener_bind, taken over; 0 = listener_open binds */
    bool immediate; /* no sniffing: `accept` gets every connection at once, as PROTOCOL_BLAZE; no protocols needed */
    unsigned protocols; /* PROTOCOL_… bits: what the first bytes may be */
    unsigned inner;   /* HTTP and BLAZE bits allowed inside TLS and SSLv3; 0 = those of `protocols`, or both if none */
    bool prefer_ssl3; /* a hello that offers TLS gets SSLv3 all the same */
    const struct ssl3_config *ssl3; /* borrowed; needed for PROTOCOL_SSL3, must outlive the listener's connections */
    struct tls_identity *tls;       /* held by the listener; needed for PROTOCOL_TLS (net/tls.h) */
    int64_t sniff_us;               /* first bytes and handshake must be done by then; 0 = 10 s */
    uint32_t max_connections;       /* 0 = no limit of its own */
    /* A connection whose protocol is known. `inner` is PROTOCOL_HTTP or PROTOCOL_BLAZE; nothing was consumed. The
     * callee sets a handler before it returns (http_accept does); else the stream is closed. */
    void (*accept)(void *ctx, stream *s, enum protocol inner, listener *l);
    void *ctx;
} listener_config;

/* NULL and one sentence in *f: the port is taken, may not be opened, the address is not ours. */
listener *listener_open(loop *l, const listener_config *config, fault *f);
/* The part of listener_open that may fail, apart: binds and listens, accepts nothing. A descriptor > 0, or a fault
 * code and the sentence. Any thread. Close it, or hand it to listener_open as config.socket. */
int listener_bind(const listener_config *config, fault *f);
/* From now on other protocols, name, limits, identity, callback; address, port and connections stay. 0 or a fault. */
int listener_update(listener *l, const listener_config *config, fault *f);
uint16_t listener_port(const listener *l);
const char *listener_name(const listener *l);
uint32_t listener_connections(const listener *l); /* open now */
/* Stops accepting and is gone; its connections stay, and keep its name. Those not handed over yet are closed. */
void listener_close(listener *l);

#endif
