/* requests.c: the table of the bench: what a reply costs, ours beside the bare loop (and raw SQLite for saves),
 * interleaved.
 *
 * For each scenario the answer is first fetched once from our server; a bare loop is started that gives these bytes.
 * Then rounds of (ours, floor) alternate, so that both see the same machine. Costs are CPU time of the process divided
 * by replies; the difference is of the sums over all rounds, its spread the smallest and greatest of the rounds. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bare.h"
#include "bench/bench.h"
#include "bench/floor.h"
#include "bench/usage.h"
#include "codec/tdf.h"

typedef struct scenario {
    const char *name, *text;
    enum { PING, PREAUTH, CONFIG, SAVE, LOADALL, SILENT } kind;
    const char *section;   /* CONFIG */
    double allowed[2];     /* µs above the floor, depth 1 and 15 (design 8) */
    const char *theirs[2]; /* the best existing server, same measure */
} scenario;

static const scenario scenarios[] = {
    {"ping", "ping", PING, NULL, {0.4, 0.4}, {"8.3", "1.04"}},
    {"preauth", "preAuth", PREAUTH, NULL, {0.5, 0.5}, {"8.9", "1.44"}},
    {"data", "ME3_DATA", CONFIG, "ME3_DATA", {0.5, 0.5}, {"10.3", "3.15"}},
    {"msg", "ME3_MSG", CONFIG, "ME3_MSG", {0.5, 0.5}, {"11.6", "4.8"}},
    {"ent", "ME3_ENT", CONFIG, "ME3_ENT", {1, 1}, {"71", "67"}},
    {"bini", "BINI", CONFIG, "ME3_BINI_PC_COMPRESSED", {5, 5}, {"31,000", "34,000"}},
    {"save", "settings save 1 kB", SAVE, NULL, {8, 8}, {"489", "450"}},
    {"loadall", "settings load all", LOADALL, NULL, {70, 30}, {"84", "118"}},
    {"silent", "silent login", SILENT, NULL, {70, 30}, {"521", "527"}},
};
#define SCENARIOS (sizeof scenarios / sizeof scenarios[0])

typedef struct cost { /* of one side over all rounds */
    uint64_t replies;
    double seconds, total_us, user_us, system_us;
} cost;

typedef struct marks {
    pid_t pid;
    usage begin, end;
} marks;

static void mark(void *context, bool end) {
    marks *m = context;
    usage_read(m->pid, end ? &m->end : &m->begin);
}

static double per(double sum, uint64_t n) { return n ? sum / (double)n : 0; }

bool bench_is_request(const char *name) {
    if (!strcmp(name, "config")) return true;
    for (size_t i = 0; i < SCENARIOS; i++)
        if (!strcmp(name, scenarios[i].name)) return true;
    return false;
}

/* ── preparing ───────────────────────────────────────────────────────────────────────────────────────────────────── */

char *bench_value_of_1k(void) {
    static char value[1025];
    for (size_t i = 0; i < 1024; i++) value[i] = i % 64 == 63 ? ';' : (char)('0' + i % 10);
    return value;
}

static const char *const loaded_keys[] = {"Base",    "class1",       "class2",       "class3",        "class4",
                                          "class5",  "class6",       "char0",        "char1",         "char2",
                                          "char3",   "char4",        "char5",        "char6",         "char7",
                                          "char8",   "char9",        "Completion",   "Progress",      "FaceCodes",
                                          "NewItem", "cscompletion", "cstimestamps", "cstimestamps2", "csreward"};

/* What a player has who has played a while: 25 keys, 6 kB. */
int bench_fill_settings(bench *b, fault *f) {
    for (unsigned i = 0; i < b->connections; i++) {
        buf request = {0}, all = {0};
        fire_header h;
        size_t at;
        int rc = 0, fd = wire_open(bench_port(b), DOOR_RAW, f);
        if (fd < 0) return fd;
        wire_silent_login(&request, b->accounts[i].token, b->accounts[i].player);
        rc = wire_ask(fd, &request, 0, &all, &h, &at, 30, f);
        for (unsigned k = 0; rc == 0 && k < sizeof loaded_keys / sizeof *loaded_keys; k++) {
            char value[256];
            snprintf(value, sizeof value, "20;4;%s;20;0.0000;50;%0200u", loaded_keys[k], i);
            buf_clear(&request), buf_clear(&all);
            request.n = all.n = 0;
            wire_save(&request, loaded_keys[k], value);
            rc = wire_ask(fd, &request, k + 1, &all, &h, &at, 30, f);
            if (rc == 0 && h.type != FIRE_RESPONSE)
                rc = fault_set(f, E_PROTOCOL, "a save was answered with error 0x%x", h.error);
        }
        close(fd);
        buf_free(&request), buf_free(&all);
        if (rc < 0) return rc;
    }
    return 0;
}

