/* blaze_notify.c: what scripts do to sessions: notify, close, trust.
 *
 * A notification is encoded once, header and all; each session gets those bytes (by reference where they are many). The
 * order towards each session is the session's matter (blaze_session.c). */
#include "bind/blaze_notify.h"

#include <lauxlib.h>

#include "base/clock.h"
#include "base/counter.h"
#include "bind/blaze_session.h"
#include "bind/record.h"
#include "bind/tdf_codec.h"
#include "script/declare.h"

#define HEAD_ROOM   14   /* the longest header of a notification: 12 and the jumbo extension */
#define SHARE_ABOVE 1024 /* bytes from which a frame goes by reference */

/* Encodes note and body into a whole frame in a scratch buffer; good until the next call. Raises when the body is bad.
 */
static bytes encode_frame(lua_State *L, const blaze_notification *note, int body) {
    static buf out;
    static const uint8_t room[HEAD_ROOM];
    fault f;
    if (out.cap > ((size_t)1 << 20)) buf_free(&out);
    buf_clear(&out);
    buf_put(&out, room, sizeof room);
    if (!lua_isnoneornil(L, body)) {
        if (!note->body) luaL_error(L, "%s is declared without a body", note->name);
        if (tdf_codec_encode(L, body, note->body, &out, &f) < 0) luaL_error(L, "%s: %s", note->name, f.text);
    }
    if (out.failed) luaL_error(L, "no memory for the notification %s", note->name);
    fire_header h = {.component = note->component,
                     .command = note->id,
                     .type = FIRE_NOTIFY,
                     .body_length = (uint32_t)(out.n - HEAD_ROOM)};
    uint8_t head[FIRE_HEADER_MAX];
    size_t n = fire_write_header(head, &h);
    uint8_t *start = out.p + HEAD_ROOM - n;
    for (size_t i = 0; i < n; i++) start[i] = head[i];
    return (bytes){start, out.n - HEAD_ROOM + n};
}

/* The session at `index`; NULL when it has disconnected. Raises when it is no session. */
static blaze_session *session_at(lua_State *L, int index) {
    record_ref ref;
    if (!record_test(L, index, &ref) || ref.kind != blaze_session_kind()->id)
        ref = record_check(L, index, blaze_session_kind()); /* raises */
    return blaze_session_find(ref.at);
}

static int l_notify_one(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    const blaze_notification *note = blaze_check_notification(L, 2);
    bytes frame = encode_frame(L, note, 3); /* also for a session that has gone: a bad body is always told */
    if (s && blaze_session_hears(s)) {
        counter_add(COUNTER_BLAZE_NOTIFICATIONS, 1);
        blaze_session_send(s, frame, NULL);
    }
    lua_pushboolean(L, s && s->stream);
    return 1;
}

static int l_notify_many(lua_State *L) {
    const blaze_notification *note = blaze_check_notification(L, 2);
    bytes frame = encode_frame(L, note, 3);
    lua_Integer count = luaL_len(L, 1), sent = 0;
    for (lua_Integer i = 1; i <= count; i++, lua_pop(L, 1)) { /* all are sessions, before the first one hears of it */
        lua_geti(L, 1, i);
        session_at(L, -1);
    }
    shared *whole = frame.n > SHARE_ABOVE && count > 1 ? shared_new(frame.p, frame.n) : NULL;
    for (lua_Integer i = 1; i <= count; i++, lua_pop(L, 1)) {
        lua_rawgeti(L, 1, i);
        blaze_session *s = session_at(L, -1);
        if (!s || !blaze_session_hears(s)) continue;
        blaze_session_send(s, frame, whole);
        sent++;
    }
    shared_drop(whole);
    counter_add(COUNTER_BLAZE_NOTIFICATIONS, sent);
    lua_pushinteger(L, sent);
    return 1;
}

static int l_close(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    if (!s || !s->stream) return 0;
    fault f;
    fault_set(&f, E_CLOSED, "%s", luaL_optstring(L, 2, "closed by a script"));
    stream_close_why(s->stream, &f);
    return 0;
}

static int l_trust(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    if (s) s->trusted = true;
    return 0;
}

static int l_silent_for(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    lua_pushinteger(L, s ? (clock_mono_us() - s->heard_us) / 1000000 : 0);
    return 1;
}

static int l_watch(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    if (s) s->watched = lua_toboolean(L, 2);
    return 0;
}

static int l_keep(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    lua_pushboolean(L, s && blaze_session_keep(s));
    return 1;
}

static int l_forget(lua_State *L) {
    blaze_session *s = session_at(L, 1);
    if (s && s->kept) blaze_session_forget(s);
    return 0;
}

static int l_take_over(lua_State *L) {
    blaze_session *s = session_at(L, 1), *old = session_at(L, 2);
    lua_pushboolean(L, s && old && blaze_session_take_over(s, old));
    return 1;
}

static const script_function functions[] = {
    {.name = "session:notify",
     .params = "notification: userdata, body?: table",
     .returns = "boolean",
     .text = "Sends a notification to this session; while a request of it is in hand, after the answer. False when it "
             "has disconnected.",
     .errors = "a body that the notification's schema refuses",
     .example = "session:notify(Told, { text = \"hello\" })",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_notify_one},
    {.name = "session:close",
     .params = "reason?: string",
     .text = "Ends the connection once what is queued for it has left.",
     .example = "session:close \"kicked\"",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_close},
    {.name = "session:trust",
     .text = "Lets this session send requests of up to 1 MiB (before: 64 KiB). For players who have logged in.",
     .example = "session:trust()",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_trust},
    {.name = "session:silent_for",
     .returns = "integer",
     .text = "Whole seconds since the last request came, or since the connection did.",
     .example = "session:silent_for() < 60",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_silent_for},
    {.name = "session:watch",
     .params = "on: boolean",
     .text = "Writes the frames of this session to the log, decoded, without credentials, or stops doing so.",
     .example = "session:watch(false)",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_watch},
    {.name = "session:keep",
     .returns = "boolean",
     .text =
         "Lets this session stay as it is without its connection, until session:forget: for handlers of "
         "session_closed. What it is notified of meanwhile is collected for session:take_over. False elsewhere, and "
         "while the server ends; when it ends, session_closed comes once more.",
     .example = "session:keep() == false",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_keep},
    {.name = "session:forget",
     .text = "Ends a session that session:keep has kept; others stay as they are.",
     .example = "session:forget()",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_forget},
    {.name = "session:take_over",
     .params = "old: userdata",
     .returns = "boolean",
     .text = "Sends this session what was collected for a kept one. False when that is not all of it: it was not kept, "
             "or there was too much.",
     .example = "session:take_over(session) == false",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_take_over},
    {.name = "mu.notify",
     .params = "sessions: table, notification: userdata, body?: table",
     .returns = "integer",
     .text = "Sends one notification to many sessions, encoded once. Gives the number of those that are connected.",
     .errors = "a body that the notification's schema refuses",
     .example = "mu.notify({ session }, Told, { text = \"hello\" }) == 1",
     .flags = SCRIPT_RUN_ONLY,
     .since = "0.1",
     .call = l_notify_many},
};

void blaze_notify_open(lua_State *L) { script_declare(L, functions, sizeof functions / sizeof *functions); }
