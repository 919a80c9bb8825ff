/* held.c: what is held rather than answered: idle connections, idle logged-in sessions, and pings while accounts are
 * made. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "bench/usage.h"

/* A fresh process, so that memory freed by earlier work does not hide what a session takes. */
int bench_fresh_server(bench *b, fault *f) {
    int status;
    if (process_running(&b->server)) {
        process_signal(&b->server, SIGTERM);
        if (process_wait(&b->server, 10, &status) < 0)
            return fault_set(f, E_TIMEOUT, "the server did not end on SIGTERM");
        if (status != 0) return fault_set(f, E_SYSTEM, "the server ended with %d on SIGTERM", status);
    }
    return bench_start_server(b, f);
}

static int ask(int fd, const buf *request, uint32_t number, double seconds, fault *f) {
    buf all = {0};
    fire_header h;
    size_t at;
    int rc = wire_ask(fd, request, number, &all, &h, &at, seconds, f);
    if (rc == 0 && h.type != FIRE_RESPONSE) rc = fault_set(f, E_PROTOCOL, "answered with error 0x%x", h.error);
    buf_free(&all);
    return rc;
}

/* Opens `count` connections, asks each once, measures, asks each again, closes. */
static int hold(bench *b, unsigned count, enum wire_door door, bool login, double *kb, double *first_us, fault *f) {
    int *fds = malloc(count * sizeof *fds), rc = fds ? 0 : E_MEMORY;
    unsigned open = 0;
    buf ping = {0};
    wire_ping(&ping);
    for (unsigned i = 0; rc == 0 && i < 8; i++) { /* whatever is allocated once is there before we look */
        int fd = wire_open(bench_port(b), door, f);
        rc = fd < 0 ? fd : ask(fd, &ping, 0, 5, f);
        if (fd >= 0) close(fd);
    }
    usleep(200000);
    double before = usage_memory_kb(b->server.pid);
    int64_t begin = clock_mono_us();
    for (; rc == 0 && open < count; open++) {
        fds[open] = wire_open(bench_port(b), door, f);
        if (fds[open] < 0) {
            rc = fds[open];
            break;
        }
        if (login) {
            buf request = {0};
            wire_silent_login(&request, b->accounts[open].token, b->accounts[open].player);
            rc = ask(fds[open], &request, 1, 30, f);
            buf_free(&request);
        } else
            rc = ask(fds[open], &ping, 1, 30, f);
    }
    *first_us = (double)(clock_mono_us() - begin) / (open ? open : 1);
    usleep(500000);
    *kb = (usage_memory_kb(b->server.pid) - before) / (open ? open : 1);
    for (unsigned i = 0; rc == 0 && i < open; i++) rc = ask(fds[i], &ping, 2, 30, f);
    for (unsigned i = 0; i < open; i++) close(fds[i]);
    if (rc < 0) {
        char why[sizeof f->text];
        snprintf(why, sizeof why, "%s", f->text);
        fault_set(f, rc, "after %u: %.400s", open, why);
    }
    buf_free(&ping);
    free(fds);
    return rc;
}

void bench_tell(bench *b, const char *name, int rc, const fault *f) {
    if (rc < 0) b->failed++;
    if (rc < 0 || b->smoke) printf("case %s: %s %s\n", name, rc < 0 ? "failed" : "ok", rc < 0 ? f->text : "");
    fflush(stdout);
}

void bench_idle(bench *b) {
    fault f = {0};
    double kb[2] = {0, 0}, us[2];
    int rc = bench_fresh_server(b, &f);
    if (rc == 0) rc = hold(b, b->idle, DOOR_RAW, false, &kb[0], &us[0], &f);
    if (rc == 0) rc = bench_fresh_server(b, &f);
    if (rc == 0) rc = hold(b, b->idle, DOOR_UPGRADE, false, &kb[1], &us[1], &f);
    if (rc == 0 && !b->smoke)
        bench_print(
            b,
            "| idle connection (%u held, each answered before and after) | %.2f kB raw, %.2f kB upgraded | 4 kB | "
            "9.5–15 kB |\n",
            b->idle, kb[0], kb[1]);
    bench_tell(b, "idle", rc, &f);
}

