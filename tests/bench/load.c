/* load.c: the load generator (load.h): one thread, one epoll loop, no allocation while it measures. Bodies are not
 * looked at but skipped, so that a large reply costs the generator one copy and no more. */
#include "bench/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

typedef struct conn {
    int fd;
    unsigned index;
    uint8_t head[FIRE_HEADER_MAX]; /* the beginning of a header that has not come whole */
    uint32_t head_n;
    uint32_t skip;           /* bytes of a body still to come */
    uint32_t sent, answered; /* message numbers: next to send, next to be answered */
    int64_t due_us;          /* with a pace: when the next request leaves */
    int64_t *sent_us;        /* ring of `depth` */
    buf out;                 /* what the socket did not take */
    bool waits_out, over;
} conn;

typedef struct run {
    const load_plan *plan;
    load_result *result;
    conn *conns;
    int epoll;
    uint8_t *scratch;
    buf batch;
    int64_t now_us;
    uint64_t serial; /* for vary_at */
    bool measuring, draining;
    unsigned open;
} run;

#define SCRATCH  (1u << 18)
#define DRAIN_US 20000000

static void wrong(run *r, const char *what, const fire_header *h) {
    if (r->result->wrongs++ > 0) return;
    snprintf(r->result->wrong, sizeof r->result->wrong, "%s: %s 0x%x/0x%x number %u error 0x%x, %u bytes", what,
             fire_type_name(h->type), h->component, h->command, h->number, h->error, h->body_length);
}

/* ── latencies: 32 buckets an octave from 1 µs on ────────────────────────────────────────────────────────────────── */

static unsigned bucket_of(int64_t us) {
    if (us < 64) return us < 0 ? 0 : (unsigned)us;
    unsigned octave = 63u - (unsigned)__builtin_clzll((unsigned long long)us); /* ≥ 6 */
    unsigned index = 64 + (octave - 6) * 32 + ((unsigned)(us >> (octave - 5)) & 31);
    return index < LATENCY_BUCKETS ? index : LATENCY_BUCKETS - 1;
}

static double bucket_us(unsigned index) {
    if (index < 64) return index;
    unsigned octave = (index - 64) / 32 + 6;
    return (double)(1ull << octave) * (1.0 + ((index - 64) % 32 + 0.5) / 32.0);
}

double load_percentile(const load_result *r, double part) {
    uint64_t total = 0, seen = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) total += r->latency[i];
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += r->latency[i];
        if (total && (double)seen >= part * (double)total) return bucket_us(i);
    }
    return 0;
}

/* ── one connection ──────────────────────────────────────────────────────────────────────────────────────────────── */

static void drop(run *r, conn *c, const char *why) {
    if (c->over) return;
    wrong(r, why, &(fire_header){0});
    c->over = true;
    r->open--;
    epoll_ctl(r->epoll, EPOLL_CTL_DEL, c->fd, NULL);
}

static void watch(run *r, conn *c, bool out) {
    if (c->waits_out == out) return;
    c->waits_out = out;
    struct epoll_event e = {.events = EPOLLIN | (out ? EPOLLOUT : 0u), .data.ptr = c};
    epoll_ctl(r->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void push(run *r, conn *c, const uint8_t *p, size_t n) {
    if (c->out.n > 0) {
        buf_put(&c->out, p, n);
        return;
    }
    ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        drop(r, c, "closed while sending");
        return;
    }
    if (sent < 0) sent = 0;
    if ((size_t)sent < n) {
        buf_put(&c->out, p + sent, n - (size_t)sent);
        watch(r, c, true);
    }
}

static const buf *request_of(const load_plan *p, const conn *c, uint32_t number) {
    return &p->requests[(c->index + (p->in_turn ? number : 0)) % p->request_count];
}

static void send_requests(run *r, conn *c, unsigned count) {
    const load_plan *p = r->plan;
    buf_clear(&r->batch);
    r->batch.n = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t at = r->batch.n;
        const buf *request = request_of(p, c, c->sent);
        buf_put(&r->batch, request->p, request->n);
        wire_number(r->batch.p + at, c->sent);
        if (p->vary_at && (!p->vary_only || p->vary_only == request)) {
            char digits[9];
            snprintf(digits, sizeof digits, "%08u", (unsigned)(r->serial++ % 100000000u));
            memcpy(r->batch.p + at + p->vary_at, digits, 8);
        }
        c->sent_us[c->sent % p->depth] = r->now_us;
        c->sent = (c->sent + 1) & FIRE_NUMBER_MAX;
    }
    push(r, c, r->batch.p, r->batch.n);
}

