/* http.h: the server's side of HTTP/1.1 on a stream.
 *
 *     static void on_request(void *ctx, http_request *r) {
 *         http_reply(r, 200, &(http_header){HTTP_TEXT("content-type"), HTTP_TEXT("text/plain")}, 1, HTTP_TEXT("hi\n"));
 *     }
 *     http_config c = {.request = on_request, .ctx = server};      // must outlive the connections
 *     http_accept(s, &c);
 *
 * Keep-alive and pipelining (one request at a time, order kept), Expect: 100-continue, HEAD (the body is left out, its
 * length is not), limits and timeouts. What is malformed, ambiguous (two lengths, length and chunked, folded or bare-LF
 * lines, NUL) or too large is answered with the right 4xx or 5xx and the connection closed: nothing of it reaches
 * `request` (reference 03 §1.1, §11.29). Routing, 404 and 405 are the caller's. Loop thread only. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "net/stream.h"

typedef struct http_header {
    bytes name, value; /* received names are lower-case, values trimmed; neither holds CR, LF or NUL */
} http_header;

#define HTTP_TEXT(literal) ((bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* One request, read whole. Valid until replied to, upgraded, or its peer is gone; keep `id`, not the pointer. */
typedef struct http_request {
    handle id; /* http_request_find */
    stream *stream;
    const char *method;         /* "GET", static */
    bytes target;               /* as sent: path, "?" and query. Absolute form ("http://h/p") is reduced to its path */
    bytes path, query;          /* raw, still percent-encoded; query without the "?" */
    const http_header *headers; /* in order; each of the bytes is followed by a NUL */
    size_t header_count;
    bytes body;
    bool head;       /* method is HEAD */
    bool keep_alive; /* the connection may serve another request */
    bool upgrade;    /* asks for an upgrade: an Upgrade header, HTTP/1.1, and Connection either names it or is absent */
    void *ctx;       /* of the config */
    void *user;      /* the caller's own */
} http_request;

typedef struct http_config {
    void (*request)(void *ctx, http_request *r); /* answer now or later, exactly once */
    void (*gone)(void *ctx, handle id); /* optional: the peer goes before the answer; id finds the request once more */
    /* Optional: the most bytes of body this request may have, asked when its head is read (body still empty). */
    size_t (*body_limit)(void *ctx, const http_request *r);
    void *ctx;
    size_t max_head, max_headers, max_body; /* 0 = 16 KiB, 100, 2 MiB */
    int64_t head_us, body_us, idle_us;      /* 0 = 10 s, 30 s, 60 s: whole head, whole body, between requests */
} http_config;

void http_accept(stream *s, const http_config *config); /* takes the stream's handler */

/* Answer. content-length and connection are added; the header names given are sent as they are. Headers with CR, LF or
 * NUL are refused (E_ARGUMENT, nothing sent). `body` is copied; the shared form sends by reference and takes no
 * ownership. 0, or E_STALE when r was NULL (so that http_reply(http_request_find(…)) needs no check). */
int http_reply(http_request *r, int status, const http_header *headers, size_t count, bytes body);
int http_reply_shared(http_request *r, int status, const http_header *headers, size_t count, shared *body);

/* Writes "101 Switching Protocols" for `protocol` and lets go of the stream: set a handler at once; bytes that came
 * early go to it. NULL when r is NULL or asked for no upgrade. No HTTP timeout applies any more. */
stream *http_upgrade(http_request *r, const char *protocol);

http_request *http_request_find(loop *l, handle id);                      /* NULL when answered or gone */
bytes http_request_header(const http_request *r, const char *lower_name); /* first of that name; p NULL when absent */
bool http_has_token(bytes list, const char *token); /* "keep-alive, Upgrade" has "upgrade", case ignored */
uint64_t http_replies(int status);                  /* sent so far, by any connection of the process; 100 … 599 */
const char *http_status_text(int status);           /* "Not Found"; "Unknown" for what has no name */

#endif
