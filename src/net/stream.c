/* stream.c: the life of a connection: how bytes come in, how it ends. What goes out is in stream_out.c.
 *
 * The idea: a state that only goes forward (open, closing, lingering, gone) and one function, `turn`, that runs at the
 * end of the loop's turn and does everything that must not happen in the middle of somebody's call: redeliver kept
 * bytes, write, tell `closed`. An idle stream owns its struct and nothing else.
 *
 * Closing in order: what is queued leaves, our direction is shut down, `closed` is told, and then the socket lingers
 * for at most two seconds and throws away what the peer still sends: closing at once with unread input would make the
 * kernel send a reset, which may destroy the last reply on its way (an HTTP 413 above all). */
#include "base/check.h"
#include "base/clock.h"
#include "base/malformed.h"
#include "net/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CLOSE_US  ((int64_t)5 * 1000000) /* to send what is queued */
#define LINGER_US ((int64_t)2 * 1000000) /* to let the peer read it and close */
#define READ_STOP ((size_t)256 * 1024)   /* more than this queued: read no more requests (reference 05 A.11, 12) */

static void turn(void *ctx);
static void on_timer(void *ctx);

stream *stream_new(loop *l) {
    stream *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->id = slab_add(&l->streams);
    if (!s->id.generation || uv_tcp_init(&l->uv, &s->tcp) < 0) {
        if (s->id.generation) slab_remove(&l->streams, s->id);
        free(s);
        return NULL;
    }
    *(stream **)slab_get(&l->streams, s->id) = s;
    s->loop = l;
    s->tcp.data = s;
    s->turn.fn = turn;
    s->turn.ctx = s;
    s->max_keep = STREAM_MAX_KEEP;
    s->max_queue = STREAM_MAX_QUEUE;
    s->slow_us = STREAM_SLOW_US;
    s->next = l->first_stream;
    if (s->next) s->next->previous = s;
    l->first_stream = s;
    counter_add(COUNTER_NET_OPEN, 1);
    return s;
}

int stream_adopt(stream *s, int fd, const struct sockaddr *peer) {
    if (uv_tcp_open(&s->tcp, fd) < 0) return E_SYSTEM;
    net_address_set(&s->peer, peer);
    stream_start(s);
    return 0;
}

static void on_freed(uv_handle_t *h) {
    stream *s = h->data;
    loop_turn_cancel(s->loop, &s->turn);
    loop_timer_stop(&s->timer);
    stream_drop_output(s);
    if (s->filter) s->filter->ops->free(s->filter);
    if (s->origin) s->origin->connections--;
    origin_drop(s->origin);
    buf_free(&s->keep);
    free(s->why);
    if (s->previous)
        s->previous->next = s->next;
    else
        s->loop->first_stream = s->next;
    if (s->next) s->next->previous = s->previous;
    counter_add(COUNTER_NET_OPEN, -1);
    free(s);
}

/* -- reading ------------------------------------------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b) {
    loop *l = ((stream *)h->data)->loop;
    *b = uv_buf_init((char *)l->scratch, sizeof l->scratch);
}

static void input_ended(stream *s) {
    if (!s->eof || s->eof_told || s->paused || s->state != STREAM_OPEN) return;
    s->eof_told = true;
    if (s->handler && s->handler->ended)
        s->handler->ended(s->ctx, s);
    else
        stream_close(s, E_CLOSED);
}

static void on_read(uv_stream_t *u, ssize_t n, const uv_buf_t *b) {
    stream *s = u->data;
    if (n == 0) return;
    if (s->state == STREAM_LINGERING) {
        if (n < 0) stream_abort(s, 0);
        return;
    }
    if (n == UV_EOF) {
        fault why = {0};
        s->eof = true;
        stream_read_state(s);
        int rc = s->filter ? s->filter->ops->end(s->filter, &why) : 0;
        if (rc < 0)
            s->failed_filter = true, stream_close_why(s, &why);
        else
            input_ended(s);
        return;
    }
    if (n < 0) {
        fault why;
        fault_set(&why,
                  n == UV_ETIMEDOUT    ? E_TIMEOUT
                  : n == UV_ECONNRESET ? E_CLOSED
                                       : E_IO,
                  "connection lost: %s", uv_strerror((int)n));
        if (!s->why && (s->why = malloc(sizeof why))) *s->why = why;
        stream_abort(s, why.code);
        return;
    }
    s->loop->tally_in += n;
    stream_wire_in(s, (bytes){(const uint8_t *)b->base, (size_t)n});
}

/* Reads exactly while somebody wants the bytes: not paused, not flooded by its own replies, not ended. A pause takes
 * effect when something has come meanwhile: most are over before, and stopping and starting costs two system calls. */
