/* metrics.c: see metrics.h. One function a chapter of the page. */
#include "bind/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/fault.h"
#include "bind/blaze_tables.h"
#include "bind/net.h"
#include "bind/route_stats.h"
#include "crypto/password.h"
#include "net/http.h"
#include "records/records.h"
#include "script/engine.h"
#include "store/store.h"

static void one(metrics_page *p, const char *name, enum metric_type type, const char *unit, const char *help,
                int64_t n) {
    metrics_family(p, name, type, unit, help);
    metrics_integer(p, type == METRIC_COUNTER ? "_total" : "", n, NULL);
}

/* -- the process -------------------------------------------------------------------------------------------------- */

static int64_t resident_bytes(void) {
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%ld %ld", &pages, &resident) != 2) resident = 0;
    fclose(f);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static int64_t open_descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    int64_t n = -1; /* the folder itself */
    if (!d) return 0;
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static int64_t nanoseconds(struct timeval t) { return ((int64_t)t.tv_sec * 1000000 + t.tv_usec) * 1000; }

static void write_process(metrics_page *p) {

    struct rusage used;
    struct rlimit files;
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        metrics_family(p, "process_cpu_seconds", METRIC_COUNTER, "seconds", "CPU time used, by the kernel's account");
        metrics_seconds(p, "_total", nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime), NULL);
    }
    one(p, "process_resident_memory_bytes", METRIC_GAUGE, "bytes", "memory in use", resident_bytes());
    one(p, "process_open_fds", METRIC_GAUGE, NULL, "file descriptors open", open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        one(p, "process_max_fds", METRIC_GAUGE, NULL, "file descriptors allowed", (int64_t)files.rlim_cur);
    metrics_family(p, "murelay_build", METRIC_INFO, NULL, "the program");
    metrics_integer(p, "_info", 1, "version", MU_VERSION, NULL);
}

/* -- scripts ------------------------------------------------------------------------------------------------------ */

static void write_scripts(const server *s, metrics_page *p) {
    const generation *g = s->engine ? engine_current(s->engine) : NULL;
    if (!g) return;
    engine_counts c;
    char number[16];
    engine_get_counts(s->engine, &c);
    snprintf(number, sizeof number, "%u", g->number);
    metrics_family(p, "murelay_scripts", METRIC_INFO, NULL, "the generation of scripts that runs");
    metrics_integer(p, "_info", 1, "generation", number, "hash", g->hash, NULL);
    one(p, "murelay_generation", METRIC_GAUGE, NULL, "number of the generation that runs", g->number);
    one(p, "murelay_generations_live", METRIC_GAUGE, NULL, "generations in memory, draining ones included",
        c.generations_live);
    one(p, "murelay_scripts_memory_bytes", METRIC_GAUGE, "bytes", "memory of all scripts", (int64_t)c.memory);
    metrics_family(p, "murelay_reloads", METRIC_COUNTER, NULL, "reloads of the scripts");
    metrics_integer(p, "_total", (int64_t)c.reloads, "result", "good", NULL);
    metrics_integer(p, "_total", (int64_t)c.reloads_failed, "result", "refused", NULL);
    one(p, "murelay_tasks", METRIC_GAUGE, NULL, "tasks alive: running, queued or waiting", c.tasks_live);
    one(p, "murelay_tasks_queued", METRIC_GAUGE, NULL, "tasks ready to run", c.tasks_ready);
    one(p, "murelay_tasks_started", METRIC_COUNTER, NULL, "tasks started", (int64_t)c.tasks_started);
    metrics_family(p, "murelay_tasks_ended", METRIC_COUNTER, NULL, "tasks that ended otherwise than by returning");
    metrics_integer(p, "_total", (int64_t)c.tasks_failed, "reason", "error", NULL);
    metrics_integer(p, "_total", (int64_t)c.tasks_killed, "reason", "limit", NULL);
    metrics_integer(p, "_total", (int64_t)c.tasks_timed_out, "reason", "timeout", NULL);
    one(p, "murelay_bursts_long", METRIC_COUNTER, NULL, "times that a script ran longer than limits.burst_warn_ms",
        (int64_t)c.bursts_long);
    one(p, "murelay_wakes_stale", METRIC_COUNTER, NULL, "answers for tasks that no longer waited",
        (int64_t)c.wakes_stale);
}

