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
#include "bind/metric_values.h"
#include "bind/metrics_list.h"
#include "bind/net.h"
#include "bind/relay.h"
#include "bind/route_stats.h"
#include "crypto/password.h"
#include "net/http.h"
#include "records/records.h"
#include "script/engine.h"
#include "store/store.h"

static const metric_about listed[M_COUNT_] = {
#define X(id, name, type, unit, labels, text) {name, METRIC_##type, unit, labels, text},
    METRICS_LIST(X)
#undef X
};

const metric_about *metrics_info(enum metrics_id id) { return &listed[id]; }

static void family(metrics_page *p, enum metrics_id id) {
    metrics_family(p, listed[id].name, listed[id].type, listed[id].unit, listed[id].text);
}

static void one(metrics_page *p, enum metrics_id id, int64_t n) {
    family(p, id);
    metrics_integer(p, listed[id].type == METRIC_COUNTER ? "_total" : "", n, NULL);
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
        family(p, M_PROCESS_CPU);
        metrics_seconds(p, "_total", nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime), NULL);
    }
    one(p, M_PROCESS_MEMORY, resident_bytes());
    one(p, M_PROCESS_FDS, open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) one(p, M_PROCESS_MAX_FDS, (int64_t)files.rlim_cur);
    family(p, M_BUILD);
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
    family(p, M_SCRIPTS);
    metrics_integer(p, "_info", 1, "generation", number, "hash", g->hash, NULL);
    one(p, M_GENERATION, g->number);
    one(p, M_GENERATIONS_LIVE, c.generations_live);
    one(p, M_SCRIPTS_MEMORY, (int64_t)c.memory);
    family(p, M_RELOADS);
    metrics_integer(p, "_total", (int64_t)c.reloads, "result", "good", NULL);
    metrics_integer(p, "_total", (int64_t)c.reloads_failed, "result", "refused", NULL);
    one(p, M_TASKS, c.tasks_live);
    one(p, M_TASKS_QUEUED, c.tasks_ready);
    one(p, M_TASKS_STARTED, (int64_t)c.tasks_started);
    family(p, M_TASKS_ENDED);
    metrics_integer(p, "_total", (int64_t)c.tasks_failed, "reason", "error", NULL);
    metrics_integer(p, "_total", (int64_t)c.tasks_killed, "reason", "limit", NULL);
    metrics_integer(p, "_total", (int64_t)c.tasks_timed_out, "reason", "timeout", NULL);
    one(p, M_BURSTS_LONG, (int64_t)c.bursts_long);
    one(p, M_WAKES_STALE, (int64_t)c.wakes_stale);
}

/* -- connections and records -------------------------------------------------------------------------------------- */

static void tell_door(void *ctx, const char *name, uint32_t connections) {
    metrics_integer(ctx, "", connections, "door", name, NULL);
}

static void write_live(const server *s, metrics_page *p) {
    family(p, M_DOORS);
    net_each_door(tell_door, p);
    family(p, M_RECORDS);
    for (uint32_t i = 1; s->records && i <= records_kinds(s->records); i++) {
        const record_kind *kind = records_kind_at(s->records, i);
        if (kind && kind->declared) metrics_integer(p, "", kind->rows.used, "kind", kind->name, NULL);
    }
    if (s->passwords) one(p, M_PASSWORDS, (int64_t)password_pool_waiting(s->passwords));
}

static void write_counters(metrics_page *p) {
    for (int i = 0; i < COUNTER_COUNT_; i++) {
        const counter_about *about = counter_info(i);
        char name[96];
        size_t n = strlen(about->name);
        bool sized = n > 6 && strcmp(about->name + n - 6, "_bytes") == 0;
        snprintf(name, sizeof name, "murelay_%s", about->name);
        metrics_family(p, name, about->gauge ? METRIC_GAUGE : METRIC_COUNTER, sized ? "bytes" : NULL, about->text);
        metrics_integer(p, about->gauge ? "" : "_total", counter_get(i), NULL);
    }
}

/* -- the database ------------------------------------------------------------------------------------------------- */