void stream_read_state(stream *s) {
    bool wait = s->paused && s->keep.n > 0;
    bool want = (s->state == STREAM_OPEN && !wait && !s->eof && stream_queued(s) <= READ_STOP) ||
                (s->state == STREAM_LINGERING);
    if (want == s->reading) return;
    s->reading = want;
    if (!want)
        uv_read_stop((uv_stream_t *)&s->tcp);
    else if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) < 0)
        s->reading = false, stream_abort(s, E_IO);
}

void stream_start(stream *s) { stream_read_state(s); }

static void keep(stream *s, bytes more) {
    if (!more.n) return;
    if (s->keep.n + more.n > s->max_keep) {
        counter_add(COUNTER_NET_INPUT_LIMIT, 1);
        stream_close(s, E_LIMIT);
        return;
    }
    buf_put(&s->keep, more.p, more.n);
    if (s->keep.failed) stream_abort(s, E_MEMORY);
    if (s->paused) stream_read_state(s);
}

/* Gives the plain bytes `in`, behind what was kept, to the handler; again where it handed over to another one. */
static void deliver(stream *s, bytes in) {
    for (;;) {
        if (s->state != STREAM_OPEN) return;
        if (s->paused || !s->handler) return keep(s, in);
        bool kept = s->keep.n > 0;
        if (kept) {
            keep(s, in);
            if (s->state != STREAM_OPEN) return;
            in = buf_bytes(&s->keep);
        }
        if (!in.n) return;
        s->in_data = true, s->handler_changed = s->refilter = false;
        size_t used = s->handler->data(s->ctx, s, in);
        s->in_data = false;
        require(used <= in.n);
        bytes rest = {in.p + used, in.n - used};
        if (s->state != STREAM_OPEN) return;
        if (s->refilter) { /* what is left was wire bytes: through the new filter with them */
            buf moved = s->keep;
            s->keep = (buf){0};
            stream_wire_in(s, rest);
            if (kept) buf_free(&moved);
            return;
        }
        if (kept)
            buf_drop(&s->keep, used);
        else
            keep(s, rest);
        if (!s->keep.n) buf_free(&s->keep);
        if (!s->handler_changed || !s->keep.n) return;
        in = (bytes){0};
    }
}

static void tell_ready(stream *s) {
    filter *f = s->filter;
    if (!f->ready || f->ready_told || !f->ops->open(f)) return;
    f->ready_told = true;
    f->ready(s->ctx, s);
}

/* What a handshake or a record brought that cannot be: bytes of the wire, so there is nothing in them to hide. */
static void note_malformed(const stream *s, bytes in, const fault *why) {
    malformed m = {.decoder = s->filter->ops->name, .code = why->code, .offset = -1, .size = in.n};
    snprintf(m.peer, sizeof m.peer, "%s", stream_peer(s));
    snprintf(m.door, sizeof m.door, "%s", stream_listener_name(s));
    snprintf(m.text, sizeof m.text, "%.200s", why->text);
    malformed_add(&m, in);
}

