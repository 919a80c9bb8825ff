/* net.c: mu.listen and mu.listener_port; see net.h.
 *
 * The idea: a declaration is a plain struct. `check` compares the declared ones with the live doors (which only `enter`
 * changes, and builds and swaps never overlap) and binds what is new; `enter` moves the bound sockets into listeners.
 * Live doors belong to the process, not to a generation. */
#include "bind/net.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bind/http.h"
#include "bind/metrics.h"
#include "bind/server.h"
#include "bind/telemetry.h"
#include "net/loop.h"
#include "net/tls.h"
#include "script/declare.h"

#define DOORS_MAX         32
#define TELEMETRY_AT_ONCE 4096
#define METRICS_AT_ONCE   64
#define CONNECTIONS_MAX   200000

typedef struct door {
    char name[32], address[64];
    uint16_t port;
    unsigned protocols;
    bool prefer_ssl3, telemetry, metrics;
    int socket;         /* bound in check, 0 = none */
    listener *listener; /* live doors only */
} door;

/* What one generation declares. */
typedef struct declared {
    door doors[DOORS_MAX];
    int count;
} declared;

/* The doors that are open, and the server they lead into. One a process: signals and tasks find it without a state. */
static struct {
    door doors[DOORS_MAX];
    int count;
} live;

static void (*serve_frames)(stream *s);

void net_serve_frames(void (*accept)(stream *s)) { serve_frames = accept; }

/* -- connections -------------------------------------------------------------------------------------------------- */

static void accept_telemetry(void *ctx, stream *s, enum protocol inner, listener *l) { telemetry_accept(ctx, s); }

static void accept_any(void *ctx, stream *s, enum protocol inner, listener *l) {
    if (inner == PROTOCOL_HTTP)
        http_door_accept(ctx, s);
    else if (serve_frames)
        serve_frames(s);
}

static void accept_metrics(void *ctx, stream *s, enum protocol inner, listener *l) { metrics_accept(ctx, s); }

static listener_config config_of(const server *s, const door *d) {
    listener_config c = {.name = d->name,
                         .address = d->address[0] ? d->address : NULL,
                         .port = d->port,
                         .protocols = d->protocols,
                         .prefer_ssl3 = d->prefer_ssl3,
                         .ssl3 = s->ssl3,
                         .tls = s->tls,
                         .max_connections = CONNECTIONS_MAX,
                         .accept = accept_any,
                         .ctx = (void *)s};
    if (d->telemetry) {
        c.immediate = true;
        c.accept = accept_telemetry;
        c.max_connections = TELEMETRY_AT_ONCE;
    }
    if (d->metrics) {
        c.accept = accept_metrics;
        c.max_connections = METRICS_AT_ONCE;
    }
    return c;
}

/* -- declaring ---------------------------------------------------------------------------------------------------- */

static const char *const keys[] = {"name", "address", "port", "protocols", "prefer", "telemetry", "metrics"};
static const char *const protocol_names[] = {"ssl3", "tls", "http", "blaze"};
static const unsigned protocol_bits[] = {PROTOCOL_SSL3, PROTOCOL_TLS, PROTOCOL_HTTP, PROTOCOL_BLAZE};

static void unknown(lua_State *L, const char *what, const char *word, const char *const *known, size_t count) {
    const char *near = script_nearest(word, known, count);
    if (near)
        generation_error_here(L, "mu.listen: unknown %s '%s'; did you mean '%s'?", what, word, near);
    else
        generation_error_here(L, "mu.listen: unknown %s '%s'", what, word);
}

static void check_keys(lua_State *L) {
    sandbox_real(L, 1); /* it comes from mu.config as a rule, and that is read-only */
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "[not a name]";
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) known |= strcmp(key, keys[i]) == 0;
        if (!known) unknown(L, "key", key, keys, sizeof keys / sizeof keys[0]);
    }
    lua_settop(L, 1);
}

/* A text field into `to`; false and an error when it is none or too long. */
static bool take_text(lua_State *L, const char *key, char *to, size_t room) {
    lua_getfield(L, 1, key);
    size_t n = 0;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
    bool fine = lua_isnil(L, -1) || (lua_type(L, -1) == LUA_TSTRING && n < room && strlen(text) == n);
    if (fine)
        memcpy(to, text, n + 1);
    else
        generation_error_here(L, "mu.listen: '%s' must be a text of at most %d characters", key, (int)room - 1);
    lua_pop(L, 1);
    return fine;
}