/* -- connections and records -------------------------------------------------------------------------------------- */

static void tell_door(void *ctx, const char *name, uint32_t connections) {
    metrics_integer(ctx, "", connections, "door", name, NULL);
}

static void write_live(const server *s, metrics_page *p) {
    metrics_family(p, "murelay_door_connections", METRIC_GAUGE, NULL, "connections open, by the listener they came by");
    net_each_door(tell_door, p);
    metrics_family(p, "murelay_records", METRIC_GAUGE, NULL, "live records of each kind: sessions, players online, …");
    for (uint32_t i = 1; s->records && i <= records_kinds(s->records); i++) {
        const record_kind *kind = records_kind_at(s->records, i);
        if (kind && kind->declared) metrics_integer(p, "", kind->rows.used, "kind", kind->name, NULL);
    }
    if (s->passwords)
        one(p, "murelay_passwords_queued", METRIC_GAUGE, NULL,
            "passwords to be hashed or checked, in hand ones included", (int64_t)password_pool_waiting(s->passwords));
}

static void write_counters(metrics_page *p) {
    for (int i = 0; i < COUNTER_COUNT_; i++) {
        const counter_about *about = counter_info(i);
        char name[96];
        size_t n = strlen(about->name);
        bool sized = n > 6 && strcmp(about->name + n - 6, "_bytes") == 0;
        snprintf(name, sizeof name, "murelay_%s", about->name);
        one(p, name, about->gauge ? METRIC_GAUGE : METRIC_COUNTER, sized ? "bytes" : NULL, about->text, counter_get(i));
    }
}

/* -- the database ------------------------------------------------------------------------------------------------- */

