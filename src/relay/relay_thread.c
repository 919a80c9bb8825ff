/* relay_thread.c: the thread: wait, take what came, let the router say where it goes, send it, all in batches.
 *
 * Under load it goes from one batch straight to the next; it asks the system to wait only when nothing was there. It
 * never touches Lua, a stream or a lock that somebody holds while he does anything else. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/tunnel.h"
#include "crypto/token.h"
#include "relay/relay_inside.h"

#define BATCHES 32 /* in a row, before timers and other sockets have their turn */

/* ---- out ---- */

static void flush(relay *r) {
    int n = r->sending->count;
    if (n == 0) return;
    int sent = r->sending_fd >= 0 ? datagrams_send(r->sending, r->sending_fd) : 0;
    r->sending->count = 0;
    r->counts.sent += (uint64_t)sent;
    r->counts.unsent += (uint64_t)(n - sent);
}

static bool add(relay *r, const relay_address *to, const uint8_t *p, size_t n) {
    if (r->sending_fd < 0) return false;
    if (r->sending->count == DATAGRAMS) flush(r);
    return datagrams_add(r->sending, to, p, n);
}

static bool send_forward(void *ctx, const relay_address *to, const uint8_t *p, size_t n) { return add(ctx, to, p, n); }

static bool send_reply(void *ctx, const relay_address *to, const uint8_t *p, size_t n) {
    relay *r = ctx;
    if (r->sending->count == DATAGRAMS) flush(r);
    uint8_t *copy = r->room[r->sending->count];
    memcpy(copy, p, n);
    return add(r, to, copy, n);
}

/* ---- to the owner ---- */

static bool deliver(void *ctx, uint64_t link, bytes frame, bytes payload) {
    relay *r = ctx;
    outbox *o = r->out;
    pthread_mutex_lock(&o->lock);
    size_t n = frame.n + payload.n;
    bool room = o->frames.n + n + 12 <= FRAME_BYTES && buf_reserve(&o->frames, n + 12);
    if (room) {
        buf_u64(&o->frames, link);
        buf_u32(&o->frames, (uint32_t)n);
        buf_put(&o->frames, frame.p, frame.n);
        buf_put(&o->frames, payload.p, payload.n);
    }
    pthread_mutex_unlock(&o->lock);
    if (!room) atomic_fetch_add(&r->lost, 1);
    r->told = true;
    return room;
}

