/* strain.c: what must not reach others: reload after reload under the mixed load, and clients that ask for the longest
 * config and never read.
 *
 * A reload is a SIGHUP; it is over when the server's log says that the new generation runs, which is looked for every
 * 2 ms. All replies of the load are checked as ever, and at its end everything that was asked has to be answered: a
 * dropped connection, a lost request and a changed order are all failures, not figures.
 *
 * Beside a crowd: the same with thousands of connected sessions that do nothing, which a reload must not touch.
 *
 * Of the clients that never read half ask for PATIENT configs at once and then wait, half go on asking until their
 * socket takes no more: the queue's length ends these, 30 seconds without progress end the others. None can make the
 * server keep more than its queue of 4 MiB (net/stream.h), and bodies that all have in common are kept once; in the end
 * each is dropped with E_SLOW_PEER, which the page of metrics counts. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bystanders.h"
#include "bench/mixed.h"
#include "bench/page.h"
#include "bench/usage.h"

/* ── reload ──────────────────────────────────────────────────────────────────────────────────────────────────────── */

#define RELOADS_MOST 200

typedef struct reloader {
    bench *b;
    pthread_t thread;
    unsigned wanted, done;
    double ms[RELOADS_MOST];
    atomic_bool over;
    int rc;
} reloader;

static void *reload_again(void *context) {
    reloader *r = context;
    for (; r->rc == 0 && r->done < r->wanted; r->done++) {
        struct stat log;
        if (stat(r->b->server.log, &log) < 0) break;
        int64_t begin = clock_mono_us();
        r->rc = process_signal(&r->b->server, SIGHUP);
        if (r->rc == 0) r->rc = process_wait_log(&r->b->server, (long)log.st_size, "is running", 30);
        r->ms[r->done] = (double)(clock_mono_us() - begin) / 1000;
        usleep(30000);
    }
    atomic_store(&r->over, true);
    return NULL;
}

static bool reloads_over(void *context) { return atomic_load(&((reloader *)context)->over); }

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mixed load with others' pings beside it: for `seconds`, or until the reloads are over. */
static int beside_load(bench *b, const mixed *m, reloader *r, load_result *load, bystanders *s, fault *f) {
    load_plan p = mixed_plan(b, m, 4);
    fault pings = {0};
    p.replies = 0, p.seconds = b->smoke ? 0.2 : 3;
    int rc = bystanders_start(s, p.port, f);
    if (rc < 0) return rc;
    bool reloading = r && (r->b = b, pthread_create(&r->thread, NULL, reload_again, r)) == 0;
    if (r && !reloading) rc = fault_set(f, E_SYSTEM, "cannot start a thread");
    if (r) p.over = reloads_over, p.context = r, p.seconds = 300;
    if (rc == 0) rc = load_run(&p, load, f);
    if (reloading) pthread_join(r->thread, NULL);
    int others = bystanders_stop(s, rc == 0 ? f : &pings);
    if (rc == 0 && load->wrongs > 0)
        rc = fault_set(f, E_PROTOCOL, "%llu wrong replies; %s", (unsigned long long)load->wrongs, load->wrong);
    return rc == 0 ? others : rc;
}

static int count_reloads(bench *b, double *out, fault *f) {
    return page_figure(process_port(&b->server, "metrics"), "murelay_reloads_total{result=\"good\"}", out, f);
}

static void reload_row(bench *b, reloader *r, const load_result *load, const bystanders *s) {
    char quiet[64], busy[64];
    bystanders_text(&s[0].result, quiet, sizeof quiet), bystanders_text(&s[1].result, busy, sizeof busy);
    qsort(r->ms, r->done, sizeof *r->ms, by_size);
    bench_print(
        b,
        "| reload by SIGHUP, %u times under the mixed load (%u players, 4 in flight: %.0f replies/s, none lost, "
        "dropped or out of order) | %.0f ms from signal to running (median; %.0f … %.0f); others' longest ping "
        "%s; the same load without: %s | 40 ms, 5 ms on a ping | |\n",
        r->done, b->connections, (double)load->replies / load->seconds, r->ms[r->done / 2], r->ms[0],
        r->ms[r->done - 1], busy, quiet);
}