typedef struct job { /* a scenario made ready */
    const scenario *of;
    buf *requests, *logins; /* one per connection, or one for all */
    unsigned request_count, login_count;
    buf answer; /* captured */
    uint32_t body_length, vary_at;
    pid_t bare;
    int bare_port;
} job;

static void build_request(const scenario *s, buf *out, const wire_account *account) {
    switch (s->kind) {
    case PING: wire_ping(out); break;
    case PREAUTH: wire_preauth(out); break;
    case CONFIG: wire_config(out, s->section); break;
    case SAVE: wire_save(out, "class1", bench_value_of_1k()); break;
    case LOADALL: wire_load_all(out); break;
    case SILENT: wire_silent_login(out, account->token, account->player); break;
    }
}

static int capture(bench *b, job *j, fault *f) {
    fire_header h;
    size_t at;
    buf skipped = {0};
    int rc = 0, fd = wire_open(bench_port(b), DOOR_UPGRADE, f);
    if (fd < 0) return fd;
    if (j->logins) rc = wire_ask(fd, &j->logins[0], 0, &skipped, &h, &at, 30, f);
    if (rc == 0) rc = wire_settle(fd, &skipped, 50);
    if (rc == 0) rc = wire_ask(fd, &j->requests[0], 1, &j->answer, &h, &at, 30, f);
    if (rc == 0) rc = wire_settle(fd, &j->answer, 50); /* what the server says behind it */
    if (rc == 0 && h.type != FIRE_RESPONSE) rc = fault_set(f, E_PROTOCOL, "answered with error 0x%x", h.error);
    tdf_reader r;
    uint32_t tag;
    unsigned type;
    tdf_reader_init(&r, rc == 0 ? (bytes){j->answer.p + at, h.body_length} : (bytes){0}, f);
    while (rc == 0 && (rc = tdf_next_field(&r, TDF_BODY, &tag, &type)) > 0) rc = tdf_skip(&r, type);
    j->body_length = j->of->kind == SILENT ? 0 : h.body_length; /* names of players differ in length */
    close(fd);
    buf_free(&skipped);
    return rc;
}

static int prepare(bench *b, job *j, fault *f) {
    const scenario *s = j->of;
    bool logged_in = s->kind == SAVE || s->kind == LOADALL;
    if (logged_in || s->kind == SILENT) {
        int rc = bench_accounts(b, b->connections, f);
        if (rc < 0) return rc;
    }
    j->request_count = s->kind == SILENT ? b->connections : 1;
    j->requests = calloc(j->request_count, sizeof *j->requests);
    for (unsigned i = 0; j->requests && i < j->request_count; i++)
        build_request(s, &j->requests[i], b->accounts ? &b->accounts[i] : NULL);
    if (logged_in) {
        j->login_count = b->connections;
        j->logins = calloc(j->login_count, sizeof *j->logins);
        for (unsigned i = 0; j->logins && i < j->login_count; i++)
            wire_silent_login(&j->logins[i], b->accounts[i].token, b->accounts[i].player);
    }
    if (!j->requests || (logged_in && !j->logins)) return E_MEMORY;
    if (s->kind == LOADALL && bench_fill_settings(b, f) < 0) return f->code;
    if (s->kind == SAVE) { /* the value's first 8 bytes change with each save */
        const uint8_t *value = memmem(j->requests[0].p, j->requests[0].n, bench_value_of_1k(), 16);
        j->vary_at = value ? (uint32_t)(value - j->requests[0].p) : 0;
    }
    int rc = capture(b, j, f);
    if (rc < 0) return rc;
    j->bare = bare_start(buf_bytes(&j->answer), &j->bare_port, f);
    return j->bare < 0 ? f->code : 0;
}

