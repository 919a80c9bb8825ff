/* http_file.h: which part of a file answers a request: conditions and ranges (RFC 9110 §13, §14). Pure.
 *
 *     http_file_view v = {.etag = "\"9f…\"", .modified = 1700000000, .size = 329856};
 *     http_file_part part;
 *     switch (http_file_choose(r, &v, &part)) { case 206: send part.n bytes from part.from; … }
 *
 * A single range is served; several at once get the whole, as the standard allows. */
#ifndef NET_HTTP_FILE_H
#define NET_HTTP_FILE_H

#include "net/http.h"

typedef struct http_file_view {
    const char *etag; /* strong, with its quotation marks */
    int64_t modified; /* unix seconds */
    size_t size;
} http_file_view;

typedef struct http_file_part {
    size_t from, n;
} http_file_part;

/* 200 (part: all), 206, 304, 412 or 416 (part: nothing). For GET and HEAD; a range counts for GET only. */
int http_file_choose(const http_request *r, const http_file_view *v, http_file_part *part);

#define HTTP_DATE_ROOM 32
void http_date_write(int64_t unix_seconds, char text[HTTP_DATE_ROOM]); /* "Sun, 06 Nov 1994 08:49:37 GMT" */
bool http_date_read(bytes text, int64_t *unix_seconds);                /* any of the three forms of RFC 9110 §5.6.7 */

#endif