static void take_protocols(lua_State *L, door *d) {
    if (lua_getfield(L, 1, "protocols") != LUA_TTABLE && !lua_isnil(L, -1))
        generation_error_here(L, "mu.listen: 'protocols' must be a list, e.g. { \"http\", \"blaze\" }");
    for (lua_Integer i = 1; lua_istable(L, -1) && lua_geti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
        const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "[not a name]";
        unsigned bit = 0;
        for (int k = 0; k < 4; k++)
            if (strcmp(word, protocol_names[k]) == 0) bit = protocol_bits[k];
        if (!bit) unknown(L, "protocol", word, protocol_names, 4);
        d->protocols |= bit;
    }
    lua_settop(L, 1);
    if (d->metrics && !d->telemetry) { /* its protocols are not to be chosen */
        if (d->protocols)
            generation_error_here(L, "mu.listen: '%s': a metrics listener serves HTTP and TLS, name no protocols",
                                  d->name);
        d->protocols = PROTOCOL_HTTP | PROTOCOL_TLS;
        return;
    }
    if (!d->protocols && !d->telemetry) generation_error_here(L, "mu.listen: '%s' serves no protocol", d->name);
    if (d->protocols && d->telemetry)
        generation_error_here(L, "mu.listen: '%s': a telemetry listener serves no protocols", d->name);
}

static void take_prefer(lua_State *L, door *d) {
    lua_getfield(L, 1, "prefer");
    const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    d->prefer_ssl3 = word && strcmp(word, "ssl3") == 0;
    if (!lua_isnil(L, -1) && (!word || (!d->prefer_ssl3 && strcmp(word, "tls") != 0)))
        generation_error_here(L, "mu.listen: 'prefer' must be \"ssl3\" or \"tls\"");
    lua_pop(L, 1);
}

static int listen_declare(lua_State *L) {
    declared *all = generation_of(L)->slots[SLOT_NET];
    door d = {0};
    check_keys(L);
    bool fine = take_text(L, "name", d.name, sizeof d.name) && take_text(L, "address", d.address, sizeof d.address);
    lua_getfield(L, 1, "port");
    int whole = 0;
    lua_Integer port = lua_tointegerx(L, -1, &whole);
    if (!whole || lua_type(L, -1) != LUA_TNUMBER || port < 0 || port > 65535) {
        generation_error_here(L, "mu.listen: 'port' must be a number from 0 to 65535 (0: any free one)");
        fine = false;
    }
    d.port = (uint16_t)port;
    lua_getfield(L, 1, "telemetry");
    d.telemetry = lua_toboolean(L, -1);
    lua_getfield(L, 1, "metrics");
    d.metrics = lua_toboolean(L, -1);
    if (d.metrics && d.telemetry) generation_error_here(L, "mu.listen: '%s' is for metrics or for telemetry", d.name);
    lua_settop(L, 1);
    take_protocols(L, &d);
    take_prefer(L, &d);
    if (!d.name[0]) generation_error_here(L, "mu.listen: a listener needs a name");
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->doors[i].name, d.name) == 0)
            generation_error_here(L, "mu.listen: there are two listeners named '%s'", d.name);
    if (all->count == DOORS_MAX)
        generation_error_here(L, "mu.listen: more than %d listeners", DOORS_MAX);
    else if (fine)
        all->doors[all->count++] = d;
    return 0;
}

static int listener_port_of(lua_State *L) {
    const char *name = lua_tostring(L, 1);
    for (int i = 0; i < live.count; i++)
        if (strcmp(live.doors[i].name, name) == 0) {
            lua_pushinteger(L, listener_port(live.doors[i].listener));
            return 1;
        }
    return luaL_error(L, "mu.listener_port: no listener named '%s' is open", name);
}