static void finish(job *j) {
    bare_stop(j->bare);
    for (unsigned i = 0; j->requests && i < j->request_count; i++) buf_free(&j->requests[i]);
    for (unsigned i = 0; j->logins && i < j->login_count; i++) buf_free(&j->logins[i]);
    free(j->requests), free(j->logins), buf_free(&j->answer);
}

/* ── measuring ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static int leg(bench *b, job *j, bool ours, unsigned depth, cost *sum, load_result *r, double *us, fault *f) {
    marks m = {.pid = ours ? b->server.pid : j->bare};
    load_plan p = {.port = ours ? bench_port(b) : j->bare_port,
                   .door = DOOR_UPGRADE,
                   .connections = b->connections,
                   .depth = depth,
                   .warm = b->smoke ? 0 : 0.15,
                   .seconds = b->smoke ? 20 : b->seconds,
                   .replies = b->smoke ? 400 : 0,
                   .requests = j->requests,
                   .request_count = j->request_count,
                   .logins = ours ? j->logins : NULL,
                   .login_count = j->login_count,
                   .body_length = j->body_length,
                   .vary_at = j->vary_at,
                   .mark = mark,
                   .context = &m};
    int rc = load_run(&p, r, f);
    if (rc < 0) return rc;
    if (r->wrongs > 0)
        return fault_set(f, E_PROTOCOL, "%llu wrong replies; %s", (unsigned long long)r->wrongs, r->wrong);
    if (r->replies == 0) return fault_set(f, E_TIMEOUT, "no reply within the window");
    sum->replies += r->replies, sum->seconds += r->seconds;
    sum->total_us += m.end.total_us - m.begin.total_us;
    sum->user_us += m.end.user_us - m.begin.user_us, sum->system_us += m.end.system_us - m.begin.system_us;
    *us = per(m.end.total_us - m.begin.total_us, r->replies);
    return 0;
}

/* The tick-counted user part, scaled to the total that the scheduler counted. */
static double user_of(const cost *c) {
    double ticks = c->user_us + c->system_us;
    return ticks > 0 ? per(c->total_us, c->replies) * c->user_us / ticks : 0;
}

typedef struct tracing {
    bench *b;
    tracer t;
    bool on;
    double calls;
    char *top;
    size_t size;
} tracing;

/* strace is attached only for the measured window: connecting and logging in are not counted. */
static void trace_mark(void *context, bool end) {
    tracing *t = context;
    if (!end)
        t->on = tracer_start(&t->t, t->b->server.pid, t->b->server.folder) == 0;
    else if (t->on)
        t->calls = tracer_stop(&t->t, t->top, t->size);
}

static double count_calls(bench *b, job *j, unsigned depth, char *top, size_t size, fault *f) {
    tracing t = {.b = b, .calls = -1, .top = top, .size = size};
    load_result *r = calloc(1, sizeof *r);
    load_plan p = {.port = bench_port(b),
                   .door = DOOR_UPGRADE,
                   .connections = b->connections,
                   .depth = depth,
                   .warm = 0.05,
                   .seconds = 0.8,
                   .requests = j->requests,
                   .request_count = j->request_count,
                   .logins = j->logins,
                   .login_count = j->login_count,
                   .vary_at = j->vary_at,
                   .mark = trace_mark,
                   .context = &t};
    double calls = r && load_run(&p, r, f) == 0 && r->replies > 0 && t.calls > 0 ? t.calls / (double)r->replies : -1;
    free(r);
    return calls;
}

