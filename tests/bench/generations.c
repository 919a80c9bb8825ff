/* generations.c: many reloads in a row, every fifth of them broken in another way, under players who log in, ping, save
 * and load: the play of the issue, at full size.
 *
 * 150 players send the mixed load, 50 more log in by password again and again, all as fast as they are answered. What
 * is edited is a file of a mod. What has to hold: every reply comes, right and in order, and no connection drops; a
 * broken edit changes nothing and its error is in the log with file and line; afterwards one generation is alive and
 * the scripts take the memory they took before. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench/mixed.h"
#include "bench/page.h"
#include "bench/usage.h"

#define BROKEN 10
#define WARM   5 /* reloads before memory is looked at for the first time */

static const char probe_config[] = "return { mods = { \"probe\" }, limits = { load_seconds = 1, memory_mib = 64 } }\n";

static const char mod[] = "return mu.mod {\n"
                          "  name = \"probe\", version = \"1.0\", text = \"is edited again and again\",\n"
                          "  setup = function(mod) require \"mods.probe.part\"(mod) end,\n"
                          "}\n";

static const char good[] = "return function(mod)\n"
                           "  mod.override(\"util.ping\", function(super, session, request)\n"
                           "    return super(session, request), %u\n"
                           "  end)\n"
                           "end\n";

/* What part.lua says, and what the log has to say of it. NULL: the file is not there. */
static const struct {
    const char *what, *text, *expected;
} broken[BROKEN] = {
    {"syntax", "return function(mod)\n  local x =\nend\n", "mods/probe/part.lua:3: unexpected symbol near 'end'"},
    {"load error", "\nerror \"out of order\"\n", "mods/probe/part.lua:2: out of order"},
    {"unknown field",
     "return function(mod)\n  mu.component(\"Playgroups\").createPlaygroup {\n    respnse = 1, handle = print }\nend\n",
     "mods/probe/part.lua:2: Playgroups.createPlaygroup: a route has no 'respnse'"},
    {"removed file", NULL, "mods/probe/mod.lua:3: require 'mods.probe.part': there is no such file"},
    {"endless loop", "while true do end\n", "loading takes longer than 1 s (limits.load_seconds)"},
    {"renamed handler", "return function(mod)\n  mod.override(\"util.pong\", print)\nend\n",
     "mods/probe/part.lua:2: mod probe: there is no \"util.pong\" to override"},
    {"memory hog", "local t = {}\nfor i = 1, 1e9 do t[i] = { i } end\n",
     "loading needs more memory than 64 MiB (limits.memory_mib)"},
    {"duplicate", "return function(mod)\n  mu.component(\"Util\").ping { handle = print }\nend\n",
     "mods/probe/part.lua:2: Util.ping is declared twice"},
    {"unknown event", "return function(mod)\n  mu.on(\"session_opend\", print)\nend\n",
     "mods/probe/part.lua:2: mu.on: there is no event 'session_opend'; did you mean 'session_opened'?"},
    {"self-check", "return function(mod)\n  mu.check(\"nothing\", function() error(\"is right\") end)\nend\n",
     "mods/probe/part.lua:2: is right"},
};

typedef struct editor {
    bench *b;
    pthread_t thread;
    unsigned wanted, done, refused, every; /* every so many-th is broken */
    double memory[2], pss[2];
    atomic_bool begun, over;
    int rc;
    fault why;
} editor;

static int write_part(editor *e, unsigned number) {
    char text[400];
    snprintf(text, sizeof text, good, number);
    return process_write(&e->b->server, "data/scripts/mods/probe/part.lua", text, &e->why);
}

static int break_part(editor *e, unsigned way) {
    char path[600];
    if (broken[way].text)
        return process_write(&e->b->server, "data/scripts/mods/probe/part.lua", broken[way].text, &e->why);
    snprintf(path, sizeof path, "%s/data/scripts/mods/probe/part.lua", e->b->server.folder);
    return unlink(path) == 0 ? 0 : E_IO;
}

/* One reload, and what the log has to say within 30 s. */
static int reload(editor *e, const char *expected, const char *what) {
    struct stat log;
    if (stat(e->b->server.log, &log) < 0) return E_IO;
    int rc = process_signal(&e->b->server, SIGHUP);
    if (rc == 0) rc = process_wait_log(&e->b->server, (long)log.st_size, expected, 30);
    if (rc < 0) fault_set(&e->why, rc, "reload %u (%s): the log does not say '%s'", e->done, what, expected);
    return rc;
}

