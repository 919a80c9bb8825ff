/* blaze_trace.h: the packet log: every frame of a session, decoded, with long names; credentials are redacted.
 *
 * Off unless asked for (setting log.packets, or session:watch(true) for one); off it costs a test of two flags. */
#ifndef BIND_BLAZE_TRACE_H
#define BIND_BLAZE_TRACE_H

#include "bind/blaze_session.h"

extern bool blaze_trace_on;

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out);

static inline void blaze_trace_request(const blaze_session *s, bytes body) {
    if (blaze_trace_on || s->watched) blaze_trace_write(s, &s->request, body, false);
}

static inline void blaze_trace_answer(const blaze_session *s, const fire_header *h, bytes body) {
    if (blaze_trace_on || s->watched) blaze_trace_write(s, h, body, true);
}

/* Whole frames, headers included, on their way out. */
void blaze_trace_frames_write(const blaze_session *s, bytes frames);
static inline void blaze_trace_frames(const blaze_session *s, bytes frames) {
    if (blaze_trace_on || s->watched) blaze_trace_frames_write(s, frames);
}

#endif
