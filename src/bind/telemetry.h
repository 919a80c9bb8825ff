/* telemetry.h: what games report about themselves, for scripts: the listener that `mu.listen { telemetry = true }`
 * opens, and mu.telemetry.events.
 *
 * A message becomes the event "telemetry_message": where it came from and its lines, TLM3 in plain text. What the lines
 * mean is scripts' matter (services/telemetry.lua). Bounded: a message is 64 KiB at most, MESSAGES_AT_ONCE wait for
 * scripts, what comes meanwhile is counted and dropped. Reference 04 §10, 05 B.10. */
#ifndef BIND_TELEMETRY_H
#define BIND_TELEMETRY_H

#include "net/stream.h"
#include "script/module.h"

struct server;

extern const script_module module_telemetry;

void telemetry_accept(struct server *s, stream *connection); /* of a telemetry listener */

#endif
