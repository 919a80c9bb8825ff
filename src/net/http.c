/* http.c: the server's side of HTTP on a stream. The head and its rules are in http_head.c, replies in http_reply.c.
 *
 * The idea: a connection is always in one of four states: waiting for a head, reading a body, busy (a request is with
 * the user), done. Only what waits or reads consumes bytes; while busy everything stays in the stream's keep, so that
 * pipelined requests wait in order and an upgrade finds the early bytes where it needs them. A connection between
 * requests owns one small struct. */
#include "net/http_private.h"

#include "base/check.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_US   ((int64_t)10 * 1000000)
#define BODY_US   ((int64_t)30 * 1000000)
#define IDLE_US   ((int64_t)60 * 1000000)
#define PAUSE_AT  ((size_t)64 * 1024)  /* pipelined bytes kept while busy */
#define QUEUE_MAX ((size_t)256 * 1024) /* unsent replies; the next request waits */

static const stream_handler handler;

static int64_t or_else(int64_t value, int64_t standard) { return value ? value : standard; }

/* -- requests ----------------------------------------------------------------------------------------------------- */

static http_message *message_of(const request_box *b) { return (http_message *)(b + 1); }

static void request_free(http_connection *c) {
    if (!c->box) return;
    slab_remove(&c->loop->requests, c->box->request.id);
    http_message_free(message_of(c->box), sizeof *c->box);
    c->box = NULL;
}

static void connection_free(http_connection *c) {
    request_free(c);
    if (c->in_data)
        c->state = IS_DONE;
    else
        free(c);
}

/* Lets go of the request and looks for the next one. */
void http_finished(http_connection *c, bool keep_alive) {
    stream *s = c->s;
    request_free(c);
    c->scan = (http_scan){0};
    if (!keep_alive) {
        c->state = IS_DONE;
        stream_close(s, 0);
        return;
    }
    c->state = WAITS_HEAD;
    c->begun = false;
    stream_set_timeout(s, or_else(c->config->idle_us, IDLE_US));
    if (c->in_data && !c->ended) return;
    stream_resume(s);
    stream_set_handler(s, &handler, c); /* gives the kept bytes again, and the end if it has come */
}

static void refuse(http_connection *c, int status) {
    counter_add(COUNTER_HTTP_BAD_REQUESTS, 1);
    log_debug("http", "%s: request refused with %d %s", stream_peer(c->s), status, http_status_text(status));
    stream *s = c->s;
    c->state = IS_DONE;
    http_write_refusal(s, status);
    stream_close(s, E_BAD_REQUEST);
}

static bool wants_upgrade(const http_request *r, const http_message *m) {
    if (m->parser.http_minor == 0 || !http_request_header(r, "upgrade").n) return false;
    bytes connection = http_request_header(r, "connection");
    return !connection.p || http_has_token(connection, "upgrade");
}

/* "http://host/path" → "/path"; false for what is no target at all. */
static bool split_target(http_request *r) {
    bytes t = r->target;
    if (t.n > 7 && strncasecmp((const char *)t.p, "http", 4) == 0) {
        const uint8_t *p = memmem(t.p, t.n, "://", 3);
        const uint8_t *slash = p ? memchr(p + 3, '/', t.n - (size_t)(p + 3 - t.p)) : NULL;
        if (p && !slash)
            t = HTTP_TEXT("/");
        else if (p)
            t = (bytes){slash, t.n - (size_t)(slash - t.p)};
    }
    bool star = t.n == 1 && t.p[0] == '*' && strcmp(r->method, "OPTIONS") == 0;
    if (t.p[0] != '/' && !star) return false;
    r->target = r->path = t;
    const uint8_t *mark = memchr(t.p, '?', t.n);
    if (mark) {
        r->path.n = (size_t)(mark - t.p);
        r->query = (bytes){mark + 1, t.n - r->path.n - 1};
    }
    return true;
}

static void hand_to_user(http_connection *c) {
    http_request *r = &c->box->request;
    http_message *m = message_of(c->box);
    r->body = buf_bytes(&m->body);
    c->state = IS_BUSY;
    stream_set_timeout(c->s, 0);
    counter_add(COUNTER_HTTP_REQUESTS, 1);
    c->config->request(c->config->ctx, r);
}