void bench_reload(bench *b) {
    fault f = {0};
    mixed m;
    reloader *r = calloc(1, sizeof *r);
    bystanders *s = calloc(2, sizeof *s);
    load_result *load = calloc(1, sizeof *load);
    double before = 0, after = 0;
    int rc = mixed_prepare(b, &m, &f);
    if (rc == 0 && !(r && s && load)) rc = E_MEMORY;
    if (rc == 0) r->wanted = b->smoke ? 5 : 50;
    if (rc == 0) rc = count_reloads(b, &before, &f);
    if (rc == 0) rc = beside_load(b, &m, NULL, load, &s[0], &f);
    if (rc == 0) rc = beside_load(b, &m, r, load, &s[1], &f);
    if (rc == 0 && (r->rc < 0 || r->done < r->wanted))
        rc = fault_set(&f, E_TIMEOUT, "reload %u of %u did not end within 30 s", r->done, r->wanted);
    if (rc == 0) rc = count_reloads(b, &after, &f);
    if (rc == 0 && after - before != r->wanted)
        rc = fault_set(&f, E_PROTOCOL, "%.0f of %u reloads were made", after - before, r->wanted);
    if (rc == 0 && !b->smoke) reload_row(b, r, load, s);
    bench_tell(b, "reload", rc, &f);
    mixed_free(&m);
    free(r), free(s), free(load);
}

/* ── reload beside a crowd ───────────────────────────────────────────────────────────────────────────────────────── */

#define CROWD_RELOADS 20

/* Asks each of the crowd once, a batch at a time; every one has to answer. */
static int crowd_asks(const int *fds, unsigned count, uint32_t number, fault *f) {
    buf ping = {0}, all = {0};
    fire_header h;
    size_t at;
    int rc = 0;
    wire_ping(&ping);
    for (unsigned i = 0; rc == 0 && i < count; i++) {
        rc = wire_ask(fds[i], &ping, number, &all, &h, &at, 30, f);
        if (rc == 0 && h.type != FIRE_RESPONSE) rc = fault_set(f, E_PROTOCOL, "answered with error 0x%x", h.error);
        all.n = 0;
    }
    buf_free(&ping), buf_free(&all);
    return rc;
}

static int crowd_opens(const bench *b, int *fds, unsigned *open, fault *f) {
    for (; *open < b->idle; (*open)++) {
        fds[*open] = wire_open(process_port(&b->server, "game"), DOOR_RAW, f);
        if (fds[*open] < 0) return fds[*open];
    }
    return crowd_asks(fds, *open, 1, f);
}

/* Others' pings for `seconds`, or while the reloads last. */
static int crowd_reloads(bench *b, reloader *r, bystanders *s, fault *f) {
    fault pings = {0};
    int rc = bystanders_alone(&s[0], bench_port(b), b->smoke ? 0.1 : 3, f);
    if (rc == 0) rc = bystanders_start(&s[1], bench_port(b), f);
    if (rc < 0) return rc;
    usleep(200000);
    r->b = b;
    reload_again(r);
    if (r->rc < 0 || r->done < r->wanted)
        rc = fault_set(f, E_TIMEOUT, "reload %u of %u did not end", r->done, r->wanted);
    int others = bystanders_stop(&s[1], rc == 0 ? f : &pings);
    return rc == 0 ? others : rc;
}

