/* blaze_session.c: one Blaze connection.
 *
 * It reads frames, starts a call for each request, writes the answer, and keeps the order: see the header. What a
 * request means is a script's matter; what a body says is the codec's; how bytes get here is the net room's.
 *
 * States: opening (the `session_opened` handlers run, nothing is read) → idle ⇄ busy → closing (connection gone, the
 * request in hand finishes, then the `session_closed` handlers run) → gone with its record; or, where one of these
 * handlers said so, kept: the record stays without a connection, and what it would be sent is collected until another
 * session takes over or scripts forget it. */
#include "bind/blaze_session.h"

#include <lauxlib.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/malformed.h"
#include "base/repeat.h"
#include "bind/blaze.h"
#include "bind/blaze_trace.h"
#include "bind/record.h"
#include "bind/route_stats.h"
#include "codec/tdf_mask.h"

enum {
    FIELD_ID,
    FIELD_ADDRESS,
    FIELD_PORT,
    FIELD_LOCAL_ADDRESS,
    FIELD_LOCAL_PORT,
    FIELD_DOOR,
    FIELD_TRANSPORT,
    FIELD_OPENED
};

static const record_field session_fields[] = {
    {.name = "id", .type = RECORD_U32, .flags = FIELD_KEY | FIELD_AUTO},
    {.name = "address", .type = RECORD_STRING, .max = 64, .flags = FIELD_INDEX},
    {.name = "port", .type = RECORD_U16},
    {.name = "local_address", .type = RECORD_STRING, .max = 64}, /* what the client connected to */
    {.name = "local_port", .type = RECORD_U16},
    {.name = "door", .type = RECORD_STRING, .max = 64},
    {.name = "transport", .type = RECORD_STRING, .max = 16},
    {.name = "opened", .type = RECORD_I64},
};

/* All sessions, found by the slot of their record. */
static struct {
    engine *engine;
    records *records;
    record_kind *kind;
    blaze_session **by_slot;
    uint32_t slots;
    size_t count, busy;
    bool ending; /* nothing is kept any more */
} all;

static const stream_handler handler;

/* ---- finding ---- */

blaze_session *blaze_session_find(handle record) {
    if (record.slot >= all.slots) return NULL;
    blaze_session *s = all.by_slot[record.slot];
    return s && handle_same(s->record.at, record) ? s : NULL;
}

static int remember(blaze_session *s) {
    uint32_t slot = s->record.at.slot;
    if (slot >= all.slots) {
        uint32_t slots = (slot / 1024 + 1) * 1024;
        blaze_session **table = realloc(all.by_slot, slots * sizeof *table);
        if (!table) return E_MEMORY;
        memset(table + all.slots, 0, (slots - all.slots) * sizeof *table);
        all.by_slot = table;
        all.slots = slots;
    }
    all.by_slot[slot] = s;
    return 0;
}

blaze_route *blaze_route_running(lua_State *L) {
    handle task = task_current(L);
    blaze_session *s = task.generation ? blaze_session_find(task_subject(L)) : NULL;
    return s && s->busy && handle_same(s->call.task, task) ? s->call.route : NULL;
}

void blaze_describe_session(handle record, char *out, size_t size) {
    blaze_session *s = blaze_session_find(record);
    value id = s ? record_get(all.records, s->record, FIELD_ID) : value_nil();
    value address = s ? record_get(all.records, s->record, FIELD_ADDRESS) : value_nil();
    if (id.kind != VALUE_INTEGER || address.kind != VALUE_TEXT)
        snprintf(out, size, "%s", "");
    else
        snprintf(out, size, "session %lld from %.*s", (long long)id.integer, (int)address.text.n,
                 (const char *)address.text.p);
}

const blaze_tables *blaze_session_tables(void) { return blaze_tables_of(engine_current(all.engine)); }

record_kind *blaze_session_kind(void) { return all.kind; }
size_t blaze_sessions_count(void) { return all.count; }
size_t blaze_sessions_busy(void) { return all.busy; }

/* ---- writing ---- */

void blaze_session_send(blaze_session *s, bytes frame, shared *whole) {
    if (s->kept) buf_put(&s->held, frame.p, frame.n);
    if (!s->stream || stream_is_closing(s->stream)) return;
    if (s->busy) {
        buf_put(&s->held, frame.p, frame.n);
        if (s->held.failed) {
            fault f;
            fault_set(&f, E_SLOW_PEER, "more than %zu bytes of notifications wait for one answer", BLAZE_HELD_MAX);
            stream_close_why(s->stream, &f);
        }
        return;
    }
    blaze_trace_frames(s, frame);
    if (whole)
        stream_write_shared(s->stream, (bytes){0}, whole);
    else
        stream_write(s->stream, frame);
}