void bench_loginidle(bench *b) {
    fault f = {0};
    double kb = 0, us;
    int rc = bench_accounts(b, b->sessions, &f);
    if (rc == 0) rc = bench_fresh_server(b, &f);
    if (rc == 0) rc = hold(b, b->sessions, DOOR_UPGRADE, true, &kb, &us, &f);
    if (rc == 0 && !b->smoke)
        bench_print(b, "| idle logged-in session (%u held) | %.2f kB | 6 kB | 45–376 kB |\n", b->sessions, kb);
    bench_tell(b, "loginidle", rc, &f);
}

/* ── pings while accounts are made ───────────────────────────────────────────────────────────────────────────────── */

#define CREATED 50

typedef struct creation {
    int fds[CREATED];
    unsigned answered, refused, count;
    uint16_t error; /* of the last one refused */
    int64_t done_us;
} creation;

/* Called by the load generator between its turns: which creations have been answered? */
static bool all_created(void *context) {
    creation *c = context;
    struct pollfd p[CREATED];
    for (unsigned i = 0; i < c->count; i++) p[i] = (struct pollfd){.fd = c->fds[i], .events = POLLIN};
    if (poll(p, c->count, 0) > 0)
        for (unsigned i = 0; i < c->count; i++)
            if (p[i].revents) {
                char answer[4096];
                ssize_t got = recv(c->fds[i], answer, sizeof answer, 0);
                fire_header h;
                if (got <= 0 || fire_parse((bytes){(uint8_t *)answer, (size_t)got}, 1u << 20, &h, NULL) < 0 ||
                    h.type == FIRE_NOTIFY)
                    continue;
                if (h.type != FIRE_RESPONSE) c->refused++, c->error = h.error;
                close(c->fds[i]);
                c->fds[i] = -1; /* poll passes it over */
                c->answered++;
            }
    if (c->answered == c->count && c->done_us == 0) c->done_us = clock_mono_us();
    return c->answered == c->count;
}

void bench_create(bench *b) {
    fault f = {0};
    creation c = {.count = b->smoke ? 4 : CREATED};
    buf ping = {0};
    load_result *quiet = calloc(1, sizeof *quiet), *busy = calloc(1, sizeof *busy);
    load_plan p = {.port = bench_port(b),
                   .door = DOOR_UPGRADE,
                   .connections = 8,
                   .depth = 1,
                   .pace = 0.005,
                   .seconds = b->smoke ? 0.2 : 2,
                   .requests = &ping,
                   .request_count = 1};
    wire_ping(&ping);
    int rc = quiet && busy ? load_run(&p, quiet, &f) : E_MEMORY;
    for (unsigned i = 0; i < c.count; i++) c.fds[i] = -1;
    int64_t begin = clock_mono_us();
    for (unsigned i = 0; rc == 0 && i < c.count; i++) {
        char email[64];
        buf request = {0};
        snprintf(email, sizeof email, "create%u-%lld@bench.test", i, (long long)begin);
        wire_create_account(&request, email, "correct horse battery");
        c.fds[i] = wire_open(p.port, DOOR_RAW, &f);
        if (c.fds[i] < 0)
            rc = c.fds[i];
        else if (send(c.fds[i], request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
            rc = E_CLOSED;
        buf_free(&request);
    }
    p.seconds = 120, p.over = all_created, p.context = &c;
    if (rc == 0) rc = load_run(&p, busy, &f);
    if (rc == 0 && c.answered < c.count) rc = fault_set(&f, E_TIMEOUT, "%u of %u accounts made", c.answered, c.count);
    if (rc == 0 && c.refused > 0)
        rc = fault_set(&f, E_PROTOCOL, "%u of %u accounts refused, the last with error 0x%x", c.refused, c.count,
                       c.error);
    if (rc == 0 && busy->wrongs + quiet->wrongs > 0) rc = fault_set(&f, E_PROTOCOL, "wrong replies; %s", busy->wrong);
    if (rc == 0 && !b->smoke)
        bench_print(b,
                    "| longest ping while %u accounts are made at once (%.2f s; 8 clients pinging every 5 ms) | %.1f "
                    "ms, p99 %.2f ms; "
                    "without: %.1f ms, p99 %.2f ms | no request waits | |\n",
                    c.count, (double)(c.done_us - begin) / 1e6, busy->longest_us / 1000,
                    load_percentile(busy, 0.99) / 1000, quiet->longest_us / 1000, load_percentile(quiet, 0.99) / 1000);
    for (unsigned i = 0; i < c.count; i++)
        if (c.fds[i] >= 0) close(c.fds[i]);
    bench_tell(b, "create", rc, &f);
    buf_free(&ping);
    free(quiet), free(busy);
}