void stream_wire_in(stream *s, bytes in) {
    if (!s->filter) {
        s->bytes_in += in.n;
        deliver(s, in);
        return;
    }
    loop *l = s->loop;
    buf plain = l->plain, wire = l->wire; /* taken, so that a nested use gets fresh ones */
    l->plain = l->wire = (buf){0};
    fault why = {0};
    int rc = s->filter->ops->feed(s->filter, in, &plain, &wire, &why);
    if (wire.n) stream_put_raw(s, buf_bytes(&wire));
    if (rc < 0) s->failed_filter = true;
    if (rc < 0 && why.code != E_MEMORY) note_malformed(s, in, &why);
    tell_ready(s);
    if (s->out) stream_turn_later(s); /* what waited for the handshake */
    if (plain.n) s->bytes_in += plain.n, deliver(s, buf_bytes(&plain));
    if (s->state == STREAM_OPEN) {
        if (rc < 0) {
            if (!s->filter->ops->open(s->filter)) counter_add(COUNTER_NET_HANDSHAKE_FAILED, 1);
            stream_close_why(s, &why);
        } else if (s->filter->ops->ended(s->filter)) {
            s->eof = true;
            stream_read_state(s);
            input_ended(s);
        }
    }
    buf_clear(&plain), buf_clear(&wire);
    if (plain.cap > 4 * LOOP_SCRATCH) buf_free(&plain);
    if (wire.cap > 4 * LOOP_SCRATCH) buf_free(&wire);
    if (l->plain.p) buf_free(&l->plain);
    if (l->wire.p) buf_free(&l->wire);
    l->plain = plain, l->wire = wire;
}

void stream_set_filter(stream *s, filter *f) {
    s->filter = f;
    s->refilter = true;
    s->bytes_in = 0;
}

void stream_set_handler(stream *s, const stream_handler *handler, void *ctx) {
    s->handler = handler;
    s->ctx = ctx;
    s->handler_changed = true;
    if (!s->in_data && s->keep.n) s->redeliver = true, stream_turn_later(s);
    if (s->eof && s->state == STREAM_OPEN) s->eof_told = false, stream_turn_later(s);
}

void stream_pause(stream *s) {
    s->paused = true;
    stream_read_state(s);
}

void stream_resume(stream *s) {
    if (!s->paused) return;
    s->paused = false;
    stream_read_state(s);
    s->redeliver = true;
    stream_turn_later(s);
}

/* -- ending ------------------------------------------------------------------------------------------------------- */

static const char *why_text(int code) {
    switch (code) {
    case 0: return "closed by this side";
    case E_CLOSED: return "closed by the peer";
    case E_TIMEOUT: return "timed out";
    case E_SLOW_PEER: return "the peer did not take what was sent to it";
    case E_LIMIT: return "more input than allowed";
    case E_CANCELLED: return "closed because the server stops";
    case E_PROTOCOL: return "the peer broke the protocol";
    default: return fault_name(code);
    }
}

static void remember(stream *s, const fault *why) {
    if (s->why) return; /* the first reason is the one that counts */
    s->why = malloc(sizeof *s->why);
    if (s->why) *s->why = *why;
    if (why->code == E_SLOW_PEER) counter_add(COUNTER_NET_SLOW_PEERS, 1);
}

void stream_close_why(stream *s, const fault *why) {
    if (s->state != STREAM_OPEN) return;
    remember(s, why);
    s->state = STREAM_CLOSING;
    s->close_by_us = clock_mono_us() + CLOSE_US;
    stream_read_state(s);
    stream_arm(s);
    stream_turn_later(s);
}

void stream_close(stream *s, int code) {
    fault why;
    fault_set(&why, code, "%s", why_text(code));
    stream_close_why(s, &why);
}

void stream_abort(stream *s, int code) {
    if (s->state >= STREAM_ABORTED) return;
    fault why;
    fault_set(&why, code, "%s", why_text(code));
    remember(s, &why);
    s->state = STREAM_ABORTED;
    stream_read_state(s);
    stream_turn_later(s);
}

bool stream_is_closing(const stream *s) { return s->state != STREAM_OPEN; }

static void tell_closed(stream *s) {
    if (s->told) return;
    s->told = true;
    fault none = {.code = E_MEMORY, .text = "out of memory"};
    const stream_handler *h = s->handler;
    s->handler = NULL;
    slab_remove(&s->loop->streams, s->id);
    if (h && h->closed) h->closed(s->ctx, s, s->why ? s->why : &none);
}