static void write_answer(blaze_session *s, uint16_t error, bytes body, shared *kept) {
    fire_header h = fire_reply_to(&s->request, error ? FIRE_ERROR : FIRE_RESPONSE, error);
    uint8_t head[FIRE_HEADER_MAX + 240]; /* a short body goes with its header: one write */
    h.body_length = (uint32_t)(kept ? kept->n : body.n);
    bytes header = {head, fire_write_header(head, &h)};
    counter_add(error ? COUNTER_BLAZE_ERRORS : COUNTER_BLAZE_RESPONSES, 1);
    blaze_trace_answer(s, &h, kept ? (bytes){kept->p, kept->n} : body);
    if (kept)
        stream_write_shared(s->stream, header, kept);
    else if (body.n <= sizeof head - FIRE_HEADER_MAX) {
        if (body.n) memcpy(head + header.n, body.p, body.n);
        stream_write(s->stream, (bytes){head, header.n + body.n});
    } else {
        stream_write(s->stream, header);
        stream_write(s->stream, body);
    }
}

/* ---- a request ---- */

static void set_busy(blaze_session *s, bool busy) {
    if (s->busy == busy) return;
    s->busy = busy;
    all.busy += busy ? 1 : (size_t)-1;
}

static void begin_close(blaze_session *s);

/* The request in hand (or the opening) is over: what waited for it leaves, the next one may come. */
static void go_on(blaze_session *s) {
    set_busy(s, false);
    if (!s->stream) {
        begin_close(s);
        return;
    }
    if (s->held.n) {
        blaze_trace_frames(s, buf_bytes(&s->held));
        stream_write(s->stream, buf_bytes(&s->held));
        buf_free(&s->held);
    }
    if (s->paused) {
        s->paused = false;
        stream_resume(s->stream);
    }
}

static uint16_t error_of(const fault *why) {
    switch (why->code) {
    case E_TIMEOUT: return 0x4005;   /* ERR_TIMEOUT */
    case E_CANCELLED: return 0x4009; /* ERR_CANCELED */
    default: return 0x4001;          /* ERR_SYSTEM */
    }
}

static void answered(blaze_call *c, const fault *why) {
    blaze_session *s = (blaze_session *)((char *)c - offsetof(blaze_session, call));
    bool good = !why && !c->bad_body;
    uint16_t error = good ? c->error : why ? error_of(why) : 0x4001;
    if (s->stream && !stream_is_closing(s->stream))
        write_answer(s, error, good ? blaze_call_answer() : (bytes){0}, good ? c->kept : NULL);
    if (error) route_error_add(c->route->component, error);
    route_end(c->route->stats, c->sample, error != 0);
    if (c->kept) shared_drop(c->kept);
    if (s->body.p) buf_free(&s->body);
    c->kept = NULL;
    c->route = NULL;
    go_on(s);
}

/* Strangers do not fill the log: of each kind of complaint a few lines, then their number once it goes on later. */
static void tell_unsaid(void *ctx, const char *key, uint64_t unsaid) {
    log_warn("blaze", "%s: %llu more times within %d s", key, (unsigned long long)unsaid, (int)(REPEAT_US / 1000000));
}

static bool is_said(const char *kind) {
    static repeat_set said = {.tell = tell_unsaid};
    return repeat_take(&said, kind, clock_mono_us());
}

/* For whoever looks into it later. `shown`: bytes of it that anybody may read. */
static void note_malformed(const blaze_session *s, malformed *m, const fault *why, bytes shown) {
    m->code = why->code;
    if (s) blaze_describe_session(s->record.at, m->who, sizeof m->who);
    if (s && s->stream) {
        snprintf(m->peer, sizeof m->peer, "%s", stream_peer(s->stream));
        snprintf(m->door, sizeof m->door, "%s", stream_listener_name(s->stream));
    }
    snprintf(m->text, sizeof m->text, "%.250s", why->text);
    malformed_add(m, shown);
}

void blaze_session_bad_body(const blaze_call *c, const fault *why) {
    counter_add(COUNTER_BLAZE_BAD_BODIES, 1);
    blaze_session *s = blaze_session_find(c->session.at);
    malformed m = {.decoder = "body", .offset = why->offset, .size = c->body.n};
    uint8_t *masked = malloc(c->body.n + 1);
    if (masked) tdf_mask(c->body, c->route->request, masked);
    snprintf(m.what, sizeof m.what, "%s", c->route->name);
    note_malformed(s, &m, why, (bytes){masked, masked ? c->body.n : 0});
    free(masked);
    char kind[REPEAT_KEY];
    snprintf(kind, sizeof kind, "%s: a body that cannot be decoded", c->route->name);
    if (!is_said(kind)) return;
    log_warn("blaze", "%s from %s: the body cannot be decoded (%s): %s", c->route->name,
             s && s->stream ? stream_peer(s->stream) : "a session that has gone", fault_name(why->code), why->text);
}

