/* http_reply.c: what the HTTP server sends, and small questions about requests.
 *
 * Replies carry content-length, date and, where it is not the protocol's default, connection; never a transfer coding
 * (reference 03 §1.1). Nothing that could end a header line early gets into one. */
#include "net/http_private.h"

#include "base/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

const char *http_status_text(int status) {
    switch (status) {
#define S(n, text)                                                                                                     \
    case n: return text;
        S(200, "OK")
        S(201, "Created")
        S(202, "Accepted")
        S(204, "No Content")
        S(206, "Partial Content")
        S(301, "Moved Permanently")
        S(302, "Found")
        S(303, "See Other")
        S(304, "Not Modified")
        S(307, "Temporary Redirect")
        S(308, "Permanent Redirect")
        S(400, "Bad Request")
        S(401, "Unauthorized")
        S(403, "Forbidden")
        S(404, "Not Found")
        S(405, "Method Not Allowed")
        S(406, "Not Acceptable")
        S(408, "Request Timeout")
        S(409, "Conflict")
        S(410, "Gone")
        S(411, "Length Required")
        S(412, "Precondition Failed")
        S(413, "Content Too Large")
        S(414, "URI Too Long")
        S(415, "Unsupported Media Type")
        S(417, "Expectation Failed")
        S(422, "Unprocessable Content")
        S(426, "Upgrade Required")
        S(429, "Too Many Requests")
        S(431, "Request Header Fields Too Large")
        S(500, "Internal Server Error")
        S(501, "Not Implemented")
        S(502, "Bad Gateway")
        S(503, "Service Unavailable")
        S(504, "Gateway Timeout")
        S(505, "HTTP Version Not Supported")
#undef S
    default: return "Unknown";
    }
}

/* The date of a reply, made once a second. Loop thread. */
static const char *date_line(void) {
    static _Thread_local time_t made;
    static _Thread_local char line[64];
    time_t now = (time_t)(clock_unix_us() / 1000000);
    if (now != made) {
        struct tm t;
        gmtime_r(&now, &t);
        strftime(line, sizeof line, "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &t);
        made = now;
    }
    return line;
}

static _Atomic uint64_t replies[600];

uint64_t http_replies(int status) {
    return status < 100 || status > 599 ? 0 : atomic_load_explicit(&replies[status], memory_order_relaxed);
}

static void put_text(buf *b, const char *text) { buf_put(b, text, strlen(text)); }

static bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

static void put_head(buf *b, int status, const http_header *headers, size_t count, size_t length,
                     const char *connection) {
    char line[96];
    if (status >= 100 && status <= 599) atomic_fetch_add_explicit(&replies[status], 1, memory_order_relaxed);
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
    put_text(b, line);
    for (size_t i = 0; i < count; i++) {
        buf_put(b, headers[i].name.p, headers[i].name.n);
        buf_put(b, ": ", 2);
        buf_put(b, headers[i].value.p, headers[i].value.n);
        buf_put(b, "\r\n", 2);
    }
    if (has_body(status)) {
        snprintf(line, sizeof line, "content-length: %zu\r\n", length);
        put_text(b, line);
    }
    put_text(b, date_line());
    put_text(b, connection);
    buf_put(b, "\r\n", 2);
}

void http_write_refusal(stream *s, int status) {
    buf b = {0};
    char text[64];
    int n = snprintf(text, sizeof text, "%s\n", http_status_text(status));
    http_header type = {HTTP_TEXT("content-type"), HTTP_TEXT("text/plain; charset=utf-8")};
    put_head(&b, status, &type, 1, (size_t)n, "connection: close\r\n");
    buf_put(&b, text, (size_t)n);
    if (!b.failed) stream_write(s, buf_bytes(&b));
    buf_free(&b);
}

static int check_headers(const http_header *headers, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!http_is_token(headers[i].name) || !http_is_value(headers[i].value)) return E_ARGUMENT;
    return 0;
}

http_connection *http_connection_of(const http_request *r) {
    http_connection **at = slab_get(&stream_loop(r->stream)->requests, r->id);
    return *at;
}

static int reply(http_request *r, int status, const http_header *headers, size_t count, bytes body,
                 shared *by_reference) {
    if (!r) return E_STALE;
    if (status < 200 || status > 599 || check_headers(headers, count) < 0) return E_ARGUMENT;
    http_connection *c = http_connection_of(r);
    const http_message *m = (const http_message *)(c->box + 1);
    bool keep = r->keep_alive;
    const char *connection = !keep                       ? "connection: close\r\n"
                             : m->parser.http_minor == 0 ? "connection: keep-alive\r\n"
                                                         : "";
    size_t length = by_reference ? by_reference->n : body.n;
    buf b = {0};
    put_head(&b, status, headers, count, length, connection);
    if (b.failed) {
        stream_abort(c->s, E_MEMORY);
    } else if (r->head || !has_body(status)) {
        stream_write(c->s, buf_bytes(&b));
    } else if (by_reference) {
        stream_write_shared(c->s, buf_bytes(&b), by_reference);
    } else {
        stream_write(c->s, buf_bytes(&b));
        stream_write(c->s, body);
    }
    buf_free(&b);
    http_finished(c, keep);
    return 0;
}

int http_reply(http_request *r, int status, const http_header *headers, size_t count, bytes body) {
    return reply(r, status, headers, count, body, NULL);
}

int http_reply_shared(http_request *r, int status, const http_header *headers, size_t count, shared *body) {
    return reply(r, status, headers, count, (bytes){0}, body);
}

bytes http_request_header(const http_request *r, const char *lower_name) {
    return http_message_header(r->headers, r->header_count, lower_name, NULL);
}

bool http_has_token(bytes list, const char *token) {
    size_t n = strlen(token), at = 0;
    while (at < list.n) {
        size_t from = at;
        while (at < list.n && list.p[at] != ',') at++;
        size_t to = at++;
        while (from < to && (list.p[from] == ' ' || list.p[from] == '\t')) from++;
        while (to > from && (list.p[to - 1] == ' ' || list.p[to - 1] == '\t')) to--;
        if (to - from == n && strncasecmp((const char *)list.p + from, token, n) == 0) return true;
    }
    return false;
}
