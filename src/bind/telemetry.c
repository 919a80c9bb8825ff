/* telemetry.c: see telemetry.h. */
#include "bind/telemetry.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "base/log.h"
#include "base/malformed.h"
#include "bind/server.h"
#include "codec/telemetry.h"
#include "script/declare.h"
#include "script/event.h"
#include "script/task.h"

#define SILENCE_US       ((int64_t)600 * 1000000) /* a telemetry connection may be silent for so long */
#define KEEP_MAX         ((size_t)128 * 1024)
#define MESSAGES_AT_ONCE 256
#define LINES_MAX        64
#define EVENTS_MAX       1000
#define FIELDS_MAX       64

/* ---- from the listener ---- */

typedef struct message {
    char address[64];
    size_t n;
    uint8_t lines[];
} message;

static int waiting; /* messages that scripts have not finished with; one server a process */

/* A TLM3 line in plain text, any other as it came. */
static void push_value(lua_State *L, bytes key, bytes value) {
    static buf plain; /* one thread; survives a Lua error */
    buf_clear(&plain);
    if (telemetry_is(key, "TLM3") && telemetry_reveal(value, &plain) == 0) value = buf_bytes(&plain);
    lua_createtable(L, 2, 0);
    lua_pushlstring(L, (const char *)key.p, key.n);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, value.n ? (const char *)value.p : "", value.n);
    lua_rawseti(L, -2, 2);
}

static int push_message(lua_State *L, void *ctx) {
    const message *m = ctx;
    bytes lines = {m->lines, m->n}, key, value;
    lua_Integer n = 0;
    luaL_checkstack(L, 8, "telemetry");
    lua_pushstring(L, m->address);
    lua_newtable(L);
    while (n < LINES_MAX && telemetry_next_line(&lines, &key, &value)) {
        push_value(L, key, value);
        lua_rawseti(L, -2, ++n);
    }
    return 2;
}

static void message_done(void *ctx, const fault *why) {
    waiting--;
    free(ctx);
}

static void take_message(server *s, const stream *st, bytes lines) {
    counter_add(COUNTER_TELEMETRY_MESSAGES, 1);
    message *m = waiting < MESSAGES_AT_ONCE && s->engine ? malloc(sizeof *m + lines.n) : NULL;
    if (!m) {
        counter_add(COUNTER_TELEMETRY_DROPPED, 1);
        return;
    }
    snprintf(m->address, sizeof m->address, "%s", stream_peer(st));
    m->n = lines.n;
    if (lines.n) memcpy(m->lines, lines.p, lines.n);
    waiting++;
    engine_event(s->engine, "telemetry_message", (handle){0, 0}, push_message, message_done, m);
}

/* For whoever looks into it later: the header, which is what was wrong. */
static void note_malformed(const stream *st, bytes in, const fault *why) {
    malformed m = {.decoder = "telemetry", .code = why->code, .offset = 0, .size = in.n};
    snprintf(m.peer, sizeof m.peer, "%s", stream_peer(st));
    snprintf(m.door, sizeof m.door, "%s", stream_listener_name(st));
    snprintf(m.text, sizeof m.text, "%.250s", why->text);
    malformed_add(&m, (bytes){in.p, in.n < TELEMETRY_HEADER ? in.n : TELEMETRY_HEADER});
}

static size_t on_data(void *ctx, stream *st, bytes in) {
    size_t used = 0;
    counter_add(COUNTER_TELEMETRY_BYTES, (int64_t)in.n);
    stream_set_timeout(st, SILENCE_US);
    while (used < in.n) {
        fault f;
        bytes rest = {in.p + used, in.n - used};
        int n = telemetry_parse(rest, &f);
        if (n == E_INCOMPLETE || (n > 0 && (size_t)n > rest.n)) break;
        if (n < 0) {
            note_malformed(st, rest, &f);
            log_debug("telemetry", "%s sent what is no telemetry: %s; closed", stream_peer(st), f.text);
            stream_close_why(st, &f);
            return in.n;
        }
        take_message(ctx, st, (bytes){rest.p + TELEMETRY_HEADER, (size_t)n - TELEMETRY_HEADER});
        used += (size_t)n;
    }
    return used;
}

static void on_closed(void *ctx, stream *s, const fault *why) {}

static const stream_handler handler = {.data = on_data, .closed = on_closed};

void telemetry_accept(server *s, stream *connection) {
    stream_set_limits(connection, KEEP_MAX, 0, 0);
    stream_set_handler(connection, &handler, s);
    stream_set_timeout(connection, SILENCE_US);
}

/* ---- mu.telemetry.events ---- */

static void set_text(lua_State *L, const char *key, bytes text) {
    lua_pushlstring(L, text.n ? (const char *)text.p : "", text.n);
    lua_setfield(L, -2, key);
}

static void push_event(lua_State *L, const telemetry_event *e) {
    bytes attributes = e->attributes, key, value;
    lua_createtable(L, 0, 8);
    lua_pushinteger(L, e->time), lua_setfield(L, -2, "time");
    lua_pushinteger(L, e->sequence), lua_setfield(L, -2, "sequence");
    set_text(L, "module", e->module);
    set_text(L, "group", e->group);
    set_text(L, "name", e->name);
    lua_newtable(L);
    for (int i = 0; i < FIELDS_MAX && telemetry_next_attribute(&attributes, &key, &value); i++) {
        lua_pushlstring(L, (const char *)key.p, key.n);
        lua_pushlstring(L, value.n ? (const char *)value.p : "", value.n);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "fields");
}

static int events(lua_State *L) {
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    const char *nul = memchr(text, 0, n); /* what follows is ignored (04 appendix D) */
    bytes rest = {(const uint8_t *)text, nul ? (size_t)(nul - text) : n};
    telemetry_event e;
    lua_Integer found = 0, bad = 0;
    luaL_checkstack(L, 8, "telemetry");
    lua_newtable(L);
    for (int rc; found < EVENTS_MAX && (rc = telemetry_next_event(&rest, &e)) != 0;) {
        if (rc < 0) {
            bad++;
            continue;
        }
        push_event(L, &e);
        lua_rawseti(L, -2, ++found);
    }
    lua_pushinteger(L, bad);
    return 2;
}

static const script_function functions[] = {
    {.name = "mu.telemetry.events",
     .params = "text: string",
     .returns = "table, integer",
     .text =
         "The events of a TLM3 text: { time, sequence, module, group, name, fields = { [key] = value } } each, at most "
         "1,000; and how many pieces were none. What follows a NUL is ignored.",
     .errors = "",
     .example = "mu.telemetry.events(\"00000055/-;00000029/GAME/MULT/KILL/levl=3\")[1].fields.levl == \"3\"",
     .since = "0.1",
     .call = events},
};

static int telemetry_open(generation *g, lua_State *L) {
    script_event_declare(g, "telemetry_message", "address: string, values: table",
                         "a game sent telemetry: a list of { key, value }, TLM3 in plain text");
    return script_declare(L, functions, sizeof functions / sizeof functions[0]);
}

const script_module module_telemetry = {.name = "telemetry", .open = telemetry_open};
