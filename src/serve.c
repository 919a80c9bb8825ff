/* serve.c: the life of one server: folders, keys, database, scripts, doors; then the loop; then a clean end.
 *
 * Start: everything that can fail, fails before the first door opens, each with one sentence. Reload (SIGHUP): a new
 * generation of the scripts beside the running one. End (SIGTERM, SIGINT): no new connections, requests in hand are
 * answered, what was accepted for saving is committed, exit 0, all within END_US.
 *
 * What it does not do: decide anything about the game (scripts), know a protocol (bind/). */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "bind/asset_file.h"
#include "bind/bind.h"
#include "bind/blaze.h"
#include "bind/console.h"
#include "bind/inspect.h"
#include "bind/content.h"
#include "bind/net.h"
#include "bind/metric_values.h"
#include "bind/ranking.h"
#include "bind/relay.h"
#include "bind/route_stats.h"
#include "bind/scripts.h"
#include "bind/scripts_watch.h"
#include "bind/server.h"
#include "bind/timer.h"
#include "crypto/certificate.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "crypto/ssl3.h"
#include "net/loop.h"
#include "net/tls.h"
#include "records/records.h"
#include "script/engine.h"
#include "store/store.h"

#define END_US      1500000 /* for requests in hand at the end, in all */
#define END_STEP_US 10000

typedef struct service {
    server server;
    const serve_options *options;
    char scripts[512], own_scripts[512], migrations[512], config[512], own_config[512], set_config[512], database[512],
        assets[512];
    char tls_certificate[512], tls_key[512];
    script_root roots[3];
    const char *configs[4];
    certificate game;
    ssl3_config ssl3;
    loop_timer end_timer;
    loop_item hand_over; /* of the store's jobs, at the end of a turn */
    loop_item log;       /* the turn's lines */
    int64_t end_by;
    bool ending;
    int lock; /* of the data folder, held until the end */
} service;

static service me; /* one a process: signals have to find it */

static void post(void *ctx, void (*fn)(void *), void *arg) { loop_post(ctx, fn, arg); }

static void later(void *ctx, void (*fn)(void *), void *arg) {
    me.hand_over.fn = fn;
    me.hand_over.ctx = arg;
    loop_turn_end(ctx, &me.hand_over);
}

static void flush_log(void *ctx) { log_flush(); }

static void ask_flush(void *ctx) { loop_turn_end(me.server.loop, &me.log); }

/* ---- start ---- */

static int make_folder(const char *path, fault *f) {
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return 0;
    return fault_set(f, E_IO, "the folder %s cannot be made: %s", path, strerror(errno));
}

/* Two servers on one database would each believe the other's players offline. */
static int lock_folder(fault *f) {
    char path[512];
    fault why;
    snprintf(path, sizeof path, "%s/lock", me.options->data);
    me.lock = lock_file(path, &why);
    if (me.lock >= 0) return 0;
    if (why.code != E_BUSY) return fault_set(f, why.code, "%s", why.text);
    return fault_set(f, E_BUSY,
                     "a server runs on the data folder %s already (%s): stop it, or give this one a folder of its own "
                     "with --data",
                     me.options->data, why.text);
}

static void name_files(void) {
    const serve_options *o = me.options;
    snprintf(me.scripts, sizeof me.scripts, "%s/scripts", o->home);
    snprintf(me.own_scripts, sizeof me.own_scripts, "%s/scripts", o->data);
    snprintf(me.migrations, sizeof me.migrations, "%s/scripts/migrations", o->home);
    snprintf(me.config, sizeof me.config, "%s", o->config ? o->config : "");
    if (!o->config) snprintf(me.config, sizeof me.config, "%s/config.lua", o->home);
    snprintf(me.own_config, sizeof me.own_config, "%s/config.lua", o->data);
    snprintf(me.set_config, sizeof me.set_config, "%s/config.set.lua", o->data); /* what `config set` writes */
    snprintf(me.database, sizeof me.database, "%s/murelay.db", o->data);
    snprintf(me.assets, sizeof me.assets, "%s/assets", o->home);
    snprintf(me.tls_certificate, sizeof me.tls_certificate, "%s/%s", o->data, CERTIFICATE_TLS_CERT);
    snprintf(me.tls_key, sizeof me.tls_key, "%s/%s", o->data, CERTIFICATE_TLS_KEY);
    me.roots[0] = (script_root){me.own_scripts, "data/scripts"};
    me.roots[1] = (script_root){me.scripts, "scripts"};
    me.configs[0] = me.config;
    me.configs[1] = me.own_config;
    me.configs[2] = me.set_config;
}

static int make_keys(fault *f) {
    certificate tls = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/secret.bin", me.options->data);
    int code = secret_open(&me.server.secret, path, f);
    if (code == 0) code = certificate_ensure_game(me.options->data, CERTIFICATE_GAME_HOST, &me.game, f);
    if (code == 0) code = certificate_ensure_tls(me.options->data, NULL, &tls, f);
    certificate_free(&tls);
    if (code < 0) return code;
    me.ssl3 = (ssl3_config){.role = SSL3_SERVER, .key = me.game.key, .certificate = buf_bytes(&me.game.der)};
    me.server.ssl3 = &me.ssl3;
    me.server.tls = tls_identity_load(me.tls_certificate, me.tls_key, f);
    return me.server.tls ? 0 : E_CONFIG;
}

