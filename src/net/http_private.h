/* http_private.h: a connection of the HTTP server, for http.c and http_reply.c. */
#ifndef NET_HTTP_PRIVATE_H
#define NET_HTTP_PRIVATE_H

#include "net/http_head.h"

/* What the user sees of a request, directly in front of the http_message it was read from. */
typedef struct request_box {
    http_request request;
} request_box;

typedef struct http_connection {
    stream *s;
    loop *loop;
    const http_config *config;
    request_box *box; /* NULL between requests */
    http_scan scan;
    enum { WAITS_HEAD, WAITS_BODY, IS_BUSY, IS_DONE } state;
    uint8_t blank_lines;
    bool begun; /* a byte of the head has come */
    bool in_data, ended, flooded, handed_over;
} http_connection;

void http_finished(http_connection *c, bool keep_alive);
void http_write_refusal(stream *s, int status);
/* `in`: what was being read when it was refused. For base/malformed.h. */
void http_note_malformed(const http_connection *c, bytes in, int status);
http_connection *http_connection_of(const http_request *r);

#endif