void bench_crowd(bench *b) {
    fault f = {0};
    char quiet[64], busy[64];
    unsigned open = 0;
    int *fds = calloc(b->idle, sizeof *fds);
    reloader *r = calloc(1, sizeof *r);
    bystanders *s = calloc(2, sizeof *s);
    int rc = fds && r && s ? bench_fresh_server(b, &f) : E_MEMORY;
    if (rc == 0) r->wanted = b->smoke ? 3 : CROWD_RELOADS;
    if (rc == 0) rc = crowd_opens(b, fds, &open, &f);
    if (rc == 0) rc = crowd_reloads(b, r, s, &f);
    if (rc == 0) rc = crowd_asks(fds, open, 2, &f);
    if (rc == 0 && !b->smoke) {
        bystanders_text(&s[0].result, quiet, sizeof quiet), bystanders_text(&s[1].result, busy, sizeof busy);
        qsort(r->ms, r->done, sizeof *r->ms, by_size);
        bench_print(
            b,
            "| reload by SIGHUP, %u times, beside %u connected sessions (all answer before and after) | %.0f ms "
            "from signal to running (median; %.0f … %.0f); others' longest ping %s; without: %s | 40 ms, 5 ms "
            "on a ping | |\n",
            r->done, open, r->ms[r->done / 2], r->ms[0], r->ms[r->done - 1], busy, quiet);
    }
    bench_tell(b, "reload15k", rc, &f);
    for (unsigned i = 0; fds && i < open; i++) close(fds[i]);
    free(fds), free(r), free(s);
}

/* ── clients that never read ─────────────────────────────────────────────────────────────────────────────────────── */

#define SLOW       200
#define PATIENT    128      /* 5 MB: more than the kernel keeps for the server, with less than a queue left over */
#define QUEUE_MB   4.0      /* STREAM_MAX_QUEUE */
#define SLOW_LASTS 60000000 /* µs: all have to be gone by then; the server drops after 30 s without progress */
#define SMALL_INPUT                                                                                                    \
    (16 * 1024) /* the receive buffer: what the kernel takes instead of the client is not the server's */

typedef struct slow {
    int fds[SLOW];
    bool stopped[SLOW]; /* the server took no more of what it asks */
    unsigned count;
    uint32_t sent[SLOW];
    size_t partly[SLOW]; /* bytes of the current request that the socket has taken */
    buf request;
    double growth_kb, dropped, counted_before;
    int64_t first_us, last_us; /* when they were dropped, from the beginning; to 0.25 s */
} slow;

static int slow_open(int port, fault *f) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int small = SMALL_INPUT, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        int rc = fault_set(f, E_SYSTEM, "a slow client cannot connect: %s", strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    return fd;
}

/* Asks on until the socket is full, or for PATIENT configs. Whether the server has dropped this client does not show
 * here reliably: the end of the stream stands behind replies that are never read. */
static void slow_ask(slow *s, unsigned i) {
    while (i % 2 || s->sent[i] < PATIENT) {
        wire_number(s->request.p, s->sent[i]);
        ssize_t n = send(s->fds[i], s->request.p + s->partly[i], s->request.n - s->partly[i], MSG_NOSIGNAL);
        if (n < 0) s->stopped[i] = true;
        if (n < 0) return;
        s->partly[i] += (size_t)n;
        if (s->partly[i] < s->request.n) return;
        s->partly[i] = 0;
        s->sent[i] = (s->sent[i] + 1) & FIRE_NUMBER_MAX;
    }
    s->stopped[i] = true;
}

/* Memory and drops as the server has them now. */
static int slow_look(bench *b, slow *s, double before_kb, int64_t since_us, fault *f) {
    double kb = usage_memory_kb(b->server.pid) - before_kb, counted = 0;
    if (kb > s->growth_kb) s->growth_kb = kb;
    int rc = page_figure(process_port(&b->server, "metrics"), "murelay_net_slow_peers_total", &counted, f);
    counted -= s->counted_before;
    if (rc == 0 && counted > s->dropped) s->dropped = counted, s->last_us = since_us;
    if (s->dropped > 0 && !s->first_us) s->first_us = since_us;
    return rc;
}