static int open_store(fault *f) {
    store_options o = {
        .path = me.database, .migrations = me.migrations, .post = post, .post_ctx = me.server.loop, .later = later};
    return store_open(&me.server.store, &o, f);
}

static void describe(void *ctx, handle subject, char *out, size_t size) { blaze_describe_session(subject, out, size); }

static int make_engine(fault *f) {
    engine_options o = {
        .host = bind_host(&me.server),
        .roots = me.roots,
        .config_files = me.configs,
        .overrides = me.options->sets,
        .modules = bind_modules,
        .data_dir = me.options->data,
        .asset_dir = me.assets,
        .server = &me.server,
        .describe = describe,
    };
    me.server.engine = engine_new(&o, f);
    if (!me.server.engine) return f->code;
    int code = bind_join(&me.server, f);
    return code < 0 ? code : engine_load(me.server.engine, f);
}

/* As many descriptors as the system allows: each player is one. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int start(fault *f) {
    raise_descriptor_limit();
    name_files();
    me.server.data_dir = me.options->data;
    int code = make_folder(me.options->data, f);
    if (code == 0) code = lock_folder(f);
    if (code == 0) code = make_keys(f);
    if (code < 0) return code;
    if (!(me.server.loop = loop_new(f))) return f->code;
    if (!(me.server.records = records_new(f))) return f->code;
    if (!(me.server.timers = timers_new(0, f))) return f->code;
    if ((code = open_store(f)) < 0) return code;
    password_options pool = {.post = post, .post_ctx = me.server.loop};
    if (!(me.server.passwords = password_pool_new(&pool, f))) return f->code;
    return make_engine(f);
}

/* ---- signals ---- */

static void on_reload(void *ctx, int signum) {
    if (!me.ending) scripts_change(&me.server, ENGINE_RELOAD, "SIGHUP", NULL, NULL);
}

static void on_reopen(void *ctx, int signum) {
    fault f;
    if (log_reopen(&f) < 0) log_error("log", "%s", f.text);
}

static void engine_stopped(void *ctx) { loop_stop(me.server.loop); }

static void end_step(void *ctx) {
    if (blaze_sessions_busy() && clock_mono_us() < me.end_by) return;
    loop_timer_stop(&me.end_timer);
    blaze_sessions_close_all(0);
    int64_t left = me.end_by - clock_mono_us();
    engine_stop(me.server.engine, left > 0 ? left : 0, engine_stopped, NULL);
}

static void on_end(void *ctx, int signum) {
    if (me.ending) return;
    me.ending = true;
    me.end_by = clock_mono_us() + END_US;
    log_info("serve", "ending: %zu sessions, %zu with a request in hand", blaze_sessions_count(),
             blaze_sessions_busy());
    net_close_doors(&me.server);
    console_stop();
    loop_timer_start(me.server.loop, &me.end_timer, 0, END_STEP_US, end_step, NULL);
}

/* ---- end ---- */

static void finish(void) {
    inspect_stop();
    timer_drive_stop();
    scripts_watch_stop();
    relay_bind_stop(&me.server);
    if (me.server.store) store_close(me.server.store);
    if (me.server.passwords) password_pool_close(me.server.passwords);
    if (me.server.loop) loop_free(me.server.loop);
    if (me.server.engine) engine_free(me.server.engine);
    store_free(me.server.store);
    password_pool_free(me.server.passwords);
    blaze_sessions_stop();
    asset_files_close();
    content_close();
    route_stats_free();
    metric_values_free();
    ranking_boards_free();
    if (me.server.timers) timers_free(me.server.timers);
    if (me.server.records) records_free(me.server.records);
    tls_identity_drop(me.server.tls);
    certificate_free(&me.game);
    secret_free(me.server.secret);
    lock_release(me.lock);
}

int serve(const serve_options *o) {
    fault f = {0};
    me.options = o;
    signal(SIGPIPE, SIG_IGN);
    if (start(&f) < 0) {
        fprintf(stderr, "murelay: cannot start: %s\n", f.text);
        const char *report = me.server.engine ? engine_report(me.server.engine) : "";
        if (*report && strcmp(report, f.text) != 0)
            fprintf(stderr, "%s\n", report); /* every error, not the first only */
        finish();
        return 1;
    }
    scripts_watch_start(&me.server);
    loop_signal(me.server.loop, SIGHUP, on_reload, NULL);
    loop_signal(me.server.loop, SIGUSR1, on_reopen, NULL);
    loop_signal(me.server.loop, SIGTERM, on_end, NULL);
    loop_signal(me.server.loop, SIGINT, on_end, NULL);
    generation *g = engine_current(me.server.engine);
    if (console_start(&me.server, &f) < 0) log_warn("console", "there is no console: %s", f.text);
    log_info("serve", "murelay %s is ready: generation %u (%s), data in %s", MU_VERSION, g->number, g->hash, o->data);
    me.log.fn = flush_log;
    log_gather(ask_flush, NULL);
    loop_run(me.server.loop);
    log_gather(NULL, NULL);
    finish();
    log_info("serve", "ended cleanly");
    return 0;
}