/* No script answers this one: an empty success, which the game is known to take (02 §1 rule 14). */
static void answer_unknown(blaze_session *s, const blaze_tables *t) {
    char name[128];
    counter_add(COUNTER_BLAZE_UNKNOWN, 1);
    blaze_message_name(t->names, s->request.component, s->request.command, 0, name, sizeof name);
    if (is_said(name)) {
        int component = (int)strcspn(name, ".");
        log_info("blaze",
                 "%s is answered by no script; an empty success was sent to %s. The console's 'stub %.*s %s' prints a "
                 "script to start from",
                 name, stream_peer(s->stream), component, name, name[component] ? name + component + 1 : "");
    }
    write_answer(s, 0, (bytes){0}, NULL);
}

static void handle_request(blaze_session *s, bytes body) {
    generation *g = engine_current(all.engine);
    const blaze_tables *t = blaze_tables_of(g);
    blaze_route *r = blaze_route_at(t, s->request.component, s->request.command);
    counter_add(COUNTER_BLAZE_REQUESTS, 1);
    blaze_trace_request(s, body);
    if (!r) {
        answer_unknown(s, t);
        return;
    }
    set_busy(s, true);
    r->stats = route_stats_of(r->stats, "blaze", r->name);
    s->call =
        (blaze_call){.route = r, .session = s->record, .body = body, .sample = route_begin(r->stats), .done = answered};
    blaze_call_start(all.engine, g, &s->call);
    if (s->busy && !s->call.entered && s->call.route) { /* queued: the bytes will not stay where they are */
        buf_put(&s->body, body.p, body.n);
        s->call.body = buf_bytes(&s->body);
        if (s->body.failed) s->call.body.n = 0;
    }
}

static void refuse_frame(blaze_session *s, bytes in, const fault *why) {
    counter_add(COUNTER_BLAZE_BAD_FRAMES, 1);
    malformed m = {.decoder = "frame", .offset = -1, .size = in.n};
    note_malformed(s, &m, why, (bytes){in.p, in.n < FIRE_HEADER_MAX ? in.n : FIRE_HEADER_MAX});
    if (is_said("what is no frame"))
        log_warn("blaze", "%s sent what is no frame (%s): %s; closed", stream_peer(s->stream), fault_name(why->code),
                 why->text);
    stream_close_why(s->stream, why);
}

static size_t on_data(void *ctx, stream *st, bytes in) {
    blaze_session *s = ctx;
    size_t used = 0;
    while (!s->busy && used < in.n && !stream_is_closing(st)) {
        fault f;
        bytes rest = {in.p + used, in.n - used};
        int n = fire_parse(rest, s->trusted ? BLAZE_FRAME_MAX : BLAZE_FRAME_MAX_FIRST, &s->request, &f);
        if (n == E_INCOMPLETE) break;
        if (n < 0) {
            refuse_frame(s, rest, &f);
            return in.n;
        }
        if (rest.n - (size_t)n < s->request.body_length) break;
        used += (size_t)n + s->request.body_length;
        if (s->request.type == FIRE_REQUEST)
            handle_request(s, (bytes){rest.p + n, s->request.body_length});
        else
            counter_add(COUNTER_BLAZE_NOT_REQUESTS, 1); /* clients send requests only (01 §2.2) */
    }
    if (used) s->heard_us = clock_mono_us();
    if (s->busy && !s->paused && !stream_is_closing(st)) {
        s->paused = true;
        stream_pause(st);
    }
    return used;
}

/* ---- life ---- */

static int push_record(lua_State *L, void *ctx) {
    record_push(L, ((blaze_session *)ctx)->record);
    return 1;
}

static void go(blaze_session *s) {
    all.by_slot[s->record.at.slot] = NULL;
    record_remove(all.records, s->record);
    all.count--;
    counter_add(COUNTER_BLAZE_SESSIONS, -1);
    buf_free(&s->held);
    free(s);
}

static void closed_handled(void *ctx, const fault *why) {
    blaze_session *s = ctx;
    if (s->kept)
        s->parked = true;
    else
        go(s);
}

bool blaze_session_keep(blaze_session *s) {
    s->kept = s->closing && !s->parked && !all.ending;
    return s->kept;
}

void blaze_session_forget(blaze_session *s) {
    s->kept = false;
    if (s->parked) go(s); /* else the handlers of its end still run */
}

