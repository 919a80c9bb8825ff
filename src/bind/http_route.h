/* http_route.h: paths and endpoints: "/api/players/{id}/data" against "/api/players/7/data".
 *
 * Fixed text beats a parameter, segment by segment from the left; one trailing slash and repeated slashes at the
 * beginning do not matter; parameters are percent-decoded (reference 03 §1.2). A last part "{name...}" takes all that
 * is left, slashes included, at least one part; anything longer or more exact beats it. Pure. */
#ifndef BIND_HTTP_ROUTE_H
#define BIND_HTTP_ROUTE_H

#include "base/bytes.h"
#include "base/fault.h"

#define HTTP_SEGMENTS 16
#define HTTP_METHODS  8

enum http_method {
    METHOD_GET,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_PATCH,
    METHOD_OPTIONS,
    METHOD_HEAD,
    METHOD_COUNT
};

extern const char *const http_method_names[METHOD_COUNT]; /* "GET", … */
int http_method_of(const char *name);                     /* or -1 */

typedef struct http_segment {
    char *text; /* fixed text, or the parameter's name */
    size_t n;
    bool parameter;
    bool rest; /* a parameter that takes all that is left of the path */
} http_segment;

/* One path with its endpoints, one a method. */
typedef struct http_path {
    char *text;
    http_segment segments[HTTP_SEGMENTS];
    int count;
    void *endpoint[METHOD_COUNT]; /* the caller's */
} http_path;

typedef struct http_routes {
    http_path **paths;
    size_t count, room;
} http_routes;

/* The path as declared, made when new. NULL and a sentence when it is malformed or out of memory. */
http_path *http_routes_add(http_routes *r, const char *text, fault *f);
void http_routes_free(http_routes *r);

typedef struct http_match {
    const http_path *path;
    bytes
        values[HTTP_SEGMENTS]; /* raw, of path->segments that are parameters, at the same index; a last slash is gone */
} http_match;

bool http_routes_find(const http_routes *r, bytes path, http_match *match);

/* "a%20b+c" → "a b c" (plus only where `plus`). `to` has room for in.n bytes; returns the length. What is no escape
 * stays as it is. */
size_t http_decode(bytes in, bool plus, char *to);

#endif
