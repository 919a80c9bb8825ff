/* relay.c: mu.relay in Lua: who plays with whom, and what became of tunnels. See relay.h.
 *
 * Scripts name a game's members by association; the relay binds whatever tunnel an association has, now or later. So a
 * script has to say something only when a game changes, and a tunnel that comes back is bound without asking it. */
#include "bind/relay.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"
#include "net/stream.h"
#include "script/declare.h"
#include "script/event.h"
#include "script/task.h"

#define UUID_CHARS 36

/* ---- associations ---- */

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool relay_uuid_read(const char *text, size_t n, uint8_t out[ROUTER_UUID]) {
    if (n != UUID_CHARS) return false;
    for (size_t i = 0, k = 0; i < n; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-') return false;
            continue;
        }
        int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0) return false;
        out[k++] = (uint8_t)(high << 4 | low);
        i++;
    }
    return true;
}

void relay_uuid_write(const uint8_t u[ROUTER_UUID], char text[37]) {
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3],
             u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

/* ---- news ---- */

typedef struct news_list {
    size_t n;
    router_event events[];
} news_list;

static void set_text(lua_State *L, const char *key, const char *text) {
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_number(lua_State *L, const char *key, lua_Integer n) {
    lua_pushinteger(L, n);
    lua_setfield(L, -2, key);
}

static void set_address(lua_State *L, const relay_address *a) {
    char host[RELAY_ADDRESS_TEXT];
    relay_address_host(a, host);
    set_text(L, "address", host);
    set_number(L, "port", relay_address_port(a));
}

static void push_event(lua_State *L, const router_event *e) {
    static const char *const words[] = {"opened", "moved", "refused", "closed"};
    char uuid[37];
    lua_createtable(L, 0, 7);
    relay_uuid_write(e->uuid, uuid);
    set_text(L, "news", words[e->news]);
    set_text(L, "why", e->why);
    set_number(L, "id", e->id);
    set_text(L, "association", uuid);
    lua_pushboolean(L, e->link != 0);
    lua_setfield(L, -2, "http");
    if (!e->link) {
        set_address(L, &e->address);
        return;
    }
    stream *s = stream_find(server_of(L)->loop, (handle){(uint32_t)(e->link >> 32), (uint32_t)e->link});
    set_text(L, "address", s ? stream_peer(s) : "");
    set_number(L, "port", s ? stream_peer_port(s) : 0);
}

static int push_news(lua_State *L, void *ctx) {
    const news_list *list = ctx;
    luaL_checkstack(L, 8, "tunnels");
    lua_createtable(L, (int)list->n, 0);
    for (size_t i = 0; i < list->n; i++) {
        push_event(L, &list->events[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static void news_done(void *ctx, const fault *why) { free(ctx); }

static void on_news(void *ctx, const router_event *events, size_t n) {
    server *s = ctx;
    for (size_t i = 0; i < n; i++)
        if (events[i].news == NEWS_CLOSED && events[i].link) relay_http_ended(s, events[i].link);
    news_list *list = malloc(sizeof *list + n * sizeof *events);
    if (!list || !s->engine || !engine_current(s->engine)) {
        free(list);
        return;
    }
    list->n = n;
    memcpy(list->events, events, n * sizeof *events);
    engine_event(s->engine, "tunnels", (handle){0, 0}, push_news, news_done, list);
}

/* ---- life ---- */

static int post(void *to, void (*fn)(void *ctx), void *ctx) { return loop_post(to, fn, ctx); }

int relay_bind_start(server *s, fault *f) {
    if (s->client || !s->loop) return 0;
    relay_options o = {
        .secret = s->secret, .post = post, .post_ctx = s->loop, .news = on_news, .frames = relay_http_frames, .ctx = s};
    s->relay = relay_new(&o, f);
    if (!s->relay) return f->code;
    relay_http_start(s);
    return 0;
}

void relay_bind_stop(server *s) {
    relay *r = s->relay;
    s->relay = NULL;
    relay_free(r);
}

/* ---- functions ---- */

static relay *relay_of(lua_State *L, const char *what) {
    const server *s = server_of(L);
    if (!s || !s->relay) luaL_error(L, "%s: this program has no relay", what);
    return s->relay;
}

static int set_pool(lua_State *L) {
    relay *r = server_of(L)->relay; /* a program of tests may have games and no relay */
    lua_Integer id = lua_tointeger(L, 1);
    uint8_t places[ROUTER_PLACES][ROUTER_UUID] = {{0}};
    size_t count = 0;
    luaL_argcheck(L, id >= 0 && id <= UINT32_MAX, 1, "must be 0 … 4294967295");
    sandbox_real(L, 2);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        int whole = 0;
        lua_Integer index = lua_tointegerx(L, -2, &whole);
        size_t n = 0;
        const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
        if (lua_type(L, -2) != LUA_TNUMBER || !whole || index < 0 || index >= ROUTER_PLACES)
            return luaL_error(L, "mu.relay.pool: an index must be 0 … %d", ROUTER_PLACES - 1);
        if (!relay_uuid_read(text, n, places[index]))
            return luaL_error(L, "mu.relay.pool: the member at %d must be an association id", (int)index);
        if ((size_t)index >= count) count = (size_t)index + 1;
    }
    if (r) relay_pool(r, (uint32_t)id, (const uint8_t(*)[ROUTER_UUID])places, count);
    return 0;
}

static int wake(lua_State *L) {
    relay *r = relay_of(L, "mu.relay.wake");
    lua_Integer port = lua_tointeger(L, 2), id = lua_tointeger(L, 3);
    relay_address to;
    luaL_argcheck(L, port > 0 && port <= 65535, 2, "must be 1 … 65535");
    luaL_argcheck(L, id >= 0 && id <= UINT32_MAX, 3, "must be 0 … 4294967295");
    luaL_argcheck(L, relay_address_read(lua_tostring(L, 1), (uint16_t)port, &to) == 0, 1, "must be an address");
    relay_wake(r, &to, (uint32_t)id);
    return 0;
}

typedef struct asking {
    engine *engine;
    task_token token;
    bool answered;
    router_report report;
    int64_t now_us;
} asking;

static void set_ways(lua_State *L, const char *key, const uint64_t ways[ROUTER_PLACES]) {
    lua_createtable(L, 0, ROUTER_PLACES);
    for (int i = 0; i < ROUTER_PLACES; i++)
        if (ways[i]) {
            lua_pushinteger(L, (lua_Integer)ways[i]);
            lua_rawseti(L, -2, i);
        }
    lua_setfield(L, -2, key);
}

static int push_report(lua_State *L, void *ctx) {
    const asking *a = ctx;
    const router_report *r = &a->report;
    if (!a->answered) return luaL_error(L, "mu.relay.report: the relay has ended");
    lua_pushnil(L);
    if (!r->known) return 1;
    lua_createtable(L, 0, 14);
    set_number(L, "received", (lua_Integer)r->in);
    set_number(L, "sent", (lua_Integer)r->out);
    if (r->last_drop >= 0) {
        set_text(L, "last_error", router_drop_texts[r->last_drop]);
        lua_pushnumber(L, (double)(a->now_us - r->last_drop_us) / 1e6);
        lua_setfield(L, -2, "last_error_ago");
    }
    if (r->in_pool) {
        set_number(L, "game", r->pool);
        set_number(L, "index", r->index);
        set_ways(L, "sent_to", r->sent);
        set_ways(L, "lost_to", r->lost);
    }
    if (!r->has_tunnel) return 1;
    set_number(L, "id", r->id);
    set_text(L, "kind", r->http ? "http" : "udp");
    lua_pushnumber(L, (double)(a->now_us - r->heard_us) / 1e6);
    lua_setfield(L, -2, "silent_for");
    lua_pushnumber(L, (double)(a->now_us - r->opened_us) / 1e6);
    lua_setfield(L, -2, "age");
    if (!r->http) set_address(L, &r->address);
    return 1;
}

static void reported(void *ctx, const router_report *report, int64_t now_us) {
    asking *a = ctx;
    a->answered = report != NULL;
    if (report) a->report = *report, a->now_us = now_us;
    task_wake(a->engine, a->token, push_report, a, free);
}

static int report(lua_State *L) {
    relay *r = relay_of(L, "mu.relay.report");
    uint8_t uuid[ROUTER_UUID];
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    luaL_argcheck(L, relay_uuid_read(text, n, uuid), 1, "must be an association id");
    task_token t = task_suspend(L, "mu.relay.report");
    asking *a = calloc(1, sizeof *a);
    if (a) *a = (asking){.engine = generation_of(L)->engine, .token = t};
    if (a && relay_report(r, uuid, reported, a) == 0) return task_yield(L, t);
    free(a);
    task_suspend_cancel(L, t);
    return luaL_error(L, "out of memory");
}

static int counts(lua_State *L) {
    relay_counts c;
    relay_count(relay_of(L, "mu.relay.counts"), &c);
    lua_createtable(L, 0, 12);
    set_number(L, "tunnels", c.router.tunnels);
    set_number(L, "tunnels_http", c.router.tunnels_http);
    set_number(L, "games", c.router.pools);
    set_number(L, "forwarded", (lua_Integer)c.router.out);
    set_number(L, "forwarded_bytes", (lua_Integer)c.router.out_bytes);
    set_number(L, "opened", (lua_Integer)c.router.opened);
    set_number(L, "expired", (lua_Integer)c.router.expired);
    set_number(L, "moved", (lua_Integer)c.router.moved);
    set_number(L, "moves_refused", (lua_Integer)c.router.moves_refused);
    set_number(L, "probes", (lua_Integer)c.probes);
    lua_createtable(L, 0, DROP_REASONS);
    for (int i = 0; i < DROP_REASONS; i++) set_number(L, router_drop_names[i], (lua_Integer)c.router.drops[i]);
    lua_setfield(L, -2, "drops");
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.relay.pool",
     .params = "game: integer, members: table",
     .returns = "",
     .text =
         "Says who is in a game: { [0] = host's association, [2] = … } by tunnel index; {} when it is over. The whole "
         "of it each time anything has changed. Tunnels are bound by association, whether they are there already or "
         "come later.",
     .errors = "an index outside 0 … 7, a member that is no association id",
     .example = "mu.relay.pool(1, {})",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = set_pool},
    {.name = "mu.relay.wake",
     .params = "address: string, port: integer, id: integer",
     .returns = "",
     .text = "Tells the client at an address that the tunnel it has is not known any more: it asks for a new one. For "
             "tunnels that were live before a restart.",
     .errors = "what is no address",
     .example = "mu.relay.wake(\"127.0.0.1\", 9, 1234)",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = wake},
    {.name = "mu.relay.report",
     .params = "association: string",
     .returns = "table?",
     .text = "What the relay knows of an association: received and sent (datagrams of the game), last_error and "
             "last_error_ago in seconds; in a game: game, index, sent_to and lost_to by index; with a tunnel: id, kind "
             "\"udp\"|\"http\", silent_for and age in seconds, address, port. nil when it has neither tunnel nor game.",
     .errors = "what is no association id",
     .example = "mu.relay.report(mu.token.read_association(mu.token.association())) == nil",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = report},
    {.name = "mu.relay.counts",
     .params = "",
     .returns = "table",
     .text = "Figures of the relay since the start: tunnels, tunnels_http, games (now); forwarded, forwarded_bytes, "
             "opened, expired, moved, moves_refused, probes; drops by reason.",
     .errors = "",
     .example = "mu.relay.counts().tunnels >= 0",
     .since = "0.1",
     .flags = SCRIPT_RUN_ONLY,
     .call = counts},
};

static int open_relay(generation *g, lua_State *L) {
    script_event_declare(g, "tunnels", "news: table",
                         "tunnels were opened, moved or closed: a list of what became of each");
    int code = script_declare(L, functions, sizeof functions / sizeof functions[0]);
    return code < 0 ? code : relay_doors_open(g, L);
}

const script_module module_relay = {.name = "relay",
                                    .open = open_relay,
                                    .check = relay_doors_check,
                                    .enter = relay_doors_enter,
                                    .close = relay_doors_close};
