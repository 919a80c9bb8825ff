/* client_link.c: the connection under mu.client. */
#include "bind/client_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX (16u << 20) /* outbound cap of reference 01 §2.7 */

typedef struct waiter {
    struct waiter *next;
    uint32_t number;
    task_token token;
    client_push push;
} waiter;

struct client_link {
    loop *loop;
    engine *engine;
    stream *stream; /* NULL once closed */
    uint32_t next_number;
    waiter *waiters;
    client_frame *first, **last;
    size_t queued;
    bool receiving;
    task_token receiver;
    client_push receiver_push;
    loop_timer receiver_timer;
    fault why;
    void (*opened)(void *ctx, client_link *link, const fault *why); /* NULL once said */
    void *opened_ctx;
};

/* ---- waking ---- */

static void wake(client_link *c, task_token token, client_push push, client_frame *frame) {
    task_wake(c->engine, token, push, frame, free);
}

static bool wake_receiver(client_link *c, client_frame *frame) {
    if (!c->receiving) return false;
    c->receiving = false;
    loop_timer_stop(&c->receiver_timer);
    wake(c, c->receiver, c->receiver_push, frame);
    return true;
}

static void receiver_late(void *ctx) { wake_receiver(ctx, NULL); }

static void wake_all(client_link *c) {
    for (waiter *w = c->waiters, *next; w; w = next) {
        next = w->next;
        wake(c, w->token, w->push, NULL);
        free(w);
    }
    c->waiters = NULL;
    wake_receiver(c, NULL);
}

/* ---- frames in ---- */

static void deliver(client_link *c, client_frame *frame) {
    bool answer = frame->header.type == FIRE_RESPONSE || frame->header.type == FIRE_ERROR;
    for (waiter **at = &c->waiters; answer && *at; at = &(*at)->next) {
        waiter *w = *at;
        if (w->number != frame->header.number) continue;
        *at = w->next;
        wake(c, w->token, w->push, frame);
        free(w);
        return;
    }
    if (wake_receiver(c, frame)) return;
    *c->last = frame;
    c->last = &frame->next;
    c->queued += sizeof *frame + frame->header.body_length;
    if (c->queued > CLIENT_QUEUE_BYTES) {
        fault f;
        fault_set(&f, E_LIMIT, "more than %zu bytes of messages wait for client:receive", CLIENT_QUEUE_BYTES);
        stream_close_why(c->stream, &f);
    }
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    client_link *c = ctx;
    size_t used = 0;
    while (used < in.n) {
        fire_header h;
        fault f;
        bytes rest = {in.p + used, in.n - used};
        int n = fire_parse(rest, FRAME_MAX, &h, &f);
        if (n == E_INCOMPLETE || (n > 0 && rest.n - (size_t)n < h.body_length)) break;
        client_frame *frame = n < 0 ? NULL : malloc(sizeof *frame + h.body_length);
        if (!frame) {
            if (n > 0) fault_set(&f, E_MEMORY, "no memory for a frame of %u bytes", (unsigned)h.body_length);
            stream_close_why(s, &f);
            return in.n;
        }
        frame->next = NULL;
        frame->header = h;
        memcpy(frame->body, rest.p + n, h.body_length);
        used += (size_t)n + h.body_length;
        deliver(c, frame);
    }
    return used;
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    client_link *c = ctx;
    c->stream = NULL;
    c->why = *why;
    wake_all(c);
}

static const stream_handler handler = {.data = on_data, .closed = on_closed};

/* ---- opening ---- */

static void connected(client_link *c, stream *s, const fault *why) {
    if (s) {
        c->stream = s;
        stream_set_handler(s, &handler, c);
        stream_set_limits(s, FRAME_MAX + FIRE_HEADER_MAX, 0, 0);
        c->opened(c->opened_ctx, c, NULL);
    } else {
        c->opened(c->opened_ctx, NULL, why);
        client_link_free(c);
    }
}

