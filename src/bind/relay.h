/* relay.h: mu.relay: game datagrams between players who cannot reach each other, and the game's probes.
 *
 *     relay.c          mu.relay.listen, .pool, .wake, .report, .counts; the event "tunnels"
 *     relay_doors.c    UDP doors, as the running generation declares them
 *     relay_http.c     mu.upgrade("tunnel", { association = id }): a tunnel inside an HTTP connection
 *     relay_metrics.c  its chapter of /metrics
 *
 * The relay is a thread of its own (relay/relay.h). One a process; a program that only connects has none. */
#ifndef BIND_RELAY_H
#define BIND_RELAY_H

#include "base/metrics.h"
#include "bind/server.h"
#include "relay/relay.h"
#include "script/module.h"

extern const script_module module_relay;

int relay_bind_start(server *s, fault *f); /* once, before the first generation */
void relay_bind_stop(server *s);           /* while the loop still runs its last posts */

void relay_http_frames(void *ctx, uint64_t link, bytes frames); /* for HTTP tunnels, as they go on the wire */
void relay_http_ended(server *s, uint64_t link);
void relay_http_start(server *s);

int relay_doors_open(generation *g, lua_State *L); /* installs mu.relay.listen and mu.relay.port */
int relay_doors_check(generation *g);
void relay_doors_enter(generation *g);
void relay_doors_close(generation *g);

/* "00112233-4455-…" → 16 bytes; false for anything else. */
bool relay_uuid_read(const char *text, size_t n, uint8_t out[ROUTER_UUID]);
void relay_uuid_write(const uint8_t uuid[ROUTER_UUID], char text[37]);

void relay_write_metrics(const server *s, metrics_page *p);

#endif
