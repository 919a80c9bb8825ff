/* http_client.c: one HTTP exchange on a connection of its own: connect, send, read the answer, close or hand over.
 *
 * The head is scanned and parsed by the same code as the server's (http_head.c). A body without a length ends with the
 * connection. Redirects are not followed, nothing is reused: tests, lookups and the retriever need no more. */
#include "net/http_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FETCH_US ((int64_t)30 * 1000000)

typedef struct fetch {
    loop *loop;
    stream *s;
    buf request;
    http_scan scan;
    http_message *message;
    size_t max_body;
    bool head_request, upgrade, told;
    fault why;
    char *host;
    loop_timer timer;
    void (*done)(void *ctx, const http_answer *a, const fault *why);
    void *ctx;
} fetch;

static void fetch_free(fetch *x) {
    loop_timer_stop(&x->timer);
    buf_free(&x->request);
    http_message_free(x->message, 0);
    free(x->host);
    free(x);
}

static void fail(fetch *x, int code, const char *text) {
    if (x->told) return;
    x->told = true;
    fault why;
    fault_set(&why, code, "HTTP request to %s: %s", x->host, text);
    if (x->done) x->done(x->ctx, NULL, &why);
}

static void answer(fetch *x, stream *upgraded) {
    http_message *m = x->message;
    http_answer a = {.status = m->parser.status_code,
                     .headers = m->headers,
                     .header_count = m->header_count,
                     .body = buf_bytes(&m->body),
                     .upgraded = upgraded};
    x->told = true;
    x->done(x->ctx, &a, NULL);
}

static void on_timeout(void *ctx) {
    fetch *x = ctx;
    fail(x, E_TIMEOUT, "no answer in time");
    if (x->s) stream_abort(x->s, E_TIMEOUT);
}

static void bad(fetch *x, stream *s, const char *text) {
    fail(x, E_BAD_REQUEST, text);
    stream_close(s, E_PROTOCOL);
}

static void hand_over(fetch *x, stream *s) {
    stream_set_handler(s, NULL, NULL);
    answer(x, s);
    if (!s->handler) stream_close(s, 0);
    fetch_free(x);
}

/* Bytes of the head consumed, 0 for more, -1 handed over or failed (then *used says what was consumed). */
static int read_head(fetch *x, stream *s, bytes in, size_t *used) {
    int n = http_scan_head(&x->scan, in, 65536, 200);
    if (n == 0) return 0;
    if (n > 0) x->message = http_message_new(HTTP_RESPONSE, (bytes){in.p, (size_t)n}, &x->scan, 0);
    if (n < 0 || !x->message) {
        bad(x, s, n < 0 ? "the answer's head is malformed" : "out of memory");
        return -1;
    }
    http_message *m = x->message;
    m->max_body = x->max_body;
    if (x->head_request) m->parser.flags |= F_SKIPBODY;
    if (http_message_head(m) < 0) {
        bad(x, s, "the answer is malformed");
        return -1;
    }
    *used = (size_t)n;
    if (m->parser.status_code == 101) {
        if (x->upgrade)
            hand_over(x, s);
        else
            bad(x, s, "an upgrade that was not asked for");
        return -1;
    }
    if (m->parser.status_code < 200) { /* 100 Continue and friends: the real one follows */
        http_message_free(m, 0);
        x->message = NULL;
        x->scan = (http_scan){0};
    } else if (x->head_request) {
        m->complete = true;
    }
    return n;
}

static size_t on_data(void *ctx, stream *s, bytes in) {
    fetch *x = ctx;
    size_t used = 0;
    while (!x->message) {
        size_t taken = 0;
        int n = read_head(x, s, (bytes){in.p + used, in.n - used}, &taken);
        used += taken;
        if (n <= 0) return used;
    }
    if (!x->message->complete && used < in.n) {
        int n = http_message_body(x->message, (bytes){in.p + used, in.n - used});
        if (n < 0) {
            bad(x, s, n == -413 ? "the answer is too large" : "the answer's body is malformed");
            return in.n;
        }
        used += (size_t)n;
    }
    if (!x->message->complete) return used;
    answer(x, NULL);
    stream_close(s, 0);
    return in.n;
}

