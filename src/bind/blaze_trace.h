/* blaze_trace.h: the packet log: every frame of a session, decoded, with long names; credentials are redacted.
 *
 * Off unless asked for (setting log.packets); off it costs one test of a flag. */
#ifndef BIND_BLAZE_TRACE_H
#define BIND_BLAZE_TRACE_H

#include "bind/blaze_session.h"

extern bool blaze_trace_on;

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out);

static inline void blaze_trace_request(const blaze_session *s, bytes body) {
    if (blaze_trace_on) blaze_trace_write(s, &s->request, body, false);
}

static inline void blaze_trace_answer(const blaze_session *s, const fire_header *h, bytes body) {
    if (blaze_trace_on) blaze_trace_write(s, h, body, true);
}

/* A whole frame, header included. */
void blaze_trace_frame_write(const blaze_session *s, bytes frame, bool out);
static inline void blaze_trace_frame(const blaze_session *s, bytes frame, bool out) {
    if (blaze_trace_on) blaze_trace_frame_write(s, frame, out);
}

#endif
