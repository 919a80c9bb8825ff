/* http_malformed.c: a request that was refused, for the ring of refused inputs.
 *
 * What is kept of it is for finding out what the peer sends, and for nobody's credentials: the request line without its
 * query, the names of all headers, and the values of those that decide how a message is read. Bodies are not kept. */
#include "net/http_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/malformed.h"

static const char *const shown[] = {"host",       "connection", "content-length",    "content-type", "upgrade",
                                    "user-agent", "expect",     "transfer-encoding", "accept",       "trailer"};

static bool may_be_shown(bytes name) {
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (name.n == strlen(shown[i]) && strncasecmp((const char *)name.p, shown[i], name.n) == 0) return true;
    return false;
}

static void star(uint8_t *from, const uint8_t *to) {
    for (; from < to; from++)
        if (*from > ' ') *from = '*';
}

/* Copies the head (or what there is of it) with what nobody should read starred out. */
static size_t mask_head(bytes in, uint8_t *out, size_t room) {
    size_t n = in.n < room ? in.n : room;
    uint8_t *line = out, *end = out + n;
    memcpy(out, in.p, n);
    for (bool first = true; line < end; first = false) {
        uint8_t *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        if (!first && (stop == line || (stop == line + 1 && *line == '\r')))
            return (size_t)(line - out); /* the body begins */
        uint8_t *mark = memchr(line, first ? '?' : ':', (size_t)(stop - line));
        if (first) {
            uint8_t *blank = mark ? memchr(mark, ' ', (size_t)(stop - mark)) : NULL;
            if (mark) star(mark + 1, blank ? blank : stop);
        } else if (!mark) {
            star(line, stop);
        } else if (!may_be_shown((bytes){line, (size_t)(mark - line)})) {
            star(mark + 1, stop);
        }
        line = stop < end ? stop + 1 : end;
    }
    return n;
}

void http_note_malformed(const http_connection *c, bytes in, int status) {
    uint8_t copy[4096];
    malformed m = {.decoder = "http", .code = E_BAD_REQUEST, .offset = -1, .size = in.n};
    bool head = c->state == WAITS_HEAD;
    const http_request *r = c->box ? &c->box->request : NULL;
    snprintf(m.peer, sizeof m.peer, "%s", stream_peer(c->s));
    snprintf(m.door, sizeof m.door, "%s", stream_listener_name(c->s));
    snprintf(m.text, sizeof m.text, "refused with %d %s, in %s", status, http_status_text(status),
             head ? "the head of a request" : "the body of a request");
    if (r && r->method && r->path.n) snprintf(m.what, sizeof m.what, "%s %.*s", r->method, (int)r->path.n, r->path.p);
    if (head && c->scan.at < sizeof copy) m.offset = c->scan.at;
    malformed_add(&m, (bytes){copy, head ? mask_head(in, copy, sizeof copy) : 0});
}