static void on_connected(void *ctx, stream *s, const fault *why) { connected(ctx, s, why); }

static void on_answer(void *ctx, const http_answer *a, const fault *why) {
    fault f;
    if (!why && !a->upgraded) {
        fault_set(&f, E_PROTOCOL, "the server answered the upgrade with %d %s", a->status, http_status_text(a->status));
        why = &f;
    }
    connected(ctx, why ? NULL : a->upgraded, why);
}

int client_link_open(loop *l, engine *e, const client_link_options *how,
                     void (*opened)(void *ctx, client_link *link, const fault *why), void *ctx, fault *f) {
    client_link *c = calloc(1, sizeof *c);
    if (!c) return fault_set(f, E_MEMORY, "no memory to connect");
    *c = (client_link){.loop = l, .engine = e, .opened = opened, .opened_ctx = ctx};
    c->last = &c->first;
    connect_config to = {.host = how->host, .port = how->port, .filter = how->filter};
    int code;
    if (how->upgrade) {
        http_exchange x = {.to = to,
                           .target = how->path,
                           .headers = how->headers,
                           .header_count = how->header_count,
                           .upgrade = "blaze"};
        code = http_fetch(l, &x, on_answer, c);
    } else
        code = stream_connect(l, &to, on_connected, c);
    if (code < 0) {
        free(c);
        return fault_set(f, code, "no connection to %s:%u (%s)", how->host, how->port, fault_name(code));
    }
    return 0;
}

static size_t drop_data(void *ctx, stream *s, bytes in) { return in.n; }
static void drop_closed(void *ctx, stream *s, const fault *why) {}

void client_link_free(client_link *c) {
    if (c->stream) {
        static const stream_handler nobody = {.data = drop_data, .closed = drop_closed};
        stream_set_handler(c->stream, &nobody, NULL);
        stream_close(c->stream, 0);
    }
    wake_all(c);
    for (client_frame *frame; (frame = client_link_take(c));) free(frame);
    free(c);
}

/* ---- out ---- */

uint32_t client_link_send(client_link *c, fire_header *h, bytes body) {
    uint8_t head[FIRE_HEADER_MAX];
    h->number = c->next_number;
    c->next_number = (c->next_number + 1) & FIRE_NUMBER_MAX;
    h->body_length = (uint32_t)body.n;
    if (c->stream) {
        stream_write(c->stream, (bytes){head, fire_write_header(head, h)});
        if (body.n) stream_write(c->stream, body);
    }
    return h->number;
}

void client_link_raw(client_link *c, bytes data) {
    if (c->stream) stream_write(c->stream, data);
}

void client_link_close(client_link *c) {
    if (c->stream) stream_close(c->stream, 0);
}

/* ---- waiting ---- */

int client_link_await(client_link *c, uint32_t number, task_token token, client_push push) {
    waiter *w = malloc(sizeof *w);
    if (!w) return E_MEMORY;
    *w = (waiter){.next = c->waiters, .number = number, .token = token, .push = push};
    c->waiters = w;
    return 0;
}

int client_link_receive(client_link *c, task_token token, client_push push, int64_t limit_us) {
    if (c->receiving) return E_BUSY;
    int code = loop_timer_start(c->loop, &c->receiver_timer, limit_us, 0, receiver_late, c);
    if (code < 0) return code;
    c->receiving = true;
    c->receiver = token;
    c->receiver_push = push;
    return 0;
}

client_frame *client_link_take(client_link *c) {
    client_frame *frame = c->first;
    if (!frame) return NULL;
    c->first = frame->next;
    if (!c->first) c->last = &c->first;
    c->queued -= sizeof *frame + frame->header.body_length;
    return frame;
}

bool client_link_closed(const client_link *c) { return !c->stream; }
bool client_link_waiting(const client_link *c) { return c->first != NULL; }
const char *client_link_reason(const client_link *c) { return c->why.text; }
