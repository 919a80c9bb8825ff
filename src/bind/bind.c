/* bind.c: the list of modules, and the event loop as the engine sees it.
 *
 * A new Lua table is a new file in this folder and a new line here. */
#include "bind/bind.h"

#include "base/clock.h"
#include "bind/asset.h"
#include "bind/blaze.h"
#include "bind/client.h"
#include "bind/config.h"
#include "bind/console.h"
#include "bind/content.h"
#include "bind/crypto.h"
#include "bind/declared.h"
#include "bind/file.h"
#include "bind/http.h"
#include "bind/http_client.h"
#include "bind/inspect.h"
#include "bind/json.h"
#include "bind/log.h"
#include "bind/metric.h"
#include "bind/mods.h"
#include "bind/net.h"
#include "bind/ranking.h"
#include "bind/record.h"
#include "bind/relay.h"
#include "bind/scripts.h"
#include "bind/store.h"
#include "bind/tdf_module.h"
#include "bind/telemetry.h"
#include "bind/time.h"
#include "bind/time_zone.h"
#include "bind/timer.h"
#include "bind/tls.h"
#include "net/loop.h"

const script_module *const bind_modules[] = {
    &module_log,
    &module_time,
    &module_time_zone,
    &module_asset,
    &module_file,
    &module_json,
    &module_tdf,
    &module_record,
    &module_timer,
    &module_ranking,
    &module_store,
    &module_crypto,
    &module_blaze,
    &module_http,
    &module_http_client,
    &module_client,
    &module_tls,
    &module_net,
    &module_console,
    &module_metric,
    &module_scripts,
    &module_inspect,
    &module_declared,
    &module_relay,
    &module_mods,
    &module_content,
    &module_config,
    &module_telemetry,
    NULL,
};

int bind_join(server *s, fault *f) {
    int code = timer_drive(s, f);
    if (code == 0) code = blaze_sessions_start(s->engine, s->records, f);
    if (code == 0) code = relay_bind_start(s, f);
    if (code < 0) return code;
    net_serve_frames(blaze_accept);
    http_set_upgrade("blaze", blaze_accept_upgrade);
    return 0;
}

/* ---- the loop as the engine's host ---- */

static struct {
    server *server;
    loop_timer timer;
    loop_item item;
} host;

static void pump(void *ctx) { engine_pump(host.server->engine); }

static void host_work(void *ctx, void (*run)(void *), void (*done)(void *), void *arg) {
    if (loop_work(host.server->loop, run, done, arg) == 0) return;
    run(arg); /* no worker to be had: better late than never */
    done(arg);
}

static void host_pump_soon(void *ctx) { loop_turn_end(host.server->loop, &host.item); }

static void host_wake_at(void *ctx, int64_t mono_us) {
    int64_t delay = mono_us - clock_mono_us();
    loop_timer_start(host.server->loop, &host.timer, delay > 0 ? delay : 0, 0, pump, NULL);
}

engine_host bind_host(server *s) {
    host.server = s;
    host.item = (loop_item){.fn = pump};
    return (engine_host){.work = host_work, .pump_soon = host_pump_soon, .wake_at = host_wake_at};
}
