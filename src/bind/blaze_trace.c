/* blaze_trace.c: frames of sessions as log lines, bodies decoded by the schemas of the running generation. */
#include "bind/blaze_trace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "bind/blaze.h"
#include "codec/tdf_print.h"

#define TRACE_BODY_MAX 4096            /* bytes of text for one body in the log */
#define SHOWN_BODY_MAX ((size_t)32768) /* for somebody who watches */

bool blaze_trace_on;
const blaze_tap *blaze_trace_tap;

static const schema_struct *schema_for(const blaze_tables *t, const fire_header *h) {
    if (h->type == FIRE_NOTIFY) {
        const blaze_notification *n = blaze_notification_at(t, h->component, h->command);
        return n ? n->body : NULL;
    }
    const blaze_route *r = blaze_route_at(t, h->component, h->command);
    return !r ? NULL : h->type == FIRE_REQUEST ? r->request : h->type == FIRE_ERROR ? r->error : r->response;
}

static void print_body(buf *out, bytes body, const schema_struct *schema, unsigned flags) {
    arena memory;
    tdf_node *fields;
    fault f;
    arena_init(&memory, TDF_TREE_LIMIT(body.n));
    if (tdf_tree_decode(body, &memory, &fields, &f) == 0)
        tdf_print(out, fields, schema, flags);
    else
        buf_put(out, f.text, strlen(f.text));
    arena_free(&memory);
}

/* "session 17 from 192.0.2.7 -> request Util.ping #3 (12 bytes)" */
static void print_head(const blaze_session *s, const fire_header *h, size_t body, bool out, char *text, size_t room) {
    char name[128], who[128];
    const blaze_tables *t = blaze_session_tables();
    const char *error = h->type == FIRE_ERROR ? blaze_error_name(t->names, h->component, h->error) : NULL;
    blaze_message_name(t->names, h->component, h->command, h->type == FIRE_NOTIFY, name, sizeof name);
    blaze_describe_session(s->record.at, who, sizeof who);
    snprintf(text, room, "%s %s %s %s #%u%s%s (%zu bytes)", who, out ? "<-" : "->", fire_type_name(h->type), name,
             (unsigned)h->number, error ? " " : "", error ? error : "", body);
}

/* For the log: one line. */
static void log_frame(const char *head, bytes body, const schema_struct *schema) {
    buf line = {.max = TRACE_BODY_MAX};
    if (body.n) print_body(&line, body, schema, TDF_PRINT_ONE_LINE);
    log_info("packets", "%s %.*s%s", head, (int)line.n, line.p ? (const char *)line.p : "", line.failed ? " …" : "");
    buf_free(&line);
}

/* For whoever watches: a field a line, two blanks deeper than the head. */
static void show_frame(const blaze_session *s, const char *head, bytes body, const schema_struct *schema) {
    char when[16];
    buf fields = {.max = SHOWN_BODY_MAX}, text = {0};
    time_t now = (time_t)(clock_unix_us() / 1000000);
    struct tm tm;
    strftime(when, sizeof when, "%H:%M:%S ", gmtime_r(&now, &tm));
    buf_put(&text, when, strlen(when));
    buf_put(&text, head, strlen(head));
    if (body.n) print_body(&fields, body, schema, 0);
    for (size_t i = 0, begins = 1; i < fields.n; i++) {
        if (begins) buf_put(&text, "\n  ", 3);
        begins = fields.p[i] == '\n';
        if (!begins) buf_u8(&text, fields.p[i]);
    }
    if (fields.failed) buf_put(&text, " …", strlen(" …"));
    buf_u8(&text, '\n');
    if (!text.failed) blaze_trace_tap->take(s->record.at, (const char *)text.p, text.n);
    buf_free(&fields);
    buf_free(&text);
}

void blaze_trace_write(const blaze_session *s, const fire_header *h, bytes body, bool out) {
    bool logged = blaze_trace_on || s->watched;
    bool shown = blaze_trace_tap && blaze_trace_tap->wants(s->record.at);
    char head[512];
    if (!logged && !shown) return;
    const schema_struct *schema = schema_for(blaze_session_tables(), h);
    print_head(s, h, body.n, out, head, sizeof head);
    if (logged) log_frame(head, body, schema);
    if (shown) show_frame(s, head, body, schema);
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
