/* metrics.h: GET /metrics: what the server counts, as an OpenMetrics page, on listeners of its own (metrics = true).
 *
 * The page is made on the loop thread when somebody asks for it, from numbers that are kept anyway: under a
 * millisecond. Names begin with murelay_, those of the process with process_, as the conventions of the format have it.
 */
#ifndef BIND_METRICS_H
#define BIND_METRICS_H

#include "base/metrics.h"
#include "bind/server.h"
#include "net/stream.h"

void metrics_accept(server *s, stream *connection);   /* serves /metrics on it */
void metrics_write(const server *s, metrics_page *p); /* the whole page */

#endif
