/* stream_out.c: what a stream sends: collected during the turn, one write at its end.
 *
 * The idea: an out_queue is one buffer of copied bytes and a list of segments, each either a run of that buffer or a
 * reference to a shared body. Queues come from a small pool of the loop, so that an idle stream has none. At the end of
 * the turn the queue is handed to writev at once; only when the kernel does not take all of it does libuv get the
 * rest, queue and all, and the stream collects into a new one meanwhile.
 *
 * Filtered streams run the collected plain bytes through the filter just before the write, into a scratch buffer of
 * the loop. What the filter says by itself (handshake, alerts) was made earlier and therefore leaves first. */
#include "base/check.h"
#include "base/clock.h"
#include "net/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SPARE_QUEUES 64
#define SPARE_BYTES  (16 * 1024)
#define COPY_BODY    2048 /* a body up to this is copied: cheaper than one more piece */
#define FLUSH_IOV    64

typedef struct segment {
    shared *body; /* NULL: the next n bytes of the queue's copied ones */
    size_t n;
} segment;

typedef struct out_queue {
    struct out_queue *next_spare;
    buf copied, raw; /* raw: made by the filter, leaves first */
    segment *segments;
    size_t count, room, total; /* total: plain bytes of all segments */
} out_queue;

struct write_job {
    uv_write_t uv;
    stream *s;
    out_queue *queue; /* plain: the pieces point into it. NULL: `wire` holds the bytes */
    buf wire;
    uv_buf_t buffers[];
};

static out_queue *queue_get(loop *l) {
    out_queue *q = l->spare_queues;
    if (!q) return calloc(1, sizeof *q);
    l->spare_queues = q->next_spare;
    l->spare_count--;
    return q;
}

static void queue_clear(out_queue *q) {
    for (size_t i = 0; i < q->count; i++) shared_drop(q->segments[i].body);
    q->count = q->total = 0;
    buf_clear(&q->copied);
    buf_clear(&q->raw);
}

static void queue_free(out_queue *q) {
    queue_clear(q);
    buf_free(&q->copied);
    buf_free(&q->raw);
    free(q->segments);
    free(q);
}

static void queue_put_back(loop *l, out_queue *q) {
    if (!q) return;
    if (l->spare_count >= SPARE_QUEUES || q->copied.cap > SPARE_BYTES || q->raw.cap > SPARE_BYTES || q->room > 256) {
        queue_free(q);
        return;
    }
    queue_clear(q);
    q->next_spare = l->spare_queues;
    l->spare_queues = q;
    l->spare_count++;
}

void out_queues_free(loop *l) {
    while (l->spare_queues) {
        out_queue *q = l->spare_queues;
        l->spare_queues = q->next_spare;
        queue_free(q);
    }
}

void stream_drop_output(stream *s) {
    if (s->out) queue_free(s->out);
    s->out = NULL;
}

static size_t kernel_rest(const stream *s) {
    return s->writing ? uv_stream_get_write_queue_size((const uv_stream_t *)&s->tcp) : 0;
}

size_t stream_queued(const stream *s) { return (s->out ? s->out->total + s->out->raw.n : 0) + kernel_rest(s); }

bool stream_has_output(const stream *s) { return s->writing || s->out; }

static bool add_segment(out_queue *q, shared *body, size_t n) {
    if (!body && q->count && !q->segments[q->count - 1].body) {
        q->segments[q->count - 1].n += n;
        q->total += n;
        return true;
    }
    if (q->count == q->room) {
        size_t room = q->room ? q->room * 2 : 8;
        segment *more = realloc(q->segments, room * sizeof *more);
        if (!more) return false;
        q->segments = more;
        q->room = room;
    }
    q->segments[q->count++] = (segment){body ? shared_hold(body) : NULL, n};
    q->total += n;
    return true;
}

/* The queue to collect n more bytes in, or NULL: the stream is closing, or has just been closed for its size. A queue
 * that is only long because this turn was long gets one chance to leave early. */
static out_queue *room_for(stream *s, size_t n) {
    if (s->state != STREAM_OPEN || !n) return NULL;
    size_t queued = stream_queued(s);
    if (queued && queued + n > s->max_queue) {
        stream_flush(s);
        queued = stream_queued(s);
        if (s->state != STREAM_OPEN) return NULL;
        if (queued && queued + n > s->max_queue) {
            stream_abort(s, E_SLOW_PEER);
            return NULL;
        }
    }
    if (!s->out && !(s->out = queue_get(s->loop)))
        stream_abort(s, E_MEMORY);
    else
        stream_turn_later(s);
    return s->out;
}

