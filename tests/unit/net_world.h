/* net_world.h: the engine on a real loop, with doors, for the tests of the bind files that speak over the network.
 *
 *     world_script("mu.http.get('/x', { handle = function() return { text = 'hi' } end })");  int fd = knock();
 *
 * main.lua opens one door called "web" on a free port for whatever the script declares. */
#ifndef NET_WORLD_H
#define NET_WORLD_H

#include "net_testing.h"
#include "script_host.h"

#include "bind/http.h"
#include "bind/http_client.h"
#include "bind/json.h"
#include "bind/net.h"
#include "bind/server.h"
#include "crypto/certificate.h"
#include "crypto/ssl3.h"
#include "net/tls.h"

#include <openssl/evp.h>

static struct world w;
static server sv;
static loop_item pump_item;
static loop_timer pump_timer;

static const script_module *const net_modules[] = {&module_test,        &module_json, &module_http,
                                                   &module_http_client, &module_net,  NULL};

static inline void pump_now(void *ctx) { engine_pump(w.engine); }
static inline void on_pump_soon(void *ctx) { loop_turn_end(sv.loop, &pump_item); }

static inline void on_wake_at(void *ctx, int64_t at) {
    loop_timer_start(sv.loop, &pump_timer, at - clock_mono_us(), 0, pump_now, NULL);
}

static inline void on_work(void *ctx, void (*run)(void *), void (*done)(void *), void *arg) {
    assert_int_equal(loop_work(sv.loop, run, done, arg), 0);
}

static inline void world_prepare(const char *script) {
    fault f;
    memset(&sv, 0, sizeof sv);
    world_open(&w);
    pump_item = (loop_item){.fn = pump_now};
    pump_timer = (loop_timer){0};
    sv.loop = loop_new(&f);
    w.options.host = (engine_host){.work = on_work, .pump_soon = on_pump_soon, .wake_at = on_wake_at};
    w.options.modules = net_modules;
    w.options.server = &sv;
    char *text;
    assert_true(asprintf(&text,
                         "mu.listen { name = 'web', address = '127.0.0.1', port = 0, protocols = { 'http', "
                         "'blaze' } }\n%s\n",
                         script) > 0);
    world_write(&w, "scripts/main.lua", text);
    free(text);
}

static inline int world_begin(void) {
    fault f = {0};
    sv.engine = w.engine = engine_new(&w.options, &f);
    assert_non_null(w.engine);
    return engine_load(w.engine, &f);
}

static inline void world_script(const char *script) {
    world_prepare(script);
    if (world_begin() < 0) fail_msg("%s", engine_report(w.engine));
}

static inline void world_end(void) {
    net_close_doors(&sv);
    engine_stop(w.engine, 0, world_stopped, &w);
    turn_until(sv.loop, w.stopped);
    engine_counts c;
    engine_get_counts(w.engine, &c);
    assert_int_equal(c.tasks_live, 0);
    loop_free(sv.loop);
    engine_free(w.engine);
    log_set_sink(NULL, NULL);
    nftw(w.root, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The port of an open door, by the log line that its opening wrote. */
static inline uint16_t door_port(const char *name) {
    char want[64];
    snprintf(want, sizeof want, "door %s ", name);
    const char *at = NULL;
    for (const char *p = w.log; (p = strstr(p, want)); p++) at = p;
    if (!at) fail_msg("no door %s in the log:\n%s", name, w.log);
    return (uint16_t)atoi(strchr(at + strlen(want), ':') + 1);
}

static inline int knock(void) { return dial(door_port("web")); }

/* One request on a connection of its own; the whole answer. */
static inline const char *ask(const char *request) {
    static char got[1 << 20];
    int fd = knock();
    say(sv.loop, fd, request);
    shutdown(fd, SHUT_WR);
    hear_all(sv.loop, fd, got, sizeof got);
    close(fd);
    return got;
}

/* Runs a handler of main.lua and gives its outcome's text. */
static inline const char *run_handler(const char *name) {
    static struct outcome o;
    world_call(&w, name, &o);
    turn_until(sv.loop, o.calls);
    return o.code ? o.text : o.result;
}

#endif
