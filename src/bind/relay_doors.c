/* relay_doors.c: UDP doors: what mu.listen is for connections. A door that a new generation declares is bound while
 * that generation is checked, so that a port which is taken refuses it; a door whose place stays is kept open, with
 * everything on its way. */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "bind/relay.h"
#include "relay/datagrams.h"
#include "script/declare.h"

typedef struct udp_door {
    char name[32], address[64];
    uint16_t port; /* as declared */
    int socket;    /* bound in check, 0 = none */
    bool declared;
} udp_door;

typedef struct udp_doors {
    udp_door doors[RELAY_PORTS];
    int64_t keep_alive_us, expire_us; /* the settings tunnel.…; 0 = as relay/router.h has it */
    uint32_t datagrams;
} udp_doors;

/* The doors that are open; `socket` is what the relay has. Loop thread, and a build's check. */
static udp_door live[RELAY_PORTS];

static udp_doors *doors_of(generation *g);

/* ---- declaring ---- */

static const char *text_field(lua_State *L, const char *key, size_t room) {
    lua_getfield(L, 1, key);
    size_t n = 0;
    const char *text = lua_isnil(L, -1) ? "" : lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : NULL;
    if (!text || n >= room || strlen(text) != n) {
        generation_error_here(L, "mu.relay.listen: '%s' must be a text of at most %d characters", key, (int)room - 1);
        return NULL;
    }
    return text;
}

static bool flag(lua_State *L, const char *key) {
    lua_getfield(L, 1, key);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

static int listen_declare(lua_State *L) {
    udp_doors *all = doors_of(generation_of(L));
    const char *name = text_field(L, "name", sizeof all->doors[0].name);
    const char *address = text_field(L, "address", sizeof all->doors[0].address);
    lua_getfield(L, 1, "port");
    int whole = 0;
    lua_Integer port = lua_tointegerx(L, -1, &whole);
    if (!name || !address) return 0;
    if (!*name) generation_error_here(L, "mu.relay.listen: a door needs a name");
    if (!whole || lua_type(L, -1) != LUA_TNUMBER || port < 0 || port > 65535) {
        generation_error_here(L, "mu.relay.listen: 'port' must be a number from 0 to 65535 (0: any free one)");
        return 0;
    }
    bool tunnel = flag(L, "tunnel"), qos = flag(L, "qos");
    if (tunnel == qos) {
        generation_error_here(L,
                              "mu.relay.listen: '%s' must be for tunnels (tunnel = true) or for quality of service "
                              "(qos = true)",
                              name);
        return 0;
    }
    int which = RELAY_TUNNEL;
    if (qos) which = all->doors[RELAY_QOS].declared ? RELAY_QOS_SECOND : RELAY_QOS;
    udp_door *d = &all->doors[which];
    if (d->declared) {
        generation_error_here(L, "mu.relay.listen: there is one door for tunnels and there are two for quality of "
                                 "service at most");
        return 0;
    }
    d->declared = true;
    d->port = (uint16_t)port;
    strcpy(d->name, name);
    strcpy(d->address, address);
    return 0;
}

static int port_of(lua_State *L) {
    const char *name = lua_tostring(L, 1);
    for (int i = 0; i < RELAY_PORTS; i++)
        if (live[i].declared && strcmp(live[i].name, name) == 0) {
            lua_pushinteger(L, live[i].socket ? datagrams_port(live[i].socket) : 0);
            return 1;
        }
    lua_pushnil(L);
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.relay.listen",
     .params = "door: table",
     .returns = "",
     .text =
         "Declares a UDP door: { name, address, port, tunnel = true } for game datagrams of players' clients (one), "
         "or { …, qos = true } for the game's probes (two at most). Doors open when the generation becomes the "
         "running one; a port that is taken refuses it.",
     .errors = "fields of a wrong type, too many doors",
     .example = "mu.relay.listen { name = \"example\", address = \"127.0.0.1\", port = 0, tunnel = true }",
     .since = "0.1",
     .flags = SCRIPT_LOAD_ONLY,
     .call = listen_declare},
    {.name = "mu.relay.port",
     .params = "name: string",
     .returns = "integer?",
     .text = "The port an open UDP door really has; nil when no door of that name is open.",
     .errors = "",
     .example = "mu.relay.port \"no such door\" == nil",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = port_of},
};

/* ---- a generation's life ---- */

static udp_doors *doors_of(generation *g) { return g->slots[SLOT_RELAY]; }

int relay_doors_open(generation *g, lua_State *L) {
    udp_doors *all = calloc(1, sizeof *all);
    if (!all) return E_MEMORY;
    g->slots[SLOT_RELAY] = all;
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

/* mu.config.tunnel.<key> as a whole number; 0 where the settings do not have it. */
static int64_t setting(lua_State *L, const char *key) {
    const char *const path[] = {"config", "tunnel", key};
    int top = lua_gettop(L);
    lua_getglobal(L, "mu");
    for (int i = 0; i < 3 && lua_istable(L, -1); i++) lua_getfield(L, -1, path[i]);
    int64_t n = lua_istable(L, -1) ? 0 : (int64_t)lua_tointeger(L, -1);
    lua_settop(L, top);
    return n;
}

static bool stays(const udp_door *d, const udp_door *old) {
    bool same = old->declared && old->socket && d->port == old->port && strcmp(d->address, old->address) == 0;
    return same && (d->port || strcmp(d->name, old->name) == 0);
}

int relay_doors_check(generation *g) {
    udp_doors *all = doors_of(g);
    const server *s = engine_server(g->engine);
    int rc = 0;
    if (!s || !s->relay) return 0;
    all->keep_alive_us = setting(g->L, "keep_alive_seconds") * 1000000;
    all->expire_us = setting(g->L, "expire_seconds") * 1000000;
    all->datagrams = (uint32_t)setting(g->L, "datagrams_per_second");
    for (int i = 0; i < RELAY_PORTS; i++) {
        udp_door *d = &all->doors[i];
        fault f = {0};
        if (!d->declared || stays(d, &live[i])) continue;
        d->socket = datagrams_bind(d->address, d->port, &f);
        if (d->socket > 0) continue;
        d->socket = 0;
        generation_error(g, NULL, 0, "%s", f.text);
        rc = f.code;
    }
    return rc;
}

void relay_doors_enter(generation *g) {
    udp_doors *all = doors_of(g);
    server *s = engine_server(g->engine);
    if (!s || !s->relay) return;
    relay_set(s->relay, all->keep_alive_us, all->expire_us, all->datagrams);
    for (int i = 0; i < RELAY_PORTS; i++) {
        udp_door *d = &all->doors[i];
        int socket = d->socket;
        d->socket = 0;
        if (d->declared && !socket) { /* kept, perhaps by another name */
            socket = live[i].socket;
        } else if (d->declared || live[i].declared) {
            relay_serve(s->relay, (enum relay_port)i, socket ? socket : -1);
            if (!d->declared) log_info("net", "closed: door %s", live[i].name);
        }
        if (d->declared && socket != live[i].socket)
            log_info("net", "door %s %s:%d (%s)", d->name, d->address[0] ? d->address : "::", datagrams_port(socket),
                     i == RELAY_TUNNEL ? "udp, tunnels" : "udp, quality of service");
        live[i] = *d;
        live[i].socket = socket;
    }
}

void relay_doors_close(generation *g) {
    udp_doors *all = doors_of(g);
    for (int i = 0; all && i < RELAY_PORTS; i++)
        if (all->doors[i].socket > 0) close(all->doors[i].socket); /* bound, but never entered */
    free(all);
}