static void finish(stream *s) {
    int fd;
    buf_free(&s->keep);
    if (!s->eof && !s->loop->freeing && uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0 && shutdown(fd, SHUT_WR) == 0) {
        s->state = STREAM_LINGERING;
        s->close_by_us = clock_mono_us() + LINGER_US;
        stream_read_state(s);
        stream_arm(s);
        tell_closed(s);
    } else {
        stream_abort(s, 0);
    }
}

static void turn(void *ctx) {
    stream *s = ctx;
    if (s->state == STREAM_OPEN && s->redeliver) {
        s->redeliver = false;
        if (s->keep.n && !s->paused) deliver(s, (bytes){0});
    }
    if (s->state == STREAM_OPEN) input_ended(s);
    if (s->state <= STREAM_CLOSING) stream_flush(s);
    if (s->state == STREAM_CLOSING && !stream_has_output(s)) finish(s);
    if (s->state == STREAM_ABORTED) {
        s->state = STREAM_GONE;
        tell_closed(s);
        uv_close((uv_handle_t *)&s->tcp, on_freed);
    }
}

void stream_turn_later(stream *s) {
    if (s->state != STREAM_GONE) loop_turn_end(s->loop, &s->turn);
}

/* -- time --------------------------------------------------------------------------------------------------------- */

/* One timer serves three times. It only moves when it has to fire earlier: a deadline that is pushed back at every
 * request then costs nothing, the timer fires once for nothing and sets itself again. */
void stream_arm(stream *s) {
    int64_t at = s->state == STREAM_OPEN ? s->deadline_us : s->close_by_us;
    if (s->slow_at_us && s->state <= STREAM_CLOSING && (!at || s->slow_at_us < at)) at = s->slow_at_us;
    if (!at || (loop_timer_running(&s->timer) && s->timer.due_us <= at)) return;
    if (loop_timer_start(s->loop, &s->timer, at - clock_mono_us(), 0, on_timer, s) < 0) stream_abort(s, E_MEMORY);
}

void stream_set_timeout(stream *s, int64_t delay_us) {
    s->deadline_us = delay_us > 0 ? clock_mono_us() + delay_us : 0;
    stream_arm(s);
}

static void look_at_queue(stream *s, int64_t now) {
    size_t queued = stream_queued(s), moved = s->slow_queued > queued ? s->slow_queued - queued : 0;
    if (queued > 0 && moved < s->slow_queued && moved < 4096) {
        fault why;
        fault_set(&why, E_SLOW_PEER, "the peer took %zu of %zu queued bytes in %lld s", moved, s->slow_queued,
                  (long long)(s->slow_us / 1000000));
        remember(s, &why);
        stream_abort(s, E_SLOW_PEER);
        return;
    }
    s->slow_queued = queued;
    s->slow_at_us = queued ? now + s->slow_us : 0;
}

static void on_timer(void *ctx) {
    stream *s = ctx;
    int64_t now = clock_mono_us();
    if (s->slow_at_us && now >= s->slow_at_us && s->state <= STREAM_CLOSING) look_at_queue(s, now);
    if (s->state == STREAM_OPEN && s->deadline_us && now >= s->deadline_us) {
        s->deadline_us = 0;
        if (s->handler && s->handler->timeout)
            s->handler->timeout(s->ctx, s);
        else
            stream_close(s, E_TIMEOUT);
    } else if ((s->state == STREAM_CLOSING || s->state == STREAM_LINGERING) && now >= s->close_by_us) {
        stream_abort(s, E_TIMEOUT);
    }
    if (s->state <= STREAM_LINGERING) stream_arm(s);
}

void *stream_context(const stream *s) { return s->ctx; }
loop *stream_loop(const stream *s) { return s->loop; }
handle stream_handle(const stream *s) { return s->id; }

stream *stream_find(loop *l, handle h) {
    stream **at = slab_get(&l->streams, h);
    return at ? *at : NULL;
}

void stream_set_limits(stream *s, size_t max_keep, size_t max_queue, int64_t slow_us) {
    if (max_keep) s->max_keep = max_keep;
    if (max_queue) s->max_queue = max_queue;
    if (slow_us) s->slow_us = slow_us;
}

uint64_t stream_bytes_in(const stream *s) { return s->bytes_in; }
uint64_t stream_bytes_out(const stream *s) { return s->bytes_out; }