static void on_ended(void *ctx, stream *s) {
    fetch *x = ctx;
    if (x->message && http_message_end(x->message) == 0)
        answer(x, NULL);
    else
        fail(x, E_CLOSED, "the connection was closed before the answer was complete");
    stream_close(s, E_CLOSED);
}

static void on_closed(void *ctx, stream *s, const fault *why) {
    fetch *x = ctx;
    fail(x, why->code ? why->code : E_CLOSED, why->text);
    fetch_free(x);
}

static const stream_handler handler = {.data = on_data, .ended = on_ended, .closed = on_closed};

static void on_opened(void *ctx, stream *s, const fault *why) {
    fetch *x = ctx;
    if (!s) {
        fail(x, why->code, why->text);
        fetch_free(x);
        return;
    }
    x->s = s;
    stream_set_handler(s, &handler, x);
    if (x->told) { /* timed out meanwhile */
        stream_abort(s, E_TIMEOUT);
        return;
    }
    stream_write(s, buf_bytes(&x->request));
    buf_free(&x->request);
}

static void put_text(buf *b, const char *text) { buf_put(b, text, strlen(text)); }

static bool given(const http_exchange *x, const char *name) {
    for (size_t i = 0; i < x->header_count; i++)
        if (x->headers[i].name.n == strlen(name) &&
            strncasecmp((const char *)x->headers[i].name.p, name, x->headers[i].name.n) == 0)
            return true;
    return false;
}

static int put_request(buf *b, const http_exchange *x) {
    char line[64];
    const char *method = x->method ? x->method : "GET", *target = x->target ? x->target : "/";
    for (const char *p = target; *p; p++)
        if ((unsigned char)*p <= ' ' || (unsigned char)*p == 0x7f) return E_ARGUMENT;
    if (!http_is_token((bytes){(const uint8_t *)method, strlen(method)})) return E_ARGUMENT;
    put_text(b, method), put_text(b, " "), put_text(b, target), put_text(b, " HTTP/1.1\r\n");
    if (!given(x, "host")) {
        bool v6 = strchr(x->to.host, ':') != NULL;
        put_text(b, v6 ? "host: [" : "host: "), put_text(b, x->to.host);
        snprintf(line, sizeof line, "%s:%d\r\n", v6 ? "]" : "", x->to.port);
        put_text(b, line);
    }
    for (size_t i = 0; i < x->header_count; i++) {
        if (!http_is_token(x->headers[i].name) || !http_is_value(x->headers[i].value)) return E_ARGUMENT;
        buf_put(b, x->headers[i].name.p, x->headers[i].name.n);
        put_text(b, ": ");
        buf_put(b, x->headers[i].value.p, x->headers[i].value.n);
        put_text(b, "\r\n");
    }
    if ((x->body.n || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) && !given(x, "content-length")) {
        snprintf(line, sizeof line, "content-length: %zu\r\n", x->body.n);
        put_text(b, line);
    }
    if (x->upgrade) {
        put_text(b, "upgrade: "), put_text(b, x->upgrade), put_text(b, "\r\n");
        if (!given(x, "connection")) put_text(b, "connection: Upgrade\r\n");
    } else if (!given(x, "connection")) {
        put_text(b, "connection: close\r\n");
    }
    put_text(b, "\r\n");
    buf_put(b, x->body.p, x->body.n);
    return b->failed ? E_MEMORY : 0;
}

int http_fetch(loop *l, const http_exchange *what, void (*done)(void *ctx, const http_answer *a, const fault *why),
               void *ctx) {
    fetch *x = calloc(1, sizeof *x);
    if (!x) return E_MEMORY;
    x->loop = l;
    x->max_body = what->max_body ? what->max_body : (size_t)4 << 20;
    x->head_request = what->method && strcmp(what->method, "HEAD") == 0;
    x->upgrade = what->upgrade != NULL;
    x->host = strdup(what->to.host ? what->to.host : "");
    x->done = done;
    x->ctx = ctx;
    int rc = x->host ? put_request(&x->request, what) : E_MEMORY;
    int64_t timeout = what->timeout_us ? what->timeout_us : FETCH_US;
    if (rc == 0) rc = loop_timer_start(l, &x->timer, timeout, 0, on_timeout, x);
    if (rc == 0) rc = stream_connect(l, &what->to, on_opened, x);
    if (rc < 0) fetch_free(x);
    return rc;
}