static void *edit(void *context) {
    editor *e = context;
    while (!atomic_load(&e->begun) && !atomic_load(&e->over)) usleep(1000);
    for (; e->rc == 0 && e->done < e->wanted; e->done++) {
        unsigned way = e->done / e->every % BROKEN;
        if (e->done % e->every == e->every - 1) {
            e->rc = break_part(e, way);
            if (e->rc == 0) e->rc = reload(e, broken[way].expected, broken[way].what);
            e->refused++;
        } else {
            e->rc = write_part(e, e->done);
            if (e->rc == 0) e->rc = reload(e, "is running", "a good one");
        }
        usleep(20000);
    }
    atomic_store(&e->over, true);
    return NULL;
}

static bool edits_over(void *context) { return atomic_load(&((editor *)context)->over); }
static void edits_begin(void *context, bool end) { atomic_store(&((editor *)context)->begun, !end); }

/* ── the players who log in ──────────────────────────────────────────────────────────────────────────────────────── */

typedef struct comers {
    pthread_t thread;
    load_plan plan;
    load_result result;
    buf *requests;
    int rc;
    fault why;
} comers;

static void *come(void *context) {
    comers *c = context;
    c->rc = load_run(&c->plan, &c->result, &c->why);
    return NULL;
}

static int comers_prepare(bench *b, comers *c, editor *e, unsigned first, unsigned count, fault *f) {
    int rc = bench_accounts(b, first + count, f);
    c->requests = calloc(count, sizeof *c->requests);
    if (rc < 0 || !c->requests) return rc < 0 ? rc : E_MEMORY;
    for (unsigned i = 0; i < count; i++) {
        char email[64];
        snprintf(email, sizeof email, "player%u@bench.test", first + i);
        wire_login(&c->requests[i], email, WIRE_PASSWORD);
    }
    c->plan = (load_plan){.port = bench_port(b),
                          .door = DOOR_UPGRADE,
                          .connections = count,
                          .depth = 1,
                          .seconds = 300,
                          .requests = c->requests,
                          .request_count = count,
                          .drain = true,
                          .over = edits_over,
                          .context = e};
    return 0;
}

static int right(const load_result *r, const char *what, fault *f) {
    if (r->wrongs > 0)
        return fault_set(f, E_PROTOCOL, "%s: %llu wrong replies; %s", what, (unsigned long long)r->wrongs, r->wrong);
    return r->replies == 0 ? fault_set(f, E_TIMEOUT, "%s: no reply", what) : 0;
}

/* Everybody plays until so many edits have been made. */
static int act(bench *b, mixed *m, comers *c, editor *e, unsigned until, load_result *r, fault *f) {
    load_plan p = mixed_plan(b, m, 1);
    p.warm = 0, p.replies = 0, p.seconds = 600, p.over = edits_over, p.mark = edits_begin, p.context = e;
    e->wanted = until;
    atomic_store(&e->begun, false), atomic_store(&e->over, false);
    if (pthread_create(&e->thread, NULL, edit, e) != 0) return fault_set(f, E_SYSTEM, "cannot start a thread");
    bool coming = pthread_create(&c->thread, NULL, come, c) == 0;
    int rc = load_run(&p, r, f);
    if (rc < 0) atomic_store(&e->over, true);
    if (coming) pthread_join(c->thread, NULL);
    pthread_join(e->thread, NULL);
    if (rc == 0 && e->rc < 0) *f = e->why, rc = e->rc;
    if (rc == 0 && (!coming || c->rc < 0)) rc = fault_set(f, E_SYSTEM, "logins: %.300s", c->why.text);
    if (rc == 0) rc = right(r, "the mixed load", f);
    return rc == 0 ? right(&c->result, "logins", f) : rc;
}

/* ── memory, when everybody has left ─────────────────────────────────────────────────────────────────────────────── */

#define MIB          1048576.0
#define SCRIPTS_MORE 1.0 /* MiB that a fresh generation may take more than one before it */
#define PROCESS_MORE 8.0 /* MiB that the process may */

static int look(editor *e, int at, fault *f) {
    int port = process_port(&e->b->server, "metrics");
    e->pss[at] = usage_memory_kb(e->b->server.pid) / 1024;
    int rc = page_figure(port, "murelay_scripts_memory_bytes", &e->memory[at], f);
    e->memory[at] /= MIB;
    return rc;
}

