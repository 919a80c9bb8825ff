/* blaze_trace.h: the packet log: every frame of a session, decoded, with long names; credentials are redacted.
 *
 * Off unless asked for (setting log.packets, session:watch(true) for one, or somebody who watches from the console);
 * off it costs a test of three flags. */
#ifndef BIND_BLAZE_TRACE_H
#define BIND_BLAZE_TRACE_H

#include "bind/blaze_session.h"

extern bool blaze_trace_on;

/* Somebody who watches: asked for each frame whether it is wanted, then given its text, some lines. NULL = nobody. */
typedef struct blaze_tap {
    bool (*wants)(handle session);
    void (*take)(handle session, const char *text, size_t n);
} blaze_tap;
extern const blaze_tap *blaze_trace_tap;

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out);

static inline bool blaze_traced(const blaze_session *s) { return blaze_trace_on || blaze_trace_tap || s->watched; }

static inline void blaze_trace_request(const blaze_session *s, bytes body) {
    if (blaze_traced(s)) blaze_trace_write(s, &s->request, body, false);
}

static inline void blaze_trace_answer(const blaze_session *s, const fire_header *h, bytes body) {
    if (blaze_traced(s)) blaze_trace_write(s, h, body, true);
}

/* Whole frames, headers included, on their way out. */
void blaze_trace_frames_write(const blaze_session *s, bytes frames);
static inline void blaze_trace_frames(const blaze_session *s, bytes frames) {
    if (blaze_traced(s)) blaze_trace_frames_write(s, frames);
}

#endif
