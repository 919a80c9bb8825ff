/* blaze_trace.c: frames of sessions as log lines, bodies decoded by the schemas of the running generation. */
#include "bind/blaze_trace.h"

#include <string.h>

#include "base/log.h"
#include "bind/blaze.h"
#include "codec/tdf_print.h"

#define TRACE_BODY_MAX 4096 /* bytes of text for one body */

bool blaze_trace_on;

static const schema_struct *schema_for(const blaze_tables *t, const fire_header *h) {
    if (h->type == FIRE_NOTIFY) {
        const blaze_notification *n = blaze_notification_at(t, h->component, h->command);
        return n ? n->body : NULL;
    }
    const blaze_route *r = blaze_route_at(t, h->component, h->command);
    return !r ? NULL : h->type == FIRE_REQUEST ? r->request : h->type == FIRE_ERROR ? r->error : r->response;
}

static void print_body(buf *out, bytes body, const schema_struct *schema) {
    arena memory;
    tdf_node *fields;
    fault f;
    arena_init(&memory, TDF_TREE_LIMIT(body.n));
    if (tdf_tree_decode(body, &memory, &fields, &f) == 0)
        tdf_print(out, fields, schema, TDF_PRINT_ONE_LINE);
    else
        buf_put(out, f.text, strlen(f.text));
    arena_free(&memory);
}

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out) {
    char name[128], who[128];
    const blaze_tables *t = blaze_session_tables();
    buf line = {.max = TRACE_BODY_MAX};
    blaze_message_name(t->names, h->component, h->command, h->type == FIRE_NOTIFY, name, sizeof name);
    blaze_describe_session(s->record.at, who, sizeof who);
    const char *error = h->type == FIRE_ERROR ? blaze_error_name(t->names, h->component, h->error) : NULL;
    if (body.n) print_body(&line, body, schema_for(t, h));
    log_info("packets", "%s %s %s %s #%u%s%s (%zu bytes) %.*s%s", who, out ? "<-" : "->", fire_type_name(h->type), name,
             (unsigned)h->number, error ? " " : "", error ? error : "", body.n, (int)line.n,
             line.p ? (const char *)line.p : "", line.failed ? " …" : "");
    buf_free(&line);
}

void blaze_trace_frames_write(const blaze_session *s, bytes frames) {
    fire_header h;
    for (int n; (n = fire_parse(frames, UINT32_MAX, &h, NULL)) > 0;) {
        size_t whole = (size_t)n + h.body_length;
        if (whole > frames.n) return;
        blaze_trace_write(s, &h, (bytes){frames.p + n, h.body_length}, true);
        frames = (bytes){frames.p + whole, frames.n - whole};
    }
}
