/* http_private.h: what http.c (declarations) and http_request.c (requests) share. */
#ifndef BIND_HTTP_PRIVATE_H
#define BIND_HTTP_PRIVATE_H

#include "bind/http.h"
#include "bind/http_route.h"
#include "bind/slots.h"

#define HTTP_BODY_MAX ((size_t)2 << 20) /* where an endpoint does not say (reference 03 §1.1) */

/* One method of one path: what a script declared. */
typedef struct http_endpoint {
    struct http_endpoint *next;
    int handler; /* generation_ref */
    size_t max_body;
    struct route_stats *stats; /* NULL until the first request */
    char what[];               /* "GET /api/server", for log lines */
} http_endpoint;

/* A generation's table. */
typedef struct http_table {
    http_routes routes;
    http_endpoint *all;
    int64_t head_us, body_us, idle_us; /* the settings limits.http_…_seconds; 0 = as net/http.h has it */
} http_table;

void http_door_limits(const http_table *t); /* from now on */

static inline const http_table *http_table_of(const generation *g) { return g ? g->slots[SLOT_HTTP] : NULL; }

/* mu.upgrade's value: a userdata of this type with the fields table (or nil) as its user value. */
#define HTTP_UPGRADE_TYPE "upgrade"
typedef struct http_upgrade_value {
    const char *protocol;
    http_upgrade_accept accept;
} http_upgrade_value;

#endif