static void write_store(const server *s, metrics_page *p) {
    if (!s->store) return;
    store_counts c;
    store_count(s->store, &c);
    one(p, M_STORE_QUEUED, (int64_t)c.waiting);
    one(p, M_STORE_BYTES, (int64_t)c.waiting_bytes);
    family(p, M_STORE_BATCHES);
    metrics_integer(p, "_total", (int64_t)c.batches, "result", "saved", NULL);
    metrics_integer(p, "_total", (int64_t)c.failed, "result", "refused", NULL);
    int64_t bounds[STORE_SLOTS];
    for (int i = 0; i < STORE_SLOTS; i++) bounds[i] = store_slot_us[i] * 1000;
    family(p, M_STORE_GROUPS);
    metrics_histogram(p, bounds, c.group_slots, STORE_SLOTS, c.group_us * 1000, NULL, NULL);
    family(p, M_STORE_READS);
    metrics_integer(p, "_count", (int64_t)c.reads, NULL);
    metrics_seconds(p, "_sum", c.read_us * 1000, NULL);
    one(p, M_STORE_READ_GROUPS, (int64_t)c.read_groups);
    family(p, M_STORE_TRANSACTIONS);
    metrics_integer(p, "_total", (int64_t)(c.transactions - c.transactions_expired), "result", "ended", NULL);
    metrics_integer(p, "_total", (int64_t)c.transactions_expired, "result", "expired", NULL);
}

/* -- requests ----------------------------------------------------------------------------------------------------- */

/* The routes of one protocol, a family at a time: samples of a family stand together. Its families follow one another
 * in the list, from `first` on. */
static void write_routes(metrics_page *p, const char *protocol, enum metrics_id first) {
#define EACH_ROUTE(id)                                                                                                 \
    family(p, id);                                                                                                     \
    for (const route_stats *r = route_stats_first(); r; r = r->next)                                                   \
        if (strcmp(r->protocol, protocol) == 0)
    EACH_ROUTE(first)
    metrics_integer(p, "_total", (int64_t)r->requests, "route", r->name, NULL);
    EACH_ROUTE(first + 1)
    metrics_integer(p, "_total", (int64_t)r->failed, "route", r->name, NULL);
    EACH_ROUTE(first + 2)
    metrics_histogram(p, route_bounds, r->slots, ROUTE_BOUNDS, r->whole_ns, "route", r->name);
    EACH_ROUTE(first + 3) {
        metrics_integer(p, "_count", (int64_t)r->timed, "route", r->name, NULL);
        metrics_seconds(p, "_sum", r->lua_ns, "route", r->name, NULL);
    }
    if (first != M_BLAZE_REQUESTS) return;
    EACH_ROUTE(M_BLAZE_CODEC) {
        metrics_integer(p, "_count", (int64_t)r->timed, "route", r->name, NULL);
        metrics_seconds(p, "_sum", r->codec_ns, "route", r->name, NULL);
    }
#undef EACH_ROUTE
}

static void write_errors(const server *s, metrics_page *p) {
    size_t count;
    const route_error *e = route_errors(&count);
    const generation *g = s->engine ? engine_current(s->engine) : NULL;
    const blaze_names *names = g ? blaze_tables_of(g)->names : NULL;
    family(p, M_BLAZE_ERRORS);
    for (size_t i = 0; i < count; i++) {
        char code[16], number[16];
        const blaze_component *c = names ? blaze_component_numbered(names, e[i].component) : NULL;
        const char *name = names ? blaze_error_name(names, e[i].component, e[i].code) : NULL;
        snprintf(code, sizeof code, "0x%04X", e[i].code);
        snprintf(number, sizeof number, "0x%04X", e[i].component);
        metrics_integer(p, "_total", (int64_t)e[i].count, "component", c ? c->name : number, "error",
                        name ? name : code, NULL);
    }
    family(p, M_HTTP_REPLIES);
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
    relay_write_metrics(s, p);
    write_routes(p, "blaze", M_BLAZE_REQUESTS);
    write_routes(p, "http", M_HTTP_REQUESTS);
    write_errors(s, p);
    metric_values_write(p);
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