static const script_function functions[] = {
    {.name = "mu.listen",
     .params = "listener: table",
     .returns = "",
     .text = "Declares a door: { name, address, port, protocols = { \"ssl3\", \"tls\", \"http\", \"blaze\" }, prefer = "
             "\"ssl3\"|\"tls\", telemetry = true, metrics = true }. The first bytes of a connection decide among the "
             "protocols; `prefer` "
             "decides for a hello that offers both SSLv3 and TLS; a telemetry door raises telemetry_message; a metrics "
             "door shows /metrics. Doors open "
             "when the generation becomes the running one; a port that is taken refuses it.",
     .errors = "unknown keys and protocols, two listeners of one name",
     .example = "mu.listen { name = \"example\", address = \"127.0.0.1\", port = 0, protocols = { \"http\" } }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = listen_declare},
    {.name = "mu.listener_port",
     .params = "name: string",
     .returns = "integer",
     .text = "The port an open listener really has; of use where it was declared with port 0.",
     .errors = "no listener of that name is open",
     .example = "mu.listener_port \"http\" > 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = listener_port_of},
};

/* -- a generation's life ------------------------------------------------------------------------------------------ */

static int net_open(generation *g, lua_State *L) {
    declared *all = calloc(1, sizeof *all);
    if (!all) return E_MEMORY;
    g->slots[SLOT_NET] = all;
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

/* The live door that goes on as d: the same address and port; for port 0 the same name as well. */
static door *same_place(const door *d) {
    for (int i = 0; i < live.count; i++) {
        door *o = &live.doors[i];
        if (o->port == d->port && strcmp(o->address, d->address) == 0 && (d->port || strcmp(o->name, d->name) == 0))
            return o;
    }
    return NULL;
}

static int net_check(generation *g) {
    declared *all = g->slots[SLOT_NET];
    const server *s = engine_server(g->engine);
    if (!s || !s->loop || s->client) return 0;
    int rc = 0;
    for (int i = 0; i < all->count; i++) {
        door *d = &all->doors[i];
        fault f = {0};
        if (d->metrics && !s->tls) d->protocols = PROTOCOL_HTTP;
        listener_config c = config_of(s, d);
        if ((d->protocols & PROTOCOL_SSL3 && !s->ssl3) || (d->protocols & PROTOCOL_TLS && !s->tls))
            fault_set(&f, E_CONFIG, "listener \"%s\" serves %s but this server has no certificate for it", d->name,
                      d->protocols & PROTOCOL_SSL3 && !s->ssl3 ? "SSLv3" : "TLS");
        else if (!same_place(d))
            d->socket = listener_bind(&c, &f);
        if (f.code >= 0) continue;
        d->socket = 0;
        generation_error(g, NULL, 0, "%s", f.text);
        rc = f.code;
    }
    return rc;
}

static void describe(const door *d, const char *what) {
    char list[64] = "";
    for (int k = 0; k < 4; k++)
        if (d->protocols & protocol_bits[k]) strcat(strcat(list, *list ? ", " : ""), protocol_names[k]);
    log_info("net", "%s %s %s:%d (%s)", what, d->name, d->address[0] ? d->address : "::", listener_port(d->listener),
             d->telemetry ? "telemetry"
             : d->metrics ? "metrics"
                          : list);
}

static bool open_door(server *s, door *d, listener *kept) {
    fault f = {0};
    listener_config c = config_of(s, d);
    c.socket = d->socket;
    d->socket = 0;
    d->listener = kept;
    if (kept && listener_update(kept, &c, &f) == 0) return true;
    if (!kept && (d->listener = listener_open(s->loop, &c, &f))) {
        describe(d, "door");
        return true;
    }
    log_error("net", "%s", f.text);
    return kept != NULL;
}

static void net_enter(generation *g) {
    declared *all = g->slots[SLOT_NET];
    server *s = engine_server(g->engine);
    if (!s || !s->loop || s->client) return;
    door now[DOORS_MAX];
    int count = 0;
    listener *kept[DOORS_MAX] = {0};
    for (int i = 0; i < all->count; i++) {
        door *old = same_place(&all->doors[i]);
        if (old) kept[i] = old->listener, old->listener = NULL;
    }
    for (int i = 0; i < live.count; i++) {
        if (!live.doors[i].listener) continue;
        describe(&live.doors[i], "closed: door");
        listener_close(live.doors[i].listener);
    }
    for (int i = 0; i < all->count; i++) {
        now[count] = all->doors[i];
        all->doors[i].socket = 0;
        if (open_door(s, &now[count], kept[i])) count++;
    }
    memcpy(live.doors, now, sizeof now[0] * (size_t)count);
    live.count = count;
}

static void net_close(generation *g) {
    declared *all = g->slots[SLOT_NET];
    for (int i = 0; all && i < all->count; i++)
        if (all->doors[i].socket > 0) close(all->doors[i].socket); /* bound, but never entered */
    free(all);
}

void net_each_door(void (*tell)(void *ctx, const char *name, uint32_t connections), void *ctx) {
    for (int i = 0; i < live.count; i++) tell(ctx, live.doors[i].name, listener_connections(live.doors[i].listener));
}

void net_close_doors(server *s) {
    for (int i = 0; i < live.count; i++) listener_close(live.doors[i].listener);
    live.count = 0;
}

const script_module module_net = {
    .name = "net", .open = net_open, .check = net_check, .enter = net_enter, .close = net_close};