/* A generation lives as long as the slowest login that began in it, on any machine. */
static int alone(editor *e, fault *f) {
    double live = 0;
    int rc = 0;
    for (int i = 0; i < 1200 && live != 1 && rc == 0; i++, usleep(50000))
        rc = page_figure(process_port(&e->b->server, "metrics"), "murelay_generations_live", &live, f);
    return rc == 0 && live != 1 ? fault_set(f, E_PROTOCOL, "%.0f generations are alive", live) : rc;
}

/* A fresh generation and nobody there. */
static int rest(editor *e, int at, fault *f) {
    int rc = write_part(e, 1000 + (unsigned)at);
    if (rc == 0) rc = reload(e, "is running", "a quiet one");
    if (rc < 0) return *f = e->why, rc;
    rc = alone(e, f);
    return rc == 0 ? look(e, at, f) : rc;
}

/* The last of what was closed may still be on its way back. */
static int settled(editor *e, fault *f) {
    int rc = rest(e, 1, f);
    for (int i = 0; rc == 0; i++, usleep(100000)) {
        bool pages = e->b->smoke || e->pss[1] <= e->pss[0] + PROCESS_MORE;
        if (pages && e->memory[1] <= e->memory[0] + SCRIPTS_MORE) return 0;
        if (i == 100) break;
        rc = look(e, 1, f);
    }
    return rc < 0 ? rc
                  : fault_set(f, E_LIMIT, "scripts took %.1f MiB before and %.1f now, the process %.1f MiB and %.1f",
                              e->memory[0], e->memory[1], e->pss[0], e->pss[1]);
}

static void remove_probe(bench *b) {
    static const char *const files[] = {"data/scripts/mods/probe/part.lua", "data/scripts/mods/probe/mod.lua",
                                        "data/config.lua"};
    char path[600];
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", b->server.folder, files[i]);
        unlink(path);
    }
    process_signal(&b->server, SIGHUP);
}

void bench_generations(bench *b) {
    fault f = {0};
    mixed m = {0};
    unsigned connections = b->connections, comers_count = b->smoke ? 4 : 50;
    comers *c = calloc(1, sizeof *c);
    editor *e = calloc(1, sizeof *e);
    load_result *r = calloc(1, sizeof *r);
    b->connections = b->smoke ? 8 : 150;
    int rc = c && e && r ? mixed_prepare(b, &m, &f) : E_MEMORY;
    if (rc == 0) e->b = b, e->every = b->smoke ? 2 : 5;
    if (rc == 0) rc = comers_prepare(b, c, e, b->connections, comers_count, &f);
    if (rc == 0) rc = process_write(&b->server, "data/scripts/mods/probe/mod.lua", mod, &f);
    if (rc == 0) rc = process_write(&b->server, "data/config.lua", probe_config, &f);
    int64_t begin = clock_mono_us();
    if (rc == 0) rc = act(b, &m, c, e, WARM, r, &f);
    if (rc == 0) rc = rest(e, 0, &f);
    uint64_t replies = r ? r->replies : 0, logins = c ? c->result.replies : 0;
    if (rc == 0) rc = act(b, &m, c, e, BROKEN * e->every, r, &f);
    double seconds = (double)(clock_mono_us() - begin) / 1e6;
    if (rc == 0) rc = settled(e, &f);
    if (rc == 0 && !b->smoke)
        bench_print(
            b,
            "| %u reloads in %.1f s, %u of them broken in %d ways, under %u players (mixed load) and %u who log "
            "in by password: %llu replies, %llu logins, none lost, wrong, dropped or out of order | scripts "
            "%.1f MiB after %d reloads, %.1f MiB after all; process %.1f MiB, %.1f MiB; longest reply of the mixed "
            "load %.0f ms | nothing lost | |\n",
            e->done, seconds, e->refused, BROKEN, b->connections, comers_count,
            (unsigned long long)(replies + r->replies), (unsigned long long)(logins + c->result.replies), e->memory[0],
            WARM, e->memory[1], e->pss[0], e->pss[1], r->longest_us / 1000);
    bench_tell(b, "generations", rc, &f);
    remove_probe(b);
    b->connections = connections;
    for (unsigned i = 0; c && c->requests && i < comers_count; i++) buf_free(&c->requests[i]);
    if (c) free(c->requests);
    mixed_free(&m);
    free(c), free(e), free(r);
}