static void write_store(const server *s, metrics_page *p) {
    if (!s->store) return;
    store_counts c;
    store_count(s->store, &c);
    one(p, "murelay_store_queued", METRIC_GAUGE, NULL, "jobs for the database, in hand ones included",
        (int64_t)c.waiting);
    one(p, "murelay_store_queued_bytes", METRIC_GAUGE, "bytes", "memory of those jobs and their results",
        (int64_t)c.waiting_bytes);
    metrics_family(p, "murelay_store_batches", METRIC_COUNTER, NULL, "batches of writes");
    metrics_integer(p, "_total", (int64_t)c.batches, "result", "saved", NULL);
    metrics_integer(p, "_total", (int64_t)c.failed, "result", "refused", NULL);
    int64_t bounds[STORE_SLOTS];
    for (int i = 0; i < STORE_SLOTS; i++) bounds[i] = store_slot_us[i] * 1000;
    metrics_family(p, "murelay_store_group_seconds", METRIC_HISTOGRAM, "seconds",
                   "groups of batches that were committed together, from the first statement to the disk");
    metrics_histogram(p, bounds, c.group_slots, STORE_SLOTS, c.group_us * 1000, NULL, NULL);
    metrics_family(p, "murelay_store_read_seconds", METRIC_SUMMARY, "seconds", "reads, and the time they took");
    metrics_integer(p, "_count", (int64_t)c.reads, NULL);
    metrics_seconds(p, "_sum", c.read_us * 1000, NULL);
    one(p, "murelay_store_read_groups", METRIC_COUNTER, NULL, "times that the reader went over its queue",
        (int64_t)c.read_groups);
    metrics_family(p, "murelay_store_transactions", METRIC_COUNTER, NULL, "exclusive transactions");
    metrics_integer(p, "_total", (int64_t)(c.transactions - c.transactions_expired), "result", "ended", NULL);
    metrics_integer(p, "_total", (int64_t)c.transactions_expired, "result", "expired", NULL);
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

/* The routes of one protocol, a family at a time: samples of a family stand together. */
static void write_routes(metrics_page *p, const char *protocol) {
    char name[96];
#define FAMILY(what, type, unit, help)                                                                                 \
    snprintf(name, sizeof name, "murelay_%s_%s", protocol, what);                                                      \
    metrics_family(p, name, type, unit, help);                                                                         \
    for (const route_stats *r = route_stats_first(); r; r = r->next)                                                   \
        if (strcmp(r->protocol, protocol) == 0)
    FAMILY("route_requests", METRIC_COUNTER, NULL, "requests, by route")
    metrics_integer(p, "_total", (int64_t)r->requests, "route", r->name, NULL);
    FAMILY("route_failures", METRIC_COUNTER, NULL, "requests answered with an error, by route")
    metrics_integer(p, "_total", (int64_t)r->failed, "route", r->name, NULL);
    FAMILY("route_seconds", METRIC_HISTOGRAM, "seconds",
           "from request to answer, waiting included, by route; one request in 16 is timed")
    metrics_histogram(p, route_bounds, r->slots, ROUTE_BOUNDS, r->whole_ns, "route", r->name);
    FAMILY("route_lua_seconds", METRIC_SUMMARY, "seconds",
           "time inside the scripts, waiting left out, by route; of the same timed requests") {
        metrics_integer(p, "_count", (int64_t)r->timed, "route", r->name, NULL);
        metrics_seconds(p, "_sum", r->lua_ns, "route", r->name, NULL);
    }
    if (strcmp(protocol, "blaze") != 0) return;
    FAMILY("route_codec_seconds", METRIC_SUMMARY, "seconds",
           "time in C that decodes the request and encodes the answer, by route; of the same timed requests") {
        metrics_integer(p, "_count", (int64_t)r->timed, "route", r->name, NULL);
        metrics_seconds(p, "_sum", r->codec_ns, "route", r->name, NULL);
    }
#undef FAMILY
}

static void write_errors(const server *s, metrics_page *p) {
    size_t count;
    const route_error *e = route_errors(&count);
    const generation *g = s->engine ? engine_current(s->engine) : NULL;
    const blaze_names *names = g ? blaze_tables_of(g)->names : NULL;
    metrics_family(p, "murelay_blaze_errors_by_name", METRIC_COUNTER, NULL, "errors answered, by component and name");
    for (size_t i = 0; i < count; i++) {
        char code[16], number[16];
        const blaze_component *c = names ? blaze_component_numbered(names, e[i].component) : NULL;
        const char *name = names ? blaze_error_name(names, e[i].component, e[i].code) : NULL;
        snprintf(code, sizeof code, "0x%04X", e[i].code);
        snprintf(number, sizeof number, "0x%04X", e[i].component);
        metrics_integer(p, "_total", (int64_t)e[i].count, "component", c ? c->name : number, "error",
                        name ? name : code, NULL);
    }
    metrics_family(p, "murelay_http_replies", METRIC_COUNTER, NULL, "HTTP answers, by status");
    for (int status = 100; status < 600; status++) {
        char code[16];
        if (!http_replies(status)) continue;
        snprintf(code, sizeof code, "%d", status);
        metrics_integer(p, "_total", (int64_t)http_replies(status), "code", code, NULL);
    }
}

void metrics_write(const server *s, metrics_page *p) {
    write_process(p);
    write_scripts(s, p);
    write_live(s, p);
    write_counters(p);
    write_store(s, p);
    write_routes(p, "blaze");
    write_routes(p, "http");
    write_errors(s, p);
    metrics_end(p);
}

/* -- the listener ------------------------------------------------------------------------------------------------- */

static void on_request(void *ctx, http_request *r) {
    http_header allow = {HTTP_TEXT("allow"), HTTP_TEXT("GET, HEAD")};
    http_header type = {HTTP_TEXT("content-type"), HTTP_TEXT(METRICS_CONTENT_TYPE)};
    if (r->path.n != 8 || memcmp(r->path.p, "/metrics", 8) != 0) {
        http_reply(r, 404, NULL, 0, HTTP_TEXT("See /metrics\n"));
        return;
    }
    if (!r->head && strcmp(r->method, "GET") != 0) {
        http_reply(r, 405, &allow, 1, (bytes){0});
        return;
    }
    metrics_page p = {0};
    metrics_write(ctx, &p);
    if (p.text.failed)
        http_reply(r, 503, NULL, 0, (bytes){0});
    else
        http_reply(r, 200, &type, 1, buf_bytes(&p.text));
    metrics_free(&p);
}

void metrics_accept(server *s, stream *connection) {
    static http_config config = {.request = on_request, .max_body = 1};
    config.ctx = s; /* one server a process */
    http_accept(connection, &config);
}
