/* blaze_session.h: one Blaze connection: frames in, answers and notifications out, in the right order.
 *
 * Rules (reference 01 §2.6 and §2.7, 02 §1 rule 13, 04 §1.2): requests of one session are handled one at a time in
 * order of arrival; while one is in hand, every notification to that session waits until its answer has left;
 * notifications to one session keep their order. A session that has one in hand reads nothing more: the peer's next
 * bytes wait.
 *
 * A session is seen by scripts as a record of the kind "session"; the record goes when its `session_closed` handlers
 * have run, unless one of them keeps it (02 §14.9). Loop thread only. */
#ifndef BIND_BLAZE_SESSION_H
#define BIND_BLAZE_SESSION_H

#include "bind/blaze_call.h"
#include "codec/fire.h"
#include "net/stream.h"
#include "records/records.h"

#define BLAZE_FRAME_MAX       (1u << 20)        /* body of a request once the session is trusted (01 §2.7) */
#define BLAZE_FRAME_MAX_FIRST (1u << 16)        /* before that */
#define BLAZE_HELD_MAX        ((size_t)1 << 20) /* bytes of notifications waiting for one answer */

typedef struct blaze_session {
    stream *stream; /* NULL once the connection has gone */
    record_ref record;
    bool busy;            /* a request, or the opening, is in hand */
    bool paused, closing; /* the stream; session_closed is on its way */
    bool watched;         /* its frames go to the packet log, whatever the setting says */
    bool trusted;         /* may send frames of BLAZE_FRAME_MAX */
    bool kept, parked;    /* the record is to stay without a connection; it does, and session_closed is over */
    int64_t heard_us;     /* monotonic: when the last whole frame came, or the connection */
    fire_header request;  /* the one in hand */
    blaze_call call;
    buf body; /* its body, when it could not be decoded at once */
    buf held; /* whole frames that wait for the answer */
} blaze_session;

/* The session behind a record's handle, NULL when there is none (any more). */
blaze_session *blaze_session_find(handle record);

/* Whether what it is sent goes anywhere: to its connection, or to whoever takes it over. */
static inline bool blaze_session_hears(const blaze_session *s) { return s->stream || s->kept; }

/* Sends one whole frame, or holds it until the answer in hand has left. By reference when `frame` is shared and large.
 */
void blaze_session_send(blaze_session *s, bytes frame, shared *whole);

/* Lets the record outlive its connection: for handlers of `session_closed`; false elsewhere, and while the server ends.
 * What is sent to it is collected, up to BLAZE_HELD_MAX. Ends with _forget, or with the server: then session_closed
 * comes once more. */
bool blaze_session_keep(blaze_session *s);
void blaze_session_forget(blaze_session *s);

/* Sends `s` what was collected for `old`, which still wants to be forgotten; false when not all of it is there. */
bool blaze_session_take_over(blaze_session *s, blaze_session *old);

/* Notes that a request could not be decoded: log line, counter. */
void blaze_session_bad_body(const blaze_call *c, const fault *why);

record_kind *blaze_session_kind(void);

/* The declarations of the running generation. */
const blaze_tables *blaze_session_tables(void);

#endif