static int measure(bench *b, job *j, unsigned depth, fault *f) {
    const scenario *s = j->of;
    cost ours = {0}, bare = {0};
    floor_result sqlite = {0};
    double low = 1e9, high = -1e9, longest = 0;
    char copy[400], database[400], top[200] = "";
    int rc = 0, d = depth > 1;
    load_result *r = calloc(1, sizeof *r), *all = calloc(1, sizeof *all);
    if (!r || !all) rc = E_MEMORY;
    snprintf(copy, sizeof copy, "%s/floor.db", b->server.folder);
    snprintf(database, sizeof database, "%s/data/murelay.db", b->server.folder);
    unsigned group = b->connections; /* saves of a session run one after another: no larger group can form */
    if (rc == 0 && s->kind == SAVE) rc = floor_prepare(database, copy, f);
    for (unsigned round = 0; rc == 0 && round < b->rounds; round++) {
        double us = 0, floor_us = 0;
        floor_result before = sqlite;
        rc = leg(b, j, true, depth, &ours, r, &us, f);
        for (unsigned i = 0; i < LATENCY_BUCKETS; i++) all->latency[i] += r->latency[i];
        if (r->longest_us > longest) longest = r->longest_us;
        if (rc == 0) rc = leg(b, j, false, depth, &bare, r, &floor_us, f);
        if (rc == 0 && s->kind == SAVE) {
            rc = floor_save(copy, bench_value_of_1k(), b->connections, group, b->smoke ? 0.05 : b->seconds, &sqlite, f);
            floor_us =
                per(sqlite.user_us + sqlite.system_us - before.user_us - before.system_us, sqlite.saves - before.saves);
        }
        if (us - floor_us < low) low = us - floor_us;
        if (us - floor_us > high) high = us - floor_us;
    }
    if (rc == 0 && !b->smoke) {
        double calls = count_calls(b, j, depth, top, sizeof top, f);
        double us = per(ours.total_us, ours.replies), floor_us = per(bare.total_us, bare.replies),
               user = user_of(&bare);
        if (s->kind == SAVE)
            floor_us = per(sqlite.user_us + sqlite.system_us, sqlite.saves), user = per(sqlite.user_us, sqlite.saves);
        bench_print(b,
                    "| %s, %u B | %u | %.0f | %.0f / %.0f / %.0f | %.2f (%.2f + %.2f) | %.2f | %.2f (%.2f) | "
                    "%+.2f (%+.2f … %+.2f) | %.1f | %s |\n",
                    s->text, (unsigned)j->answer.n, depth, ours.replies / ours.seconds, load_percentile(all, 0.5),
                    load_percentile(all, 0.99), longest, us, user_of(&ours), us - user_of(&ours), calls, floor_us, user,
                    us - floor_us, low, high, s->allowed[d], s->theirs[d]);
        if (s->kind == SAVE)
            bench_print(
                b,
                "|   raw SQLite, groups of %u | | %.0f | | | | | ours reaches %.2f of its rate; the bare loop %.2f "
                "µs | 0.7 | |\n",
                group, sqlite.saves / sqlite.seconds, ours.replies / ours.seconds / (sqlite.saves / sqlite.seconds),
                per(bare.total_us, bare.replies));
        if (top[0]) fprintf(stderr, "  %s %u: %s\n", s->name, depth, top);
    }
    free(r), free(all);
    return rc;
}

static bool wanted(const scenario *s, char **names, int count) {
    bool any = false;
    for (int i = 0; i < count; i++) {
        if (!bench_is_request(names[i])) continue;
        any = true;
        if (!strcmp(names[i], s->name) || (s->kind == CONFIG && !strcmp(names[i], "config"))) return true;
    }
    return !any;
}

void bench_requests(bench *b, char **names, int count) {
    static const unsigned depths[] = {1, 15};
    char script[600];
    if (!b->smoke)
        bench_print(
            b,
            "%u connections, upgrade door, %u rounds of %.1f s each side, interleaved. CPU µs per reply.\n\n"
            "| request, bytes of reply | in flight | replies/s | latency µs p50 / p99 / max | ours (user + kernel) | "
            "system calls | floor (user) | difference (rounds) | allowed | best existing |\n"
            "|---|---|---|---|---|---|---|---|---|---|\n",
            b->connections, b->rounds, b->seconds);
    snprintf(script, sizeof script, "%s/scripts/services/players.lua", b->checkout);
    for (size_t i = 0; i < SCENARIOS; i++) {
        if (!wanted(&scenarios[i], names, count)) continue;
        job j = {.of = &scenarios[i]};
        fault f = {0};
        int rc = prepare(b, &j, &f);
        if (rc == 0 && j.of->kind == SAVE && !floor_statement_is_in(script))
            rc = fault_set(&f, E_CONFIG, "tests/bench/floor.c has another statement than %s", script);
        for (int d = 0; rc == 0 && d < 2; d++) rc = measure(b, &j, depths[d], &f);
        finish(&j);
        if (rc < 0) b->failed++;
        if (rc < 0 || b->smoke) printf("case %s: %s %s\n", j.of->name, rc < 0 ? "failed" : "ok", rc < 0 ? f.text : "");
        fflush(stdout);
    }
}
