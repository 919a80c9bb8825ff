/* blaze_trace.c: frames of sessions as log lines. */
#include "bind/blaze_trace.h"

#include "base/log.h"
#include "bind/blaze.h"

bool blaze_trace_on;

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out) {
    char name[128], who[128];
    const blaze_tables *t = blaze_session_tables();
    blaze_message_name(t->names, h->component, h->command, h->type == FIRE_NOTIFY, name, sizeof name);
    blaze_describe_session(s->record.at, who, sizeof who);
    const char *error = h->type == FIRE_ERROR ? blaze_error_name(t->names, h->component, h->error) : NULL;
    log_info("packets", "%s %s %s %s #%u%s%s, %zu bytes", who, out ? "<-" : "->", fire_type_name(h->type), name,
             (unsigned)h->number, error ? " " : "", error ? error : "", body.n);
}

void blaze_trace_frame_write(const blaze_session *s, bytes frame, bool out) {
    fire_header h;
    int n = fire_parse(frame, UINT32_MAX, &h, NULL);
    if (n > 0) blaze_trace_write(s, &h, (bytes){frame.p + n, frame.n - (size_t)n}, out);
}