static void tell(void *ctx, const router_event *e) {
    relay *r = ctx;
    outbox *o = r->out;
    pthread_mutex_lock(&o->lock);
    if (o->event_count == o->event_room) {
        size_t room = o->event_room ? o->event_room * 2 : 16;
        router_event *more = room <= EVENTS_MAX ? realloc(o->events, room * sizeof *more) : NULL;
        if (more) o->events = more, o->event_room = room;
    }
    if (o->event_count < o->event_room) o->events[o->event_count++] = *e;
    pthread_mutex_unlock(&o->lock);
    r->told = true;
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static bool check(void *ctx, bytes token, uint8_t uuid[ROUTER_UUID]) {
    const relay *r = ctx;
    char text[TOKEN_UUID_CHARS + 1];
    if (!r->o.secret || token_read_association(r->o.secret, (const char *)token.p, token.n, text) < 0) return false;
    for (int i = 0, n = 0; n < ROUTER_UUID; i += 2) {
        if (text[i] == '-') i++;
        uuid[n++] = (uint8_t)(digit(text[i]) << 4 | digit(text[i + 1]));
    }
    return true;
}

/* ---- commands ---- */

static void serve(relay *r, enum relay_port which, int fd) {
    flush(r);
    if (r->ports[which] >= 0) close(r->ports[which]);
    r->ports[which] = fd;
    if (which != RELAY_TUNNEL) return;
    relay_address a;
    socklen_t length = sizeof a;
    r->sending_fd = fd;
    r->family = fd >= 0 && getsockname(fd, &a.any, &length) == 0 ? a.any.sa_family : AF_INET;
}

static void run_report(relay *r, command *c, int64_t now) {
    router_report_on(r->router, c->report.uuid, &c->report.report);
    c->report.now_us = now;
    pthread_mutex_lock(&r->out->lock);
    command_add(&r->out->reports, c);
    pthread_mutex_unlock(&r->out->lock);
    r->told = true;
}

/* false: it was the last one. */
static bool run_command(relay *r, command *c, int64_t now) {
    switch (c->kind) {
    case COMMAND_SERVE: serve(r, c->serve.which, c->serve.fd); break;
    case COMMAND_SET: router_set(r->router, c->set.keep_alive_us, c->set.expire_us, c->set.datagrams); break;
    case COMMAND_POOL:
        router_pool(r->router, c->pool.id, (const uint8_t(*)[ROUTER_UUID])c->pool.places, c->pool.count);
        break;
    case COMMAND_WAKE:
        relay_address_fit(&c->wake.to, r->family);
        router_wake(r->router, &c->wake.to, c->wake.id);
        break;
    case COMMAND_OPEN: router_open(r->router, now, c->frame.uuid, c->frame.link); break;
    case COMMAND_FRAME: router_frame(r->router, now, c->frame.link, c->frame.index, c->payload, c->frame.n); break;
    case COMMAND_CLOSE: router_close(r->router, c->frame.link); break;
    case COMMAND_REPORT: break;
    case COMMAND_END: return false;
    }
    return true;
}

static bool run_commands(relay *r, int64_t now) {
    bool more = true;
    pthread_mutex_lock(&r->lock);
    command *first = r->queue.first;
    r->queue = (command_list){0};
    r->queued_bytes = 0;
    atomic_store(&r->waiting, false);
    pthread_mutex_unlock(&r->lock);
    for (command *c = first; c; c = c->next) more &= run_command(r, c, now);
    flush(r); /* what leaves may lie in a command */
    while (first) {
        command *next = first->next;
        if (first->kind == COMMAND_REPORT)
            run_report(r, first, now);
        else
            free(first);
        first = next;
    }
    r->next_tick = now; /* there may be tunnels now */
    return more;
}

/* ---- in ---- */

/* Datagrams taken, or -1: the last command was among them. What the owner asked for before a peer could know and send
 * comes before what the peer sends, so commands are looked for once more between the taking and the routing. */
static int take_tunnel_batch(relay *r, int64_t now) {
    int n = datagrams_receive(r->in, r->ports[RELAY_TUNNEL]);
    if (n > 0 && atomic_load(&r->waiting) && !run_commands(r, now)) return -1;
    r->counts.received += (uint64_t)n;
    for (int i = 0; i < n; i++)
        router_datagram(r->router, now, &r->in->from[i], r->in->data[i], r->in->cut[i] ? 0 : r->in->length[i]);
    flush(r);
    return n;
}

static void take_probes(relay *r, int fd, int64_t now) {
    int n = datagrams_receive(r->in, fd), tunnel = r->sending_fd;
    r->counts.received += (uint64_t)n;
    r->sending_fd = fd;
    for (int i = 0; i < n; i++) {
        const relay_address *from = &r->in->from[i];
        uint8_t *answer = r->room[r->sending->count];
        r->counts.probes++;
        if (!allowance_take(r->probes, relay_address_key(from), now)) {
            r->counts.probes_refused++;
            continue;
        }
        size_t length = qos_answer((bytes){r->in->data[i], r->in->cut[i] ? 0 : r->in->length[i]}, from, answer);
        if (length) add(r, from, answer, length);
    }
    flush(r);
    r->sending_fd = tunnel;
}

/* ---- the loop ---- */

static void publish(relay *r) {
    r->counts.router = *router_count(r->router);
    pthread_mutex_lock(&r->lock);
    r->shared = r->counts;
    pthread_mutex_unlock(&r->lock);
    if (!r->told) return;
    r->told = false;
    relay_post_out(r);
}

/* Whether it may sleep: from here on a command writes into the pipe. */
static bool fall_asleep(relay *r) {
    pthread_mutex_lock(&r->lock);
    r->asleep = !r->queue.first;
    bool may = r->asleep;
    pthread_mutex_unlock(&r->lock);
    return may;
}

static void wait_for_more(relay *r, int64_t now, bool busy) {
    struct pollfd all[RELAY_PORTS + 1] = {{.fd = r->wake[0], .events = POLLIN}};
    for (int i = 0; i < RELAY_PORTS; i++) all[i + 1] = (struct pollfd){.fd = r->ports[i], .events = POLLIN};
    int timeout = -1;
    if (r->next_tick != INT64_MAX) timeout = r->next_tick > now ? (int)((r->next_tick - now + 999) / 1000) : 0;
    if (busy || !fall_asleep(r)) timeout = 0;
    r->counts.wakes++;
    if (poll(all, RELAY_PORTS + 1, timeout) <= 0) return;
    char drain[64];
    if (all[0].revents)
        while (read(r->wake[0], drain, sizeof drain) == (ssize_t)sizeof drain) continue;
    for (int i = RELAY_QOS; i < RELAY_PORTS; i++)
        if (all[i + 1].revents) take_probes(r, r->ports[i], clock_mono_us());
}

static int run_loop(relay *r) {
    for (;;) {
        int64_t now = clock_mono_us();
        int batches = 0, taken = 0;
        if (atomic_load(&r->waiting) && !run_commands(r, now)) return 0;
        while (r->ports[RELAY_TUNNEL] >= 0 && batches < BATCHES && (taken = take_tunnel_batch(r, now)) > 0) {
            batches++;
            now = clock_mono_us();
        }
        if (taken < 0) return 0;
        bool first = r->next_tick == INT64_MAX && router_count(r->router)->tunnels > 0;
        if (now >= r->next_tick || first) {
            r->next_tick = router_tick(r->router, now);
            flush(r);
        }
        publish(r);
        wait_for_more(r, now, batches == BATCHES);
    }
}

bool relay_make_router(relay *r) {
    router_options o = {
        .send = send_forward, .reply = send_reply, .deliver = deliver, .tell = tell, .check = check, .ctx = r};
    r->sending_fd = -1;
    r->family = AF_INET;
    r->router = router_new(&o);
    return r->router != NULL;
}

void *relay_thread(void *ctx) {
    run_loop(ctx);
    return NULL;
}
