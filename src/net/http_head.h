/* http_head.h: the head of an HTTP message: where it ends, whether it is clean, and its parts. Inside net/ only.
 *
 * Two readers must agree on every head: http_scan, ours, which refuses whatever two programs might read differently,
 * and llhttp, which gives the parts. So both llhttp 8 and 9 behave the same here, whatever they tolerate. */
#ifndef NET_HTTP_HEAD_H
#define NET_HTTP_HEAD_H

#include <llhttp.h>

#include "net/private.h"

#define HTTP_MAX_LINE 8192 /* request line; longer: 414 */

typedef struct http_scan {
    uint32_t at;    /* bytes looked at */
    uint32_t line;  /* where the current line began */
    uint32_t lines; /* lines before it */
} http_scan;

/* Goes on where it stopped, over a head that begins at in.p[0]. Length of the whole head with its empty line; 0 when
 * more is needed; or a negated status: -400 a bare CR or LF, a control character, a folded line, no colon, a blank
 * before it; -414, -431 too long or too many. */
int http_scan_head(http_scan *scan, bytes in, size_t max_head, size_t max_headers);

/* A message on its way in. One allocation holds it, its header list and its own copy of the head. */
typedef struct http_message {
    llhttp_t parser; /* first: llhttp hands back a pointer to it */
    http_header *headers;
    size_t header_count, header_room;
    bytes target;
    buf body;
    size_t max_body, wire; /* wire: body bytes as they came, with their chunk frames */
    uint32_t last_wire;    /* the last four of them */
    int status;            /* why it failed: an HTTP status */
    bool head_done, complete, too_large, chunked, failed, response;
    size_t head_length;
    char *head;
} http_message;

/* `type` is HTTP_REQUEST or HTTP_RESPONSE. `extra` bytes in front of the message belong to the caller: the result
 * points behind them. NULL when out of memory. */
http_message *http_message_new(llhttp_type_t type, bytes head, const http_scan *scan, size_t extra);
void http_message_free(http_message *m, size_t extra);

int http_message_head(http_message *m);           /* 0, or a negated status; then the headers are there, lower-case */
int http_message_body(http_message *m, bytes in); /* bytes consumed (all, unless complete), or a negated status */
int http_message_end(http_message *m);            /* responses: the peer closed. 0 where that ends the body */
bytes http_message_header(const http_header *headers, size_t count, const char *lower_name, size_t *times);

bool http_is_token(bytes name);
bool http_is_value(bytes value); /* no control characters but tab */

#endif
