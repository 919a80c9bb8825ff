/* stream.h: one TCP connection, accepted or opened, seen as plain bytes whatever its filter is.
 *
 * Filters: plain; TLS (OpenSSL); SSLv3 (crypto/ssl3). What a handler reads and writes is always the plain text.
 *
 *     static size_t on_data(void *ctx, stream *s, bytes in) { stream_write(s, in); return in.n; }
 *     static void on_closed(void *ctx, stream *s, const fault *why) { free(ctx); }
 *     static const stream_handler echo = {.data = on_data, .closed = on_closed};
 *     stream_set_handler(s, &echo, ctx);
 *
 * Reading: `data` sees the loop's scratch buffer and says how many bytes it consumed; the rest is copied and comes
 * again in front of what arrives next (never without something new, except after stream_resume or a new handler). More
 * than `max_keep` unconsumed bytes close the stream with E_LIMIT.
 * Writing: calls only collect; one write leaves at the end of the turn, tried at once; a rest is queued. More than
 * `max_queue` queued bytes, or a queue that hardly moves for `slow_us`, close the stream with E_SLOW_PEER.
 * Ending: `closed` is called exactly once, never from inside another call of this header, and then the stream is gone.
 * An idle plain stream costs under 1.5 kB of ours. Loop thread only. Close rules of reference 05 A.8. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/bytes.h"
#include "base/slab.h"
#include "net/loop.h"

typedef struct stream stream;

typedef struct stream_handler {
    size_t (*data)(void *ctx, stream *s,
                   bytes in);              /* returns bytes consumed, 0 … in.n. May close, pause, set_handler */
    void (*drained)(void *ctx, stream *s); /* optional: a queue that once had to wait is empty again */
    void (*ended)(void *ctx,
                  stream *s); /* optional: the peer sends no more but may read; NULL = stream_close(E_CLOSED) */
    void (*timeout)(void *ctx,
                    stream *s); /* optional: stream_set_timeout's time is over; NULL = stream_close(E_TIMEOUT) */
    void (*closed)(void *ctx, stream *s, const fault *why); /* why->code: 0 closed by us, E_CLOSED by the peer, … */
} stream_handler;

/* Also how a protocol hands a connection over: bytes not consumed go to the new handler, in this turn. The old handler
 * hears nothing more, so it frees its ctx itself. */
void stream_set_handler(stream *s, const stream_handler *handler, void *ctx);
void *stream_context(const stream *s);

void stream_pause(stream *s);  /* back-pressure: stop reading; what was not consumed is kept */
void stream_resume(stream *s); /* go on; the kept bytes are given again at the end of this turn */

/* Collects; nothing is reported: a stream that cannot take it closes itself. On a closing stream they do nothing. */
void stream_write(stream *s, bytes data);                        /* copied */
void stream_write_shared(stream *s, bytes header, shared *body); /* header copied, body held until written */
size_t stream_queued(const stream *s); /* plain bytes collected + bytes waiting for the kernel */

void stream_close(stream *s, int code); /* what is queued leaves first (bounded time), then an orderly close */
void stream_abort(stream *s, int code); /* at once; what is queued is lost, the peer may see a reset */
void stream_close_why(stream *s, const fault *why); /* as stream_close, with a sentence of one's own */
bool stream_is_closing(const stream *s);

void stream_set_limits(stream *s, size_t max_keep, size_t max_queue, int64_t slow_us); /* 0 = leave as it is */
void stream_set_timeout(stream *s, int64_t delay_us); /* one for each stream; 0 = none. Within about 0.1 s */

/* Who and where. Texts are built on demand in a buffer of the loop: copy what must outlive the next call. */
const char *stream_peer(const stream *s); /* "192.0.2.7", "2001:db8::1"; v4-mapped IPv6 shown as IPv4 */
uint16_t stream_peer_port(const stream *s);
const char *stream_local_address(const stream *s); /* what the client connected to */
uint16_t stream_local_port(const stream *s);
const char *stream_listener_name(const stream *s);                            /* "" when opened by us */
const char *stream_transport(const stream *s);                                /* "plain", "tls" or "ssl3" */
uint64_t stream_bytes_in(const stream *s), stream_bytes_out(const stream *s); /* plain text, both ways */

loop *stream_loop(const stream *s);
handle stream_handle(const stream *s);
stream *stream_find(loop *l, handle h); /* NULL when it has gone */

#define STREAM_MAX_KEEP  ((size_t)1 << 21) /* a frame of 1 MiB and then some */
#define STREAM_MAX_QUEUE ((size_t)4 << 20)
#define STREAM_SLOW_US   ((int64_t)30 * 1000000)

#endif