/* One whole header has come. Returns 1 when it answers a request of ours. */
static unsigned on_header(run *r, conn *c, const fire_header *h) {
    const load_plan *p = r->plan;
    if (h->type == FIRE_NOTIFY) return 0;
    const buf *request = request_of(p, c, c->answered);
    uint16_t component = load_u16(request->p + 2), command = load_u16(request->p + 4);
    if (h->type != FIRE_RESPONSE)
        wrong(r, "not a response", h);
    else if (h->number != c->answered)
        wrong(r, "out of order", h);
    else if (h->component != component || h->command != command)
        wrong(r, "not what was asked", h);
    else if (p->body_length && h->body_length != p->body_length)
        wrong(r, "of another length", h);
    if (r->measuring) {
        int64_t us = r->now_us - c->sent_us[c->answered % p->depth];
        r->result->latency[bucket_of(us)]++;
        r->result->replies++;
        if ((double)us > r->result->longest_us) r->result->longest_us = (double)us;
    }
    c->answered = (c->answered + 1) & FIRE_NUMBER_MAX;
    return 1;
}

/* Walks what has come; returns the number of replies in it. */
static unsigned walk(run *r, conn *c, const uint8_t *p, size_t n) {
    unsigned replies = 0;
    while (n > 0) {
        if (c->skip > 0) {
            size_t part = c->skip < n ? c->skip : n;
            p += part, n -= part, c->skip -= (uint32_t)part;
            continue;
        }
        fire_header h;
        size_t take = FIRE_HEADER_MAX - c->head_n < n ? FIRE_HEADER_MAX - c->head_n : n;
        memcpy(c->head + c->head_n, p, take);
        int got = fire_parse((bytes){c->head, c->head_n + take}, 16u << 20, &h, NULL);
        if (got == E_INCOMPLETE) {
            c->head_n += (uint32_t)take;
            return replies;
        }
        if (got < 0) {
            drop(r, c, "not a frame");
            return replies;
        }
        size_t of_this = (size_t)got - c->head_n;
        p += of_this, n -= of_this, c->head_n = 0;
        c->skip = h.body_length;
        replies += on_header(r, c, &h);
    }
    return replies;
}

static void on_readable(run *r, conn *c) {
    ssize_t got = recv(c->fd, r->scratch, SCRATCH, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        drop(r, c, "closed by the server");
        return;
    }
    if (r->measuring) r->result->bytes += (uint64_t)got;
    unsigned replies = walk(r, c, r->scratch, (size_t)got);
    if (replies > 0 && !c->over && r->plan->pace <= 0 && !r->draining) send_requests(r, c, replies);
}

static void on_writable(run *r, conn *c) {
    ssize_t sent = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) drop(r, c, "closed while sending");
    if (sent > 0) buf_drop(&c->out, (size_t)sent);
    if (c->out.n == 0) watch(r, c, false);
}

/* ── the leg ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int prepare(run *r, conn *c, unsigned index, fault *f) {
    const load_plan *p = r->plan;
    c->fd = wire_open(p->port, p->door, f);
    if (c->fd < 0) return c->fd;
    c->index = index;
    c->sent_us = calloc(p->depth, sizeof *c->sent_us);
    if (!c->sent_us) return E_MEMORY;
    if (p->logins) {
        buf all = {0};
        fire_header h = {0};
        size_t at;
        int rc = wire_ask(c->fd, &p->logins[index % p->login_count], FIRE_NUMBER_MAX, &all, &h, &at, 30, f);
        if (rc == 0 && h.type != FIRE_RESPONSE)
            rc = fault_set(f, E_PROTOCOL, "login answered with error 0x%x", h.error);
        if (rc == 0) rc = wire_settle(c->fd, &all, 5);
        buf_free(&all);
        if (rc < 0) return rc;
    }
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0) return fault_set(f, E_SYSTEM, "fcntl: %s", strerror(errno));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, c->fd, &e) < 0) return fault_set(f, E_SYSTEM, "epoll: %s", strerror(errno));
    r->open++;
    return 0;
}

/* A connection whose reply is late misses its turn; what it then waits for is in the reply's latency. */
static void send_paced(run *r) {
    for (unsigned i = 0; i < r->plan->connections; i++) {
        conn *c = &r->conns[i];
        if (c->over || r->now_us < c->due_us || c->sent != c->answered) continue;
        c->due_us = r->now_us + (int64_t)(r->plan->pace * 1e6);
        send_requests(r, c, 1);
    }
}