/* The request's limit, "Expect", and what comes next. 0 or a negated status. */
static int begin_body(http_connection *c) {
    http_message *m = message_of(c->box);
    http_request *r = &c->box->request;
    const http_config *f = c->config;
    m->max_body = f->body_limit ? f->body_limit(f->ctx, r) : f->max_body ? f->max_body : (size_t)2 << 20;
    if (m->complete) return 0;
    if (!m->chunked && m->parser.content_length > m->max_body) return -413;
    bytes expect = http_request_header(r, "expect");
    if (expect.p && (expect.n != 12 || strncasecmp((const char *)expect.p, "100-continue", 12) != 0)) return -417;
    if (expect.p && m->parser.http_minor == 1) stream_write(c->s, HTTP_TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
    stream_set_timeout(c->s, or_else(f->body_us, BODY_US));
    return 0;
}

static int begin_request(http_connection *c, bytes head) {
    http_message *m = http_message_new(HTTP_REQUEST, head, &c->scan, sizeof(request_box));
    if (!m) return -503;
    request_box *b = (request_box *)m - 1;
    c->box = b;
    int rc = http_message_head(m);
    if (rc < 0) return rc;
    http_request *r = &b->request;
    r->id = slab_add(&c->loop->requests);
    if (!r->id.generation) return -503;
    *(http_connection **)slab_get(&c->loop->requests, r->id) = c;
    r->stream = c->s;
    r->ctx = c->config->ctx;
    r->method = llhttp_method_name(m->parser.method);
    r->target = m->target;
    r->headers = m->headers;
    r->header_count = m->header_count;
    r->head = m->parser.method == HTTP_HEAD;
    bytes connection = http_request_header(r, "connection");
    r->keep_alive =
        !http_has_token(connection, "close") && (m->parser.http_minor == 1 || http_has_token(connection, "keep-alive"));
    r->upgrade = wants_upgrade(r, m);
    if (!split_target(r)) return -400;
    c->state = WAITS_BODY;
    return begin_body(c);
}

/* -- the stream's side -------------------------------------------------------------------------------------------- */

/* Empty lines before a request are skipped (RFC 9112 2.2), a few. */
static size_t skip_lines(http_connection *c, bytes in) {
    size_t at = 0;
    while (!c->begun && c->blank_lines < 8 && at + 1 < in.n && in.p[at] == '\r' && in.p[at + 1] == '\n')
        at += 2, c->blank_lines++;
    return at;
}

/* "method target version" with one blank between each: what has more of them is read differently by others. */
static bool has_three_parts(bytes head) {
    int blanks = 0;
    for (size_t i = 0; head.p[i] != '\r'; i++) {
        if (head.p[i] != ' ') continue;
        if (!i || head.p[i - 1] == ' ') return false;
        blanks++;
    }
    return blanks == 2;
}

/* One step: bytes consumed, or -1 when there is nothing to do with what is there. */
static ssize_t step(http_connection *c, bytes in) {
    int rc = 0;
    if (c->state == WAITS_HEAD) {
        size_t skipped = c->scan.at ? 0 : skip_lines(c, in);
        if (skipped) return (ssize_t)skipped;
        if (!in.n || (!c->begun && in.n == 1 && in.p[0] == '\r')) return -1;
        if (!c->begun) c->begun = true, stream_set_timeout(c->s, or_else(c->config->head_us, HEAD_US));
        size_t max_head = c->config->max_head ? c->config->max_head : 16384;
        int n = http_scan_head(&c->scan, in, max_head, c->config->max_headers ? c->config->max_headers : 100);
        if (n == 0) return -1;
        if (n > 0 && !has_three_parts((bytes){in.p, (size_t)n})) n = -400;
        rc = n < 0 ? n : begin_request(c, (bytes){in.p, (size_t)n});
        if (rc >= 0) c->blank_lines = 0;
        if (rc >= 0 && message_of(c->box)->complete) hand_to_user(c);
        if (rc >= 0) return n;
    } else if (c->state == WAITS_BODY) {
        if (!in.n) return -1;
        rc = http_message_body(message_of(c->box), in);
        if (rc >= 0 && message_of(c->box)->complete) hand_to_user(c);
        if (rc >= 0) return rc;
    } else {
        return -1;
    }
    http_note_malformed(c, in, -rc);
    refuse(c, -rc);
    return -1;
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    http_connection *c = ctx;
    size_t used = 0;
    c->in_data = true;
    for (;;) {
        if (c->state == WAITS_HEAD && stream_queued(s) > QUEUE_MAX) {
            stream_flush(s); /* perhaps only this turn's replies: then the kernel takes them */
            if (stream_queued(s) > QUEUE_MAX) {
                c->flooded = true;
                stream_pause(s);
                break;
            }
        }
        ssize_t n = step(c, (bytes){in.p + used, in.n - used});
        if (n < 0) break;
        used += (size_t)n;
        if (c->state == IS_DONE) break;
    }
    c->in_data = false;
    if (c->state == IS_BUSY && in.n - used > PAUSE_AT) stream_pause(s);
    if (c->state == IS_DONE && c->handed_over) free(c); /* an upgrade freed it while it was in use here */
    return used;
}

static void on_drained(void *ctx, stream *s) {
    http_connection *c = ctx;
    if (!c->flooded) return;
    c->flooded = false;
    stream_resume(s);
}

/* The peer sends no more. What it asked for it may still want. */
static void on_ended(void *ctx, stream *s) {
    http_connection *c = ctx;
    c->ended = true;
    if (c->state == IS_BUSY || c->state == IS_DONE) return;
    if (c->state == WAITS_HEAD && !c->begun)
        stream_close(s, E_CLOSED);
    else
        refuse(c, 400);
}

static void on_timeout(void *ctx, stream *s) {
    http_connection *c = ctx;
    if (c->state == WAITS_HEAD && !c->begun) {
        stream_close(s, 0);
        return;
    }
    if (c->state != WAITS_HEAD && c->state != WAITS_BODY) return;
    counter_add(COUNTER_HTTP_TIMEOUTS, 1);
    refuse(c, 408);
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    http_connection *c = ctx;
    const http_config *f = c->config;
    handle id = c->box ? c->box->request.id : (handle){0};
    if (c->state == IS_BUSY && f->gone) f->gone(f->ctx, id);
    connection_free(c);
}

static const stream_handler handler = {
    .data = on_data, .drained = on_drained, .ended = on_ended, .timeout = on_timeout, .closed = on_closed};

void http_accept(stream *s, const http_config *config) {
    http_connection *c = calloc(1, sizeof *c);
    if (!c) {
        stream_abort(s, E_MEMORY);
        return;
    }
    c->s = s;
    c->loop = stream_loop(s);
    c->config = config;
    c->begun = false;
    stream_set_handler(s, &handler, c);
    stream_set_timeout(s, or_else(config->head_us, HEAD_US)); /* the first one is due at once, not when idle */
}

http_request *http_request_find(loop *l, handle id) {
    http_connection **at = slab_get(&l->requests, id);
    if (!at) counter_add(COUNTER_HTTP_LATE_REPLIES, 1);
    return at ? &(*at)->box->request : NULL;
}

stream *http_upgrade(http_request *r, const char *protocol) {
    if (!r || !r->upgrade) return NULL;
    http_connection *c = http_connection_of(r);
    stream *s = c->s;
    buf head = {0};
    const char *parts[] = {"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ", protocol,
                           "\r\n\r\n"};
    for (int i = 0; i < 3; i++) buf_put(&head, parts[i], strlen(parts[i]));
    if (head.failed)
        stream_abort(s, E_MEMORY);
    else
        stream_write(s, buf_bytes(&head));
    buf_free(&head);
    counter_add(COUNTER_HTTP_UPGRADES, 1);
    c->handed_over = true;
    stream_set_timeout(s, 0);
    stream_set_handler(s, NULL, NULL);
    connection_free(c);
    stream_resume(s);
    return s;
}