void stream_write(stream *s, bytes data) {
    out_queue *q = room_for(s, data.n);
    if (!q) return;
    buf_put(&q->copied, data.p, data.n);
    if (q->copied.failed || !add_segment(q, NULL, data.n)) stream_abort(s, E_MEMORY);
}

void stream_write_shared(stream *s, bytes header, shared *body) {
    out_queue *q = room_for(s, header.n + body->n);
    if (!q) return;
    bool copy = body->n <= COPY_BODY;
    if (header.n) buf_put(&q->copied, header.p, header.n);
    if (copy && body->n) buf_put(&q->copied, body->p, body->n);
    size_t copied = header.n + (copy ? body->n : 0);
    if (q->copied.failed || (copied && !add_segment(q, NULL, copied)) || (!copy && !add_segment(q, body, body->n)))
        stream_abort(s, E_MEMORY);
}

void stream_put_raw(stream *s, bytes wire) {
    if (s->state >= STREAM_LINGERING) return;
    if (!s->out && !(s->out = queue_get(s->loop))) {
        stream_abort(s, E_MEMORY);
        return;
    }
    buf_put(&s->out->raw, wire.p, wire.n);
    if (s->out->raw.failed)
        stream_abort(s, E_MEMORY);
    else
        stream_turn_later(s);
}

/* Lists the pieces of q that follow the first `skip` bytes; *count says how many there are in all, `list` has room for
 * `room` of them. */
static size_t list_pieces(const out_queue *q, size_t skip, uv_buf_t *list, size_t room) {
    size_t count = 0, at = 0;
    for (size_t i = 0; i < q->count; i++) {
        segment g = q->segments[i];
        const uint8_t *p = g.body ? g.body->p : q->copied.p + at;
        if (!g.body) at += g.n;
        if (skip >= g.n) {
            skip -= g.n;
            continue;
        }
        if (count < room) list[count] = uv_buf_init((char *)p + skip, (unsigned)(g.n - skip));
        count++;
        skip = 0;
    }
    return count;
}

static void wrote(stream *s, size_t n) {
    s->loop->tally_writes++;
    s->loop->tally_out += (int64_t)n;
}

static void job_free(write_job *j) {
    if (j->queue) queue_put_back(j->s->loop, j->queue);
    buf_free(&j->wire);
    free(j);
}

static void job_done(uv_write_t *w, int status) {
    write_job *j = (write_job *)w;
    stream *s = j->s;
    s->writing = NULL;
    job_free(j);
    if (s->state > STREAM_CLOSING) return;
    if (status < 0) {
        stream_abort(s, status == UV_ETIMEDOUT ? E_TIMEOUT : E_CLOSED);
        return;
    }
    stream_flush(s);
    stream_turn_later(s); /* `drained`, or the next step of closing */
}

/* Gives libuv what the kernel did not take: the pieces of q after `skip`, or the bytes of wire after `skip`. */
static void queue_rest(stream *s, out_queue *q, buf *wire, size_t skip) {
    size_t count = q ? list_pieces(q, skip, NULL, 0) : 1;
    write_job *j = calloc(1, sizeof *j + count * sizeof j->buffers[0]);
    if (!j) goto fail;
    j->s = s;
    if (q) {
        list_pieces(q, skip, j->buffers, count);
    } else {
        buf_put(&j->wire, wire->p + skip, wire->n - skip);
        if (j->wire.failed) goto fail;
        j->buffers[0] = uv_buf_init((char *)j->wire.p, (unsigned)j->wire.n);
    }
    counter_add(COUNTER_NET_WRITES_PARTIAL, 1);
    if (uv_write(&j->uv, (uv_stream_t *)&s->tcp, j->buffers, (unsigned)count, job_done) < 0) goto fail;
    j->queue = q;
    s->writing = j;
    s->had_rest = true;
    s->slow_queued = kernel_rest(s);
    s->slow_at_us = clock_mono_us() + s->slow_us;
    stream_arm(s);
    return;
fail:
    if (j) buf_free(&j->wire);
    free(j);
    queue_put_back(s->loop, q);
    stream_abort(s, E_IO);
}

/* One piece, which is nearly every write: send goes straight to the socket, where write passes the file layer first. */
static int send_one(stream *s, const uv_buf_t *piece) {
    uv_os_fd_t fd;
    int rc = uv_fileno((uv_handle_t *)&s->tcp, &fd);
    if (rc < 0) return rc;
    ssize_t n;
    do n = send(fd, piece->base, piece->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0) return (int)n;
    return errno == EWOULDBLOCK || errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
}