bool blaze_session_take_over(blaze_session *s, blaze_session *old) {
    if (!old->kept || old->held.failed) return false;
    if (s->busy)
        buf_put(&s->held, old->held.p, old->held.n);
    else if (s->stream && old->held.n)
        stream_write(s->stream, buf_bytes(&old->held));
    return true;
}

static void begin_close(blaze_session *s) {
    if (s->closing) return;
    s->closing = true;
    buf_free(&s->held);
    engine_event(all.engine, "session_closed", s->record.at, push_record, closed_handled, s);
}

static void on_closed(void *ctx, stream *st, const fault *why) {
    blaze_session *s = ctx;
    log_debug("blaze", "session from %s closed: %s", stream_peer(st), why->text);
    s->stream = NULL;
    if (!s->busy) begin_close(s); /* else the request in hand ends first: what it saves is saved */
}

static void opened_handled(void *ctx, const fault *why) { go_on(ctx); }

static int make_record(stream *st, record_ref *ref, fault *f) {
    char address[64], local[64];
    snprintf(address, sizeof address, "%s", stream_peer(st));
    snprintf(local, sizeof local, "%s", stream_local_address(st));
    const record_init init[] = {
        {FIELD_ADDRESS, value_string(address)},
        {FIELD_PORT, value_integer(stream_peer_port(st))},
        {FIELD_LOCAL_ADDRESS, value_string(local)},
        {FIELD_LOCAL_PORT, value_integer(stream_local_port(st))},
        {FIELD_DOOR, value_string(stream_listener_name(st))},
        {FIELD_TRANSPORT, value_string(stream_transport(st))},
        {FIELD_OPENED, value_integer(clock_unix_us() / 1000000)},
    };
    return record_create(all.kind, init, sizeof init / sizeof *init, ref, f);
}

/* A session for the stream, not yet announced; NULL when it cannot be had (the stream is closed then). */
static blaze_session *session_new(stream *st) {
    fault f = {0};
    blaze_session *s = calloc(1, sizeof *s);
    int code = s ? make_record(st, &s->record, &f) : fault_set(&f, E_MEMORY, "no memory for a session");
    if (code == 0 && (code = remember(s)) < 0) record_remove(all.records, s->record);
    if (code < 0) {
        log_error("blaze", "no session for %s: %s", stream_peer(st), f.text);
        free(s);
        stream_abort(st, code);
        return NULL;
    }
    s->stream = st;
    s->heard_us = clock_mono_us();
    s->held.max = BLAZE_HELD_MAX;
    all.count++;
    counter_add(COUNTER_BLAZE_SESSIONS, 1);
    return s;
}

static void announce(blaze_session *s) {
    set_busy(s, true);
    s->paused = true;
    stream_set_handler(s->stream, &handler, s);
    stream_pause(s->stream);
    engine_event(all.engine, "session_opened", s->record.at, push_record, opened_handled, s);
}

void blaze_accept(stream *st) {
    blaze_session *s = session_new(st);
    if (s) announce(s);
}

static int assign_fields(lua_State *L) {
    record_assign(L, ((blaze_session *)lua_touserdata(L, 1))->record, 2);
    return 0;
}

void blaze_accept_upgrade(stream *st, lua_State *L, int fields) {
    blaze_session *s = session_new(st);
    if (!s) luaL_error(L, "no memory for a session");
    int code = LUA_OK;
    if (fields) {
        lua_pushcfunction(L, assign_fields);
        lua_pushlightuserdata(L, s);
        lua_pushvalue(L, fields);
        code = lua_pcall(L, 2, 0, 0);
    }
    announce(s);
    if (code != LUA_OK) {
        stream_close(st, E_SCRIPT);
        lua_error(L);
    }
}

static const stream_handler handler = {.data = on_data, .closed = on_closed};

int blaze_sessions_start(engine *e, records *r, fault *f) {
    all.engine = e;
    all.records = r;
    all.kind = records_kind_builtin(r, "session", session_fields, sizeof session_fields / sizeof *session_fields, f);
    return all.kind ? 0 : E_MEMORY;
}

void blaze_sessions_close_all(int code) {
    all.ending = true;
    for (uint32_t i = 0; i < all.slots; i++) {
        blaze_session *s = all.by_slot[i];
        if (s && s->stream) stream_close(s->stream, code);
        if (!s || !s->parked) continue;
        s->kept = s->parked = s->closing = false;
        begin_close(s);
    }
}

void blaze_sessions_stop(void) {
    for (uint32_t i = 0; i < all.slots; i++) {
        if (!all.by_slot[i]) continue;
        buf_free(&all.by_slot[i]->held);
        free(all.by_slot[i]);
    }
    free(all.by_slot);
    memset(&all, 0, sizeof all);
}
