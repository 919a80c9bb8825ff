/* net.h: mu.listen: the doors of this server, as the running generation declares them.
 *
 * A listener declared by a new generation is bound while that generation is checked, so that a port that is taken
 * refuses the generation with one sentence (at first start: ends the start). At the swap new doors open, doors that
 * are not declared any more close, and a door whose address and port stay is kept, connections and all. */
#ifndef BIND_NET_H
#define BIND_NET_H

#include "net/listener.h"
#include "script/module.h"

struct server;

extern const script_module module_net;

/* What becomes of a connection whose first bytes are frames; HTTP goes to http_door_accept. Set once, before the first
 * generation. Without it such connections are closed. */
void net_serve_frames(void (*accept)(stream *s));

/* Every open door: for metrics. Loop thread. */
void net_each_door(void (*tell)(void *ctx, const char *name, uint32_t connections), void *ctx);

void net_close_doors(struct server *s); /* no new connections; those there stay */

#endif