/* Until all are dropped; in the smoke form only until none of them gets the server to take more, because nothing there
 * waits for 30 seconds. */
static int slow_run(bench *b, slow *s, double before_kb, fault *f) {
    int64_t begin = clock_mono_us(), looked = 0;
    unsigned stopped = 0;
    int rc = 0;
    for (int64_t now = begin; rc == 0 && now - begin < SLOW_LASTS; now = clock_mono_us()) {
        stopped = 0;
        for (unsigned i = 0; i < s->count; i++) slow_ask(s, i), stopped += s->stopped[i];
        if (now - looked > 250000) rc = slow_look(b, s, before_kb, now - begin, f), looked = now;
        if (b->smoke ? stopped == s->count : s->dropped >= s->count) break;
        usleep(10000);
    }
    if (rc == 0 && stopped < s->count)
        return fault_set(f, E_LIMIT, "the server goes on taking requests of %u clients that never read",
                         s->count - stopped);
    if (rc == 0 && !b->smoke && s->dropped < s->count)
        return fault_set(f, E_TIMEOUT, "%.0f of %u clients that never read were dropped", s->dropped, s->count);
    if (rc == 0 && s->growth_kb > s->count * QUEUE_MB * 1024)
        return fault_set(f, E_LIMIT, "memory grew by %.0f kB for %u clients", s->growth_kb, s->count);
    return rc;
}

static void slow_row(bench *b, const slow *s, double left_kb, const bystanders *others) {
    char quiet[64], busy[64];
    bystanders_text(&others[0].result, quiet, sizeof quiet), bystanders_text(&others[1].result, busy, sizeof busy);
    bench_print(
        b,
        "| %u clients that ask for ME3_ENT and never read (half for %d of them, half without end) | memory +%.1f "
        "MB at most, +%.1f MB after; all dropped, the first after %.1f s, the last after %.1f s; %.0f counted "
        "as slow peers; others' longest ping %s; without: %s | %.0f MB (%u queues of %.0f MB) | |\n",
        s->count, PATIENT, s->growth_kb / 1024, left_kb / 1024, (double)s->first_us / 1e6, (double)s->last_us / 1e6,
        s->dropped, busy, quiet, s->count * QUEUE_MB, s->count, QUEUE_MB);
}

void bench_slow(bench *b) {
    fault f = {0}, pings = {0};
    slow s = {.count = b->smoke ? 8 : SLOW};
    bystanders *others = calloc(2, sizeof *others);
    double kb = 0;
    int rc = others ? bench_fresh_server(b, &f) : E_MEMORY;
    wire_config(&s.request, "ME3_ENT");
    for (unsigned i = 0; i < s.count; i++) s.fds[i] = -1;
    if (rc == 0) rc = bystanders_alone(&others[0], bench_port(b), b->smoke ? 0.1 : 2, &f);
    if (rc == 0)
        rc = page_figure(process_port(&b->server, "metrics"), "murelay_net_slow_peers_total", &s.counted_before, &f);
    if (rc == 0) kb = usage_memory_kb(b->server.pid);
    if (rc == 0 && (rc = bystanders_start(&others[1], bench_port(b), &f)) == 0) {
        for (unsigned i = 0; rc == 0 && i < s.count; i++)
            if ((s.fds[i] = slow_open(process_port(&b->server, "game"), &f)) < 0) rc = s.fds[i];
        if (rc == 0) rc = slow_run(b, &s, kb, &f);
        int waited = bystanders_stop(&others[1], rc == 0 ? &f : &pings);
        if (rc == 0) rc = waited;
    }
    if (rc == 0 && !b->smoke) slow_row(b, &s, usage_memory_kb(b->server.pid) - kb, others);
    for (unsigned i = 0; i < s.count; i++)
        if (s.fds[i] >= 0) close(s.fds[i]);
    bench_tell(b, "slow", rc, &f);
    buf_free(&s.request);
    free(others);
}
