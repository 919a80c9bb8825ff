/* mixed.c: requests of several kinds in turn on each connection (mixed.h), and logins by password.
 *
 * Every connection goes through the same eight requests, each beginning at another of them: at any moment all kinds are
 * under way. With several in flight a ping stands behind a save of the same player and has to wait for it, because
 * replies leave in order: that is in the latency. A login by password costs what its hash costs, on threads beside the
 * loop; what matters is that others do not wait for it. */
#include "bench/mixed.h"

#include <stdlib.h>
#include <string.h>

#include "bench/bystanders.h"
#include "bench/usage.h"

int mixed_prepare(bench *b, mixed *m, fault *f) {
    memset(m, 0, sizeof *m);
    int rc = bench_accounts(b, b->connections, f);
    if (rc == 0) rc = bench_fill_settings(b, f);
    if (rc < 0) return rc;
    for (unsigned i = 0; i < MIXED; i += 2) wire_ping(&m->requests[i]);
    wire_config(&m->requests[1], "ME3_DATA");
    wire_save(&m->requests[3], "class1", bench_value_of_1k());
    wire_load_all(&m->requests[5]);
    wire_config(&m->requests[7], "ME3_MSG");
    const buf *save = &m->requests[3];
    const uint8_t *value = memmem(save->p, save->n, bench_value_of_1k(), 16);
    if (!value || !(m->logins = calloc(b->connections, sizeof *m->logins))) return E_MEMORY;
    m->vary_at = (uint32_t)(value - save->p);
    m->login_count = b->connections;
    for (unsigned i = 0; i < m->login_count; i++)
        wire_silent_login(&m->logins[i], b->accounts[i].token, b->accounts[i].player);
    return 0;
}

load_plan mixed_plan(const bench *b, const mixed *m, unsigned depth) {
    return (load_plan){.port = bench_port(b),
                       .door = DOOR_UPGRADE,
                       .connections = b->connections,
                       .depth = depth,
                       .warm = b->smoke ? 0 : 0.3,
                       .seconds = b->smoke ? 20 : b->seconds,
                       .replies = b->smoke ? 800 : 0,
                       .requests = m->requests,
                       .request_count = MIXED,
                       .in_turn = true,
                       .logins = m->logins,
                       .login_count = m->login_count,
                       .vary_at = m->vary_at,
                       .vary_only = &m->requests[3],
                       .drain = true};
}

void mixed_free(mixed *m) {
    for (unsigned i = 0; i < MIXED; i++) buf_free(&m->requests[i]);
    for (unsigned i = 0; i < m->login_count; i++) buf_free(&m->logins[i]);
    free(m->logins);
}

typedef struct marks {
    pid_t pid;
    usage begin, end;
} marks;

static void mark(void *context, bool end) {
    marks *m = context;
    usage_read(m->pid, end ? &m->end : &m->begin);
}

static int right(const load_result *r, fault *f) {
    if (r->wrongs > 0)
        return fault_set(f, E_PROTOCOL, "%llu wrong replies; %s", (unsigned long long)r->wrongs, r->wrong);
    return r->replies == 0 ? fault_set(f, E_TIMEOUT, "no reply within the window") : 0;
}

static int mixed_leg(bench *b, const mixed *m, unsigned depth, load_result *r, fault *f) {
    marks used = {.pid = b->server.pid};
    load_plan p = mixed_plan(b, m, depth);
    p.seconds *= b->rounds;
    p.mark = mark, p.context = &used;
    int rc = load_run(&p, r, f);
    if (rc == 0) rc = right(r, f);
    if (rc == 0 && !b->smoke)
        bench_print(b,
                    "| mixed: half pings, the rest ME3_DATA, ME3_MSG, saves of 1 kB, loads of all; %u players, %u in "
                    "flight each | %.0f replies/s; latency p50 %.0f µs, p99 %.0f µs, longest %.1f ms; CPU %.2f µs per "
                    "reply | | |\n",
                    b->connections, depth, (double)r->replies / r->seconds, load_percentile(r, 0.5),
                    load_percentile(r, 0.99), r->longest_us / 1000,
                    (used.end.total_us - used.begin.total_us) / (double)r->replies);
    return rc;
}

void bench_mixed(bench *b) {
    fault f = {0};
    mixed m;
    load_result *r = calloc(1, sizeof *r);
    int rc = mixed_prepare(b, &m, &f);
    if (rc == 0 && !r) rc = E_MEMORY;
    if (rc == 0) rc = mixed_leg(b, &m, 1, r, &f);
    if (rc == 0) rc = mixed_leg(b, &m, 15, r, &f);
    bench_tell(b, "mixed", rc, &f);
    mixed_free(&m);
    free(r);
}

/* ── logins by password ──────────────────────────────────────────────────────────────────────────────────────────── */

static int passwords(bench *b, const buf *requests, load_result *r, marks *used, fault *f) {
    load_plan p = {.port = bench_port(b),
                   .door = DOOR_UPGRADE,
                   .connections = b->connections,
                   .depth = 1,
                   .seconds = b->smoke ? 60 : 5 * b->seconds,
                   .replies = b->smoke ? 16 : 0,
                   .requests = requests,
                   .request_count = b->connections,
                   .drain = true,
                   .mark = mark,
                   .context = used};
    int rc = load_run(&p, r, f);
    return rc < 0 ? rc : right(r, f);
}

void bench_login(bench *b) {
    fault f = {0};
    buf *requests = calloc(b->connections, sizeof *requests);
    bystanders *s = calloc(2, sizeof *s);
    load_result *r = calloc(1, sizeof *r);
    marks used = {.pid = b->server.pid};
    int rc = requests && s && r ? bench_accounts(b, b->connections, &f) : E_MEMORY;
    for (unsigned i = 0; rc == 0 && i < b->connections; i++) {
        char email[64];
        snprintf(email, sizeof email, "player%u@bench.test", i);
        wire_login(&requests[i], email, WIRE_PASSWORD);
    }
    if (rc == 0) rc = bystanders_alone(&s[0], bench_port(b), b->smoke ? 0.1 : 2, &f);
    if (rc == 0 && (rc = bystanders_start(&s[1], bench_port(b), &f)) == 0) {
        fault pings = {0};
        rc = passwords(b, requests, r, &used, &f);
        int others = bystanders_stop(&s[1], rc == 0 ? &f : &pings);
        if (rc == 0) rc = others;
    }
    if (rc == 0 && !b->smoke) {
        char quiet[64], busy[64];
        bystanders_text(&s[0].result, quiet, sizeof quiet), bystanders_text(&s[1].result, busy, sizeof busy);
        bench_print(b,
                    "| login by password, %u players at once, again and again | %.1f logins/s, CPU %.1f ms each; "
                    "p50 %.0f ms, longest %.0f ms; others' longest ping %s; without: %s | no request waits | |\n",
                    b->connections, (double)r->replies / r->seconds,
                    (used.end.total_us - used.begin.total_us) / 1000 / (double)r->replies,
                    load_percentile(r, 0.5) / 1000, r->longest_us / 1000, busy, quiet);
    }
    bench_tell(b, "login", rc, &f);
    for (unsigned i = 0; requests && i < b->connections; i++) buf_free(&requests[i]);
    free(requests), free(s), free(r);
}
