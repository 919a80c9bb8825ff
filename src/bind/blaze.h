/* blaze.h: the Blaze protocol between the net room and the scripts.
 *
 * Two lives meet here. Declarations belong to a generation: made while its scripts load, gone with it
 * (blaze_tables.h). Sessions belong to the process: one for each Blaze connection, by whatever door it came; they
 * outlive any number of reloads (blaze_session.c).
 *
 *     blaze_names.c    the protocol's names and numbers               mu.protocol
 *     blaze_declare.c  declarations                                    mu.component, mu.guard, mu.fail
 *     blaze_kept.c     encoded bodies that may be used again           mu.kept, mu.stale
 *     blaze_call.c     one request: decode, guards, handler, encode
 *     blaze_session.c  one connection: frames in; answers and notifications out, in order
 *     blaze_notify.c   session:notify, session:close, mu.notify
 *     blaze_trace.c    the packet log
 *
 * Facts: reference 01 §2 (frames and order), 02 §1 (rules for every message), 04 §1.2. */
#ifndef BIND_BLAZE_H
#define BIND_BLAZE_H

#include "bind/blaze_tables.h"
#include "net/stream.h"
#include "script/module.h"

extern const script_module module_blaze;

/* Takes over a connection whose first bytes are frames (a listener's accept). */
void blaze_accept(stream *s);

/* The same for a connection that an HTTP request asked to upgrade: the table at `fields` (0 = none) holds fields of the
 * session record, set before the first event sees the session. Raises a Lua error for a field that is not one. */
void blaze_accept_upgrade(stream *s, lua_State *L, int fields);

/* Process-wide; call once before the first accept and after the last stream is gone. */
struct engine;
struct records;
int blaze_sessions_start(struct engine *e, struct records *r, fault *f);
void blaze_sessions_stop(void);
/* "session 17 from 192.0.2.7" for log lines; "" when the record is of no session. */
void blaze_describe_session(handle record, char *text, size_t size);
size_t blaze_sessions_count(void);
size_t blaze_sessions_busy(void); /* with a request in hand: what a clean stop waits for */
void blaze_sessions_close_all(int code);

#endif