static void serve_events(run *r, const struct epoll_event *events, int n) {
    for (int i = 0; i < n; i++) {
        conn *c = events[i].data.ptr;
        if (c->over) continue;
        if (events[i].events & EPOLLOUT) on_writable(r, c);
        if (!c->over && events[i].events & ~(uint32_t)EPOLLOUT) on_readable(r, c);
    }
}

static bool in_flight(const run *r) {
    for (unsigned i = 0; i < r->plan->connections; i++)
        if (!r->conns[i].over && r->conns[i].sent != r->conns[i].answered) return true;
    return false;
}

/* Nothing new is sent; whatever was asked has to be answered. */
static void drain(run *r) {
    struct epoll_event events[256];
    int64_t until = clock_mono_us() + DRAIN_US;
    r->draining = true, r->measuring = false;
    while (in_flight(r) && (r->now_us = clock_mono_us()) < until)
        serve_events(r, events, epoll_wait(r->epoll, events, 256, 20));
    for (unsigned i = 0; i < r->plan->connections; i++) {
        conn *c = &r->conns[i];
        if (!c->over && c->sent != c->answered) wrong(r, "never answered", &(fire_header){.number = c->answered});
    }
}

static void turns(run *r) {
    const load_plan *p = r->plan;
    struct epoll_event events[256];
    int64_t begin = clock_mono_us(), start = begin + (int64_t)(p->warm * 1e6),
            end = start + (int64_t)(p->seconds * 1e6);
    r->now_us = begin;
    for (unsigned i = 0; p->pace <= 0 && i < p->connections; i++) send_requests(r, &r->conns[i], p->depth);
    while (r->open > 0) {
        int n = epoll_wait(r->epoll, events, 256, p->pace > 0 ? 1 : 20);
        r->now_us = clock_mono_us();
        if (!r->measuring && r->now_us >= start) {
            r->measuring = true;
            start = r->now_us;
            if (p->mark) p->mark(p->context, false);
        }
        if (r->now_us >= end || (p->replies && r->result->replies >= p->replies) || (p->over && p->over(p->context)))
            break;
        if (p->pace > 0) send_paced(r);
        serve_events(r, events, n);
    }
    if (p->mark) p->mark(p->context, true);
    r->result->seconds = (double)(clock_mono_us() - start) / 1e6;
    if (p->drain) drain(r);
}

int load_run(const load_plan *plan, load_result *out, fault *f) {
    run r = {.plan = plan, .result = out};
    int rc = 0;
    memset(out, 0, sizeof *out);
    r.epoll = epoll_create1(EPOLL_CLOEXEC);
    r.conns = calloc(plan->connections, sizeof *r.conns);
    r.scratch = malloc(SCRATCH);
    if (r.epoll < 0 || !r.conns || !r.scratch) rc = E_MEMORY;
    for (unsigned i = 0; r.conns && i < plan->connections; i++) r.conns[i].fd = -1;
    for (unsigned i = 0; rc == 0 && i < plan->connections; i++) rc = prepare(&r, &r.conns[i], i, f);
    if (rc == 0) turns(&r);
    for (unsigned i = 0; r.conns && i < plan->connections; i++) {
        if (r.conns[i].fd >= 0) close(r.conns[i].fd);
        free(r.conns[i].sent_us);
        buf_free(&r.conns[i].out);
    }
    free(r.conns), free(r.scratch), buf_free(&r.batch);
    if (r.epoll >= 0) close(r.epoll);
    return rc;
}