/* Bytes taken at once, 0 where the socket is full, negative where it is broken. */
static ssize_t try_write(stream *s, uv_buf_t *list, size_t count) {
    int n = count == 1 ? send_one(s, list) : uv_try_write((uv_stream_t *)&s->tcp, list, (unsigned)count);
    if (n == UV_EAGAIN) return 0;
    if (n < 0) {
        fault why;
        fault_set(&why, n == UV_ETIMEDOUT ? E_TIMEOUT : E_CLOSED, "connection lost: %s", uv_strerror(n));
        if (!s->why && (s->why = malloc(sizeof why))) *s->why = why;
        stream_abort(s, why.code);
    } else {
        wrote(s, (size_t)n);
    }
    return n;
}

static void flush_plain(stream *s, out_queue *q) {
    uv_buf_t some[FLUSH_IOV];
    size_t done = 0;
    while (done < q->total) {
        size_t count = list_pieces(q, done, some, FLUSH_IOV), offered = 0;
        if (count > FLUSH_IOV) count = FLUSH_IOV;
        for (size_t i = 0; i < count; i++) offered += some[i].len;
        ssize_t n = try_write(s, some, count);
        if (n < 0) {
            queue_put_back(s->loop, q);
            return;
        }
        done += (size_t)n;
        if ((size_t)n < offered) {
            queue_rest(s, q, NULL, done);
            return;
        }
    }
    queue_put_back(s->loop, q);
}

/* Encrypts q into wire, with the goodbye when the stream is closing. */
static int encrypt(stream *s, out_queue *q, buf *wire, fault *why) {
    if (q && q->raw.n) buf_put(wire, q->raw.p, q->raw.n);
    size_t at = 0;
    int rc = 0;
    bool can = !s->failed_filter && s->filter->ops->open(s->filter); /* closed before it opened: nothing to say */
    for (size_t i = 0; q && i < q->count && rc >= 0 && can; i++) {
        segment g = q->segments[i];
        const uint8_t *p = g.body ? g.body->p : q->copied.p + at;
        if (!g.body) at += g.n;
        rc = s->filter->ops->write(s->filter, (bytes){p, g.n}, wire, why);
    }
    if (s->state == STREAM_CLOSING && !s->failed_filter && !s->close_sent) {
        s->close_sent = true;
        s->filter->ops->close(s->filter, wire);
    }
    return rc < 0 ? rc : wire->failed ? fault_set(why, E_MEMORY, "out of memory while encrypting") : 0;
}

static void flush_filtered(stream *s, out_queue *q) {
    loop *l = s->loop;
    buf wire = l->wire;
    l->wire = (buf){0};
    fault why = {0};
    int rc = encrypt(s, q, &wire, &why);
    queue_put_back(l, q);
    if (rc < 0) {
        if (!s->why && (s->why = malloc(sizeof why))) *s->why = why;
        stream_abort(s, rc);
    } else if (wire.n) {
        uv_buf_t all = uv_buf_init((char *)wire.p, (unsigned)wire.n);
        ssize_t n = try_write(s, &all, 1);
        if (n >= 0 && (size_t)n < wire.n) queue_rest(s, NULL, &wire, (size_t)n);
    }
    buf_clear(&wire);
    if (wire.cap > 4 * LOOP_SCRATCH) buf_free(&wire);
    if (l->wire.p) buf_free(&l->wire);
    l->wire = wire;
}

/* Plain data written before the handshake is done waits for it. */
static bool held_by_handshake(const stream *s, const out_queue *q) {
    return s->filter && q->count && !s->failed_filter && !s->filter->ops->open(s->filter);
}

void stream_flush(stream *s) {
    if (s->writing || s->state > STREAM_CLOSING) return;
    out_queue *q = s->out;
    bool goodbye = s->filter && s->state == STREAM_CLOSING && !s->failed_filter && !s->close_sent;
    if (q && held_by_handshake(s, q) && s->state == STREAM_OPEN) {
        if (!q->raw.n) return;
        out_queue *first = queue_get(s->loop); /* only the handshake's own bytes leave now */
        if (!first) return stream_abort(s, E_MEMORY);
        buf raw = first->raw;
        first->raw = q->raw;
        q->raw = raw;
        q = first;
    } else {
        s->out = NULL;
    }
    if (q && (q->count || q->raw.n)) {
        s->bytes_out += q->total;
        if (s->filter)
            flush_filtered(s, q);
        else
            flush_plain(s, q);
    } else {
        if (q) queue_put_back(s->loop, q);
        if (goodbye) flush_filtered(s, NULL);
    }
    stream_read_state(s);
    if (!s->writing && !s->out) {
        s->slow_at_us = 0;
        if (s->had_rest && s->state == STREAM_OPEN) {
            s->had_rest = false;
            if (s->handler && s->handler->drained) s->handler->drained(s->ctx, s);
        }
    }
}
